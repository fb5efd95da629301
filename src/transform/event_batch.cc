#include "transform/event_batch.h"

#include <algorithm>
#include <cstring>

namespace holdfast::transform {
namespace {
constexpr size_t block_bytes = 1 << 20;
constexpr size_t blocks_kept = 32;
constexpr size_t names_kept = 10'000;
}  // namespace

char* EventBatch::room(size_t bytes) {
  while (block_ < blocks_.size() && used_ + bytes + padding > blocks_[block_].size) {
    ++block_;
    used_ = 0;
  }
  if (block_ == blocks_.size()) {
    const size_t size = std::max(block_bytes, bytes + padding);
    // The bytes behind the last value are read (never used) by the JSON parser: they must have some
    // value.
    blocks_.push_back({std::make_unique<char[]>(size), size});
    used_ = 0;
  }
  char* place = blocks_[block_].bytes.get() + used_;
  used_ += bytes;
  bytes_ += bytes;
  return place;
}

std::string_view EventBatch::keep(std::string_view text) {
  char* place = room(text.size());
  if (!text.empty()) std::memcpy(place, text.data(), text.size());
  return {place, text.size()};
}

std::string_view EventBatch::intern(std::string_view text, std::string_view& last) {
  if (text == last) return last;
  auto found = names_.find(text);
  if (found == names_.end()) found = names_.emplace(text).first;
  return last = *found;
}

void EventBatch::add(const event::Event& event, const event::Origin& origin) {
  InputEvent& kept = events_.emplace_back(InputEvent{event, origin});
  kept.event.stamp.source = intern(event.stamp.source, last_source_);
  kept.event.type = intern(event.type, last_type_);
  kept.event.content_type = intern(event.content_type, last_content_type_);
  kept.origin.topic = intern(origin.topic, last_topic_);
  if (event.key) kept.event.key = keep(*event.key);
  if (event.value) kept.event.value = keep(*event.value);
}

void EventBatch::clear() {
  events_.clear();
  std::erase_if(blocks_, [](const Block& block) { return block.size > block_bytes; });
  if (blocks_.size() > blocks_kept) blocks_.resize(blocks_kept);
  block_ = used_ = bytes_ = 0;
  if (names_.size() > names_kept) {
    names_.clear();
    last_source_ = last_type_ = last_content_type_ = last_topic_ = {};
  }
}

}  // namespace holdfast::transform
