// How one refused event is found among those that were sent together with it.
#include <algorithm>
#include <fmt/core.h>
#include <utility>

#include "base/log_line.h"
#include "pipeline/ship_lane.h"

namespace holdfast::pipeline {

Result<uint64_t> ShipLane::send_singly(kafka::Producer& producer, int timeout_ms) {
  uint64_t refused = 0;
  while (suspicious()) {
    // At least one batch comes back, whatever its size.
    const auto batches = HOLDFAST_TRY(spool_.read(route_.source, next_batch_, 1));
    if (batches.empty()) break;
    refused += HOLDFAST_TRY(send_one_by_one(producer, batches.front(), timeout_ms));
  }
  return refused;
}

Result<uint64_t> ShipLane::send_one_by_one(kafka::Producer& producer,
                                           const spool::StoredBatch& batch, int timeout_ms) {
  refusals_.clear();
  HOLDFAST_CHECKED(send_batch(producer, batch, Tokens::of_message));
  HOLDFAST_CHECKED(await_answers(producer, batch.number, timeout_ms));
  const uint64_t refused = refusals_.size();
  if (refused > 0) HOLDFAST_CHECKED(send_refused(producer, batch, timeout_ms));
  settle();
  return refused;
}

/// The client itself refuses what is larger than any broker may take.
Status ShipLane::took(Tokens tokens, uint64_t message, Status sent) {
  if (sent || tokens == Tokens::of_batch || sent.error().code != ErrorCode::invalid) return sent;
  refusals_.push_back({message, std::move(sent.error().message)});
  return {};
}

Status ShipLane::await_answers(kafka::Producer& producer, int64_t batch_number, int timeout_ms) {
  Status outcome;
  for (const kafka::Delivery& delivery : producer.flush(timeout_ms)) {
    switch (delivery.outcome) {
      case kafka::DeliveryOutcome::rejected:
        refusals_.push_back({delivery.token, delivery.cause});
        [[fallthrough]];
      case kafka::DeliveryOutcome::delivered:
        arrived(batch_number);
        break;
      case kafka::DeliveryOutcome::unavailable:
      case kafka::DeliveryOutcome::unknown:
        outcome =
            fail(ErrorCode::unknown_outcome, fmt::format("source {}: {}", name_, delivery.cause));
    }
  }
  if (outcome && producer.in_flight() > 0)
    return fail(ErrorCode::timeout, fmt::format("source {}: no answer from Kafka", name_));
  return outcome;
}

/// What Kafka refuses is kept in the failure queue, durably, before the batch counts as shipped.
Status ShipLane::send_refused(kafka::Producer& producer, const spool::StoredBatch& batch,
                              int timeout_ms) {
  const std::vector<Refusal> refusals = std::exchange(refusals_, {});
  uint64_t message = 0;
  uint64_t found = 0;
  event::Event event;
  for (spool::BatchView::Events events(batch.view, name_); events.next(event); ++message) {
    const auto refusal = std::find_if(refusals.begin(), refusals.end(),
                                      [&](const Refusal& each) { return each.message == message; });
    if (refusal == refusals.end()) continue;
    ++found;
    const event::FailureRecord record{.kind = event::FailureKind::rejected,
                                      .stage = event::FailureStage::ship,
                                      .event = event,
                                      .store = route_.topic,
                                      .cause_code = "refused_by_kafka",
                                      .cause = refusal->cause,
                                      .first_failure_us = event.time_us,
                                      .last_failure_us = event.time_us,
                                      .attempts = 1,
                                      .origin = {},
                                      .file = {},
                                      .line = 0};
    HOLDFAST_CHECKED(send(producer, failures_topic_, partition_of(event, failure_partitions_),
                          event, failure_.format(record), message));
    log_warning("ship", "source {}: Kafka refuses event {} for topic {} ({}); it is in {}", name_,
                event.stamp.sequence, route_.topic, refusal->cause, failures_topic_);
  }
  HOLDFAST_CHECKED(await_answers(producer, batch.number, timeout_ms));
  if (found == refusals.size() && refusals_.empty()) return {};
  return fail(ErrorCode::invalid,
              fmt::format("source {}: topic {} refuses what it is there to keep; raise its "
                          "max.message.bytes",
                          name_, failures_topic_));
}

}  // namespace holdfast::pipeline
