#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "event/event.h"
#include "event/failure_record.h"
#include "event/header.h"
#include "kafka/consumer.h"

namespace holdfast::kafka {

/// Kafka's bytes as text, and text as Kafka's bytes; null stays null.
inline std::optional<std::string_view> text_of(const std::optional<ByteView>& bytes) {
  if (!bytes) return {};
  return as_text(*bytes);
}
inline std::optional<ByteView> bytes_of(const std::optional<std::string_view>& text) {
  if (!text) return {};
  return as_bytes(*text);
}

/// Reads events and failure records out of messages. What it answers points into the message, and
/// `headers` also into this reader, until the next call.
///
/// Threads: one at a time.
class EventReader {
 public:
  event::Headers headers(const Message& message);
  /// `invalid` when the message is no event of ours.
  Result<event::Event> event(const Message& message);
  /// `invalid` when it is no failure record.
  Result<event::FailureRecord> failure(const Message& message);

 private:
  std::vector<HeaderView> raw_;
  std::vector<event::Header> headers_;
};

}  // namespace holdfast::kafka
