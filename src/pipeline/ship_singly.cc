// How one refused event is found among those that were sent together with it.
#include <algorithm>
#include <fmt/core.h>
#include <utility>

#include "base/log_line.h"
#include "base/os/clock.h"
#include "pipeline/ship_lane.h"

namespace holdfast::pipeline {
namespace {

constexpr uint64_t part_messages = 64;  // in one transaction: what a refusal makes us send again
constexpr int poll_ms = 50;

std::unexpected<Error> failed(std::string_view source, const kafka::TransactionStep& step) {
  return fail(ErrorCode::unknown_outcome,
              fmt::format("source {}: {} ({})", source, step.why, kafka::name(step.outcome)));
}

}  // namespace

Result<uint64_t> ShipLane::send_singly(kafka::Producer& producer, int timeout_ms) {
  uint64_t refused = 0;
  while (suspicious()) {
    // At least one batch comes back, whatever its size.
    const auto batches = HOLDFAST_TRY(spool_.read(route_.source, next_batch_, 1));
    if (batches.empty()) break;
    HOLDFAST_CHECKED(send_carefully(producer, batches.front(), timeout_ms));
    refused += refusals_.size();
  }
  return refused;
}

Status ShipLane::send_carefully(kafka::Producer& producer, const spool::StoredBatch& batch,
                                int timeout_ms) {
  refusals_.clear();
  singly_ = batch.view.header();
  pins_.push_back(batch.pin);
  const uint64_t messages = uint64_t{singly_.events} + singly_.rejected;
  for (Part part{batch, 0, 0}; part.from < messages; part.from = part.to) {
    part.to = std::min(part.from + part_messages, messages);
    while (!HOLDFAST_TRY(try_part(producer, part, timeout_ms))) {
    }
  }
  note_sent(batch);
  settle();
  return {};
}

/// One transaction. False when something more in it was refused: nothing of it counts then, and the
/// next attempt puts that into the failure topic. So there are at most as many attempts as
/// messages.
Result<bool> ShipLane::try_part(kafka::Producer& producer, const Part& part, int timeout_ms) {
  const size_t refusals_before = refusals_.size();
  if (const auto begun = producer.begin_transaction(); !begun.done()) return failed(name_, begun);
  HOLDFAST_CHECKED(send_part(producer, part));
  HOLDFAST_CHECKED(await_answers(producer, refusals_before, timeout_ms));
  if (refusals_.size() == refusals_before) {
    if (const auto step = producer.commit_transaction(timeout_ms); !step.done())
      return failed(name_, step);
    return true;
  }
  if (const auto step = producer.abort_transaction(timeout_ms); !step.done())
    return failed(name_, step);
  static_cast<void>(producer.poll(0));  // what the abort took back
  return false;
}

Status ShipLane::send_part(kafka::Producer& producer, const Part& part) {
  uint64_t message = 0;
  const auto in_part = [&] { return message >= part.from && message < part.to; };
  event::Event event;
  for (spool::BatchView::Events events(part.batch.view, name_); events.next(event); ++message) {
    if (!in_part() || shipped_events_.contains(event.stamp.sequence)) continue;
    const Refusal* refusal = refusal_of(message);
    const Status sent = refusal == nullptr ? send_event(producer, event, message)
                                           : send_refused(producer, event, *refusal);
    // The client itself refuses what is larger than any broker may take.
    if (!sent && sent.error().code == ErrorCode::invalid)
      HOLDFAST_CHECKED(refused(message, sent.error().message));
    else
      HOLDFAST_CHECKED(sent);
  }
  spool::BatchView::RejectedEvent rejected;
  for (spool::BatchView::RejectedEvents pieces(part.batch.view, rejected_stream_);
       pieces.next(rejected); ++message) {
    if (!in_part() || shipped_rejected_.contains(rejected.event.stamp.sequence)) continue;
    HOLDFAST_CHECKED(send_rejected(producer, rejected, message));
  }
  return {};
}

/// Until all have been answered, or one was refused: then the client sends no more of this
/// transaction.
Status ShipLane::await_answers(kafka::Producer& producer, size_t refusals_before, int timeout_ms) {
  const int64_t until = os::real_clock().steady_ms() + timeout_ms;
  while (producer.in_flight() > 0 && refusals_.size() == refusals_before) {
    Status outcome;
    for (const kafka::Delivery& delivery : producer.poll(poll_ms)) {
      if (delivery.outcome == kafka::DeliveryOutcome::rejected)
        HOLDFAST_CHECKED(refused(delivery.token, delivery.cause));
      else if (delivery.outcome != kafka::DeliveryOutcome::delivered)
        outcome =
            fail(ErrorCode::unknown_outcome, fmt::format("source {}: {}", name_, delivery.cause));
    }
    if (refusals_.size() == refusals_before) HOLDFAST_CHECKED(outcome);
    if (os::real_clock().steady_ms() >= until)
      return fail(ErrorCode::timeout, fmt::format("source {}: no answer from Kafka", name_));
  }
  return {};
}

const ShipLane::Refusal* ShipLane::refusal_of(uint64_t message) const {
  const auto found = std::ranges::find(refusals_, message, &Refusal::message);
  return found == refusals_.end() ? nullptr : &*found;
}

/// An event is refused by its topic; a second refusal, or one of a rejected piece, is the failure
/// topic's.
Status ShipLane::refused(uint64_t message, std::string cause) {
  if (refusal_of(message) != nullptr || message >= singly_.events) {
    return fail(ErrorCode::invalid,
                fmt::format("source {}: topic {} refuses what it is there to keep; raise its "
                            "max.message.bytes",
                            name_, failures_topic_));
  }
  log_warning("ship", "source {}: Kafka refuses event {} for topic {} ({}); it goes to {}", name_,
              singly_.first_sequence + static_cast<int64_t>(message), route_.topic, cause,
              failures_topic_);
  refusals_.push_back({message, std::move(cause)});
  return {};
}

/// What Kafka refuses is kept in the failure queue, durably, before the batch counts as shipped.
Status ShipLane::send_refused(kafka::Producer& producer, const event::Event& event,
                              const Refusal& refusal) {
  const event::FailureRecord record{.kind = event::FailureKind::rejected,
                                    .stage = event::FailureStage::ship,
                                    .event = event,
                                    .store = route_.topic,
                                    .cause_code = "refused_by_kafka",
                                    .cause = refusal.cause,
                                    .first_failure_us = event.time_us,
                                    .last_failure_us = event.time_us,
                                    .attempts = 1,
                                    .origin = {},
                                    .file = {},
                                    .line = 0};
  return send_message(producer, failures_topic_, partition_of(event, failure_partitions_), event,
                      failure_.format(record), refusal.message);
}

}  // namespace holdfast::pipeline
