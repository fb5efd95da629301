#include "kafka/events/event_reader.h"

#include "event/cloud_event.h"

namespace holdfast::kafka {

event::Headers EventReader::headers(const Message& message) {
  message.read_headers(raw_);
  headers_.clear();
  for (const HeaderView& header : raw_) headers_.push_back({header.name, text_of(header.value)});
  return headers_;
}

Result<event::Event> EventReader::event(const Message& message) {
  return event::parse_event(headers(message), text_of(message.key), text_of(message.value));
}

Result<event::FailureRecord> EventReader::failure(const Message& message) {
  return event::parse_failure(headers(message), text_of(message.key), text_of(message.value));
}

}  // namespace holdfast::kafka
