#include "pipeline/decode.h"

#include "event/cloud_event.h"

namespace holdfast::pipeline {

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
  event.key = kafka::text_of(message.key);
  event.value = kafka::text_of(message.value);
  return event;
}

void Decoder::decode(const kafka::Message& message, Decoded& to) {
  const event::Headers headers = reader_.headers(message);
  const event::Origin origin{message.topic, message.partition, message.offset};
  if (!event::is_stamped(headers)) return to.events.add(by_place(message), origin);
  const Result<event::Event> event =
      event::parse_event(headers, kafka::text_of(message.key), kafka::text_of(message.value));
  if (event) return to.events.add(*event, origin);
  to.unreadable.add(by_place(message), origin);
  to.reasons.push_back(event.error().message);
}

}  // namespace holdfast::pipeline
