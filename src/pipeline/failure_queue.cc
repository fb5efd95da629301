#include "pipeline/failure_queue.h"

#include <algorithm>

#include "base/fault.h"
#include "base/log_line.h"
#include "base/os/clock.h"
#include "base/saturating.h"
#include "kafka/admin.h"
#include "kafka/events/event_reader.h"

namespace holdfast::pipeline {
namespace {

constexpr int request_timeout_ms = 10'000;
constexpr int32_t record_bytes_max = 100 << 20;  // what a broker takes in one request by default

/// What is left until then, at most `most`.
int left_ms(int64_t until_ms, int64_t most) {
  return static_cast<int>(std::clamp<int64_t>(until_ms - os::real_clock().steady_ms(), 1, most));
}

bool is_over(int64_t until_ms) {
  return os::real_clock().steady_ms() >= until_ms;
}

}  // namespace

Status FailureQueue::open(int64_t until_ms) {
  if (producer_ && !producer_->fatal()) return {};
  producer_.reset();
  if (settings_.failure_topic.empty())
    return fail(ErrorCode::invalid,
                "pipeline " + settings_.name + " has no failure topic, and an event was refused");
  auto admin = HOLDFAST_TRY(kafka::Admin::create(settings_.kafka));
  // What failed is kept until somebody drops it, however long that takes. A new cluster may refuse
  // the default of one replica by policy; a topic that exists is taken as it is.
  HOLDFAST_CHECKED(
      admin->ensure_topic({.name = settings_.failure_topic,
                           .configs = {{"max.message.bytes", std::to_string(record_bytes_max)},
                                       {"retention.ms", "-1"}}},
                          left_ms(until_ms, request_timeout_ms)));
  // Of an outage, each record's headers say nearly the same.
  producer_ = HOLDFAST_TRY(kafka::Producer::create(
      settings_.kafka, {.message_bytes_max = record_bytes_max, .compression = "lz4"}));
  return {};
}

Result<size_t> FailureQueue::send(const At& at, std::vector<bool>& delivered, int64_t until_ms) {
  HOLDFAST_CHECKED(open(until_ms));
  Status refused;
  const auto note = [&](std::span<const kafka::Delivery> deliveries) {
    for (const kafka::Delivery& delivery : deliveries) {
      delivered[delivery.token] = delivery.outcome == kafka::DeliveryOutcome::delivered;
      if (delivery.outcome == kafka::DeliveryOutcome::rejected)
        refused = fail(ErrorCode::invalid, "topic " + settings_.failure_topic +
                                               " refuses a failure record: " + delivery.cause);
    }
  };
  for (size_t i = 0; i < delivered.size(); ++i) {
    if (delivered[i]) continue;
    const Message message = at(i);
    headers_.clear();
    for (const event::Header& header : message.headers)
      headers_.push_back({header.name, kafka::bytes_of(header.value)});
    const kafka::OutMessage out{.key = kafka::bytes_of(message.key),
                                .value = kafka::bytes_of(message.value),
                                .headers = headers_,
                                .token = i};
    Status sent = producer_->send(settings_.failure_topic, out);
    while (!sent && sent.error().code == ErrorCode::limit && !stop_.raised() &&
           !is_over(until_ms)) {
      note(producer_->poll(100));
      sent = producer_->send(settings_.failure_topic, out);
    }
    if (!sent) {
      note(producer_->flush(left_ms(until_ms, request_timeout_ms)));
      return std::unexpected(sent.error());
    }
  }
  while (producer_->in_flight() > 0 && !stop_.raised() && !is_over(until_ms))
    note(producer_->flush(left_ms(until_ms, 1'000)));
  // What is still under way must not come later, when it is somewhere else already.
  if (producer_->in_flight() > 0) producer_.reset();
  HOLDFAST_CHECKED(refused);
  return static_cast<size_t>(std::count(delivered.begin(), delivered.end(), false));
}

Status FailureQueue::put(std::span<const event::FailureRecord> records) {
  std::vector<bool> delivered;
  return put(records, delivered, INT64_MAX);
}

Status FailureQueue::put(std::span<const event::FailureRecord> records,
                         std::vector<bool>& delivered, int64_t give_up_ms) {
  delivered.assign(records.size(), false);
  const auto at = [&](size_t i) -> Message {
    return {records[i].event.key, records[i].event.value, formatter_.format(records[i])};
  };
  return put(at, delivered, give_up_ms);
}

Status FailureQueue::put(size_t count, const At& at) {
  std::vector<bool> delivered(count);
  return put(at, delivered, INT64_MAX);
}

Status FailureQueue::put(const At& at, std::vector<bool>& delivered, int64_t give_up_ms) {
  const int64_t until_ms = saturating_sum(os::real_clock().steady_ms(), give_up_ms);
  Backoff backoff(settings_.retry_first_ms, settings_.retry_max_ms);
  while (!stop_.raised()) {
    const Result<size_t> left = send(at, delivered, until_ms);
    if (left && *left == 0) {
      fault::point("deliver.after_failures");
      return {};
    }
    if (!left && left.error().code == ErrorCode::invalid) return std::unexpected(left.error());
    log_warning("pipeline", "{}: {} of {} events could not be put into {} yet{}", settings_.name,
                left ? *left : delivered.size(), delivered.size(), settings_.failure_topic,
                left ? "" : ": " + left.error().message);
    if (is_over(until_ms))
      return fail(ErrorCode::unavailable,
                  left ? "topic " + settings_.failure_topic + " does not answer in time"
                       : left.error().message);
    stop_.sleep(std::min<int64_t>(backoff.next_ms(), left_ms(until_ms, INT32_MAX)));
  }
  return fail(ErrorCode::interrupted, "asked to stop");
}

}  // namespace holdfast::pipeline
