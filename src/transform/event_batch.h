#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "event/event.h"

namespace holdfast::transform {

using InputEvent = event::Consumed;

/// Consumed events that belong together, with their bytes: keys and values are copied into blocks
/// that never move, texts that repeat (source, type, topic, content type) are kept once. Behind
/// every value at least `padding` bytes may be read, which the JSON parser needs. Threads: filled
/// by one thread, then handed over whole.
class EventBatch {
 public:
  static constexpr size_t padding = 64;

  void add(const event::Event& event, const event::Origin& origin);
  std::span<const InputEvent> events() const { return events_; }
  size_t size() const { return events_.size(); }
  bool empty() const { return events_.empty(); }
  /// Keys and values in bytes.
  size_t bytes() const { return bytes_; }
  /// Forgets the events, keeps up to 32 MiB of memory for the next ones.
  void clear();

 private:
  struct Block {
    std::unique_ptr<char[]> bytes;
    size_t size = 0;
  };
  std::string_view keep(std::string_view text);
  std::string_view intern(std::string_view text, std::string_view& last);
  char* room(size_t bytes);

  std::vector<InputEvent> events_;
  std::vector<Block> blocks_;
  size_t block_ = 0;  // the one being filled
  size_t used_ = 0;   // of it
  size_t bytes_ = 0;
  std::set<std::string, std::less<>> names_;
  std::string_view last_source_, last_type_, last_content_type_, last_topic_;
};

}  // namespace holdfast::transform
