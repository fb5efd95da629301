#include "pipeline/decode.h"

#include <optional>

#include "event/cloud_event.h"

namespace holdfast::pipeline {
namespace {

std::optional<std::string_view> text(const std::optional<ByteView>& bytes) {
  if (!bytes) return {};
  return as_text(*bytes);
}

}  // namespace

event::Event Decoder::by_place(const kafka::Message& message) {
  source_.assign("kafka:")
      .append(message.topic)
      .append("/")
      .append(std::to_string(message.partition));
  event::Event event;
  event.stamp = {source_, 0, message.offset};
  event.type = "kafka.record";
  event.time_us = message.timestamp_ms() * 1000;
  event.version = message.offset;
  event.key = text(message.key);
  event.value = text(message.value);
  return event;
}

void Decoder::decode(const kafka::Message& message, Decoded& to) {
  message.read_headers(raw_);
  headers_.clear();
  for (const kafka::HeaderView& header : raw_)
    headers_.push_back({header.name, text(header.value)});
  const event::Origin origin{message.topic, message.partition, message.offset};
  if (!event::is_stamped(headers_)) return to.events.add(by_place(message), origin);
  const Result<event::Event> event =
      event::parse_event(headers_, text(message.key), text(message.value));
  if (event) return to.events.add(*event, origin);
  to.unreadable.add(by_place(message), origin);
  to.reasons.push_back(event.error().message);
}

}  // namespace holdfast::pipeline
