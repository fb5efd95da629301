#include "pipeline/failure_queue.h"

#include "base/fault.h"
#include "base/log_line.h"
#include "kafka/admin.h"

namespace holdfast::pipeline {
namespace {

constexpr int request_timeout_ms = 10'000;
constexpr int32_t record_bytes_max = 100 << 20;  // what a broker takes in one request by default

std::optional<ByteView> bytes(const std::optional<std::string_view>& text) {
  if (!text) return {};
  return as_bytes(*text);
}

}  // namespace

Status FailureQueue::open() {
  if (producer_ && !producer_->fatal()) return {};
  producer_.reset();
  if (settings_.failure_topic.empty())
    return fail(ErrorCode::invalid,
                "pipeline " + settings_.name + " has no failure topic, and an event was refused");
  auto admin = HOLDFAST_TRY(kafka::Admin::create(settings_.kafka));
  // What failed is kept until somebody drops it, however long that takes. A new cluster may refuse
  // the default of one replica by policy; a topic that exists is taken as
  // it is.
  HOLDFAST_CHECKED(
      admin->ensure_topic({.name = settings_.failure_topic,
                           .configs = {{"max.message.bytes", std::to_string(record_bytes_max)},
                                       {"retention.ms", "-1"}}},
                          request_timeout_ms));
  // Of an outage, each record's headers say nearly the same.
  producer_ = HOLDFAST_TRY(kafka::Producer::create(
      settings_.kafka, {.message_bytes_max = record_bytes_max, .compression = "lz4"}));
  return {};
}

Result<size_t> FailureQueue::send(std::span<const event::FailureRecord> records,
                                  std::vector<bool>& delivered) {
  HOLDFAST_CHECKED(open());
  Status refused;
  const auto note = [&](std::span<const kafka::Delivery> deliveries) {
    for (const kafka::Delivery& delivery : deliveries) {
      delivered[delivery.token] = delivery.outcome == kafka::DeliveryOutcome::delivered;
      if (delivery.outcome == kafka::DeliveryOutcome::rejected)
        refused = fail(ErrorCode::invalid, "topic " + settings_.failure_topic +
                                               " refuses a failure record: " + delivery.cause);
    }
  };
  for (size_t i = 0; i < records.size(); ++i) {
    if (delivered[i]) continue;
    headers_.clear();
    for (const event::Header& header : formatter_.format(records[i]))
      headers_.push_back({header.name, bytes(header.value)});
    const kafka::OutMessage message{.key = bytes(records[i].event.key),
                                    .value = bytes(records[i].event.value),
                                    .headers = headers_,
                                    .token = i};
    Status sent = producer_->send(settings_.failure_topic, message);
    while (!sent && sent.error().code == ErrorCode::limit && !stop_.raised()) {
      note(producer_->poll(100));
      sent = producer_->send(settings_.failure_topic, message);
    }
    if (!sent) {
      note(producer_->flush(request_timeout_ms));
      return std::unexpected(sent.error());
    }
  }
  while (producer_->in_flight() > 0 && !stop_.raised()) note(producer_->flush(1'000));
  HOLDFAST_CHECKED(refused);
  return static_cast<size_t>(std::count(delivered.begin(), delivered.end(), false));
}

Status FailureQueue::put(std::span<const event::FailureRecord> records) {
  std::vector<bool> delivered(records.size());
  Backoff backoff(settings_.retry_first_ms, settings_.retry_max_ms);
  while (!stop_.raised()) {
    const Result<size_t> left = send(records, delivered);
    if (left && *left == 0) {
      fault::point("deliver.after_failures");
      return {};
    }
    if (!left && left.error().code == ErrorCode::invalid) return std::unexpected(left.error());
    log_warning("pipeline", "{}: {} of {} events could not be put into {} yet{}", settings_.name,
                left ? *left : records.size(), records.size(), settings_.failure_topic,
                left ? "" : ": " + left.error().message);
    stop_.sleep(backoff.next_ms());
  }
  return fail(ErrorCode::interrupted, "asked to stop");
}

}  // namespace holdfast::pipeline
