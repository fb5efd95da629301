#include "source/api/batch.h"

#include "base/check.h"

namespace holdfast::source {

void Batch::clear() {
  text_.clear();
  events_.clear();
  rejected_.clear();
  position_.clear();
  has_position_ = false;
}

RawEvent Batch::event(size_t index) const {
  const EventEntry& entry = events_[index];
  RawEvent event{.key = {}, .value = {}, .type = entry.type, .content_type = entry.content_type};
  const char* at = text_.data() + entry.begin;
  if (entry.key_bytes != none) {
    event.key = std::string_view(at, entry.key_bytes);
    at += entry.key_bytes;
  }
  if (entry.value_bytes != none) event.value = std::string_view(at, entry.value_bytes);
  return event;
}

Rejected Batch::rejected_piece(size_t index) const {
  const RejectedEntry& entry = rejected_[index];
  const std::string_view text(text_);
  return {.raw = text.substr(entry.begin, entry.raw_bytes),
          .cause_code = entry.cause_code,
          .cause = text.substr(entry.begin + entry.raw_bytes, entry.cause_bytes),
          .file = entry.file,
          .line = entry.line};
}

void Batch::add(const RawEvent& event) {
  const size_t begin = text_.size();
  if (event.key) text_.append(*event.key);
  if (event.value) text_.append(*event.value);
  events_.push_back({.begin = begin,
                     .key_bytes = event.key ? event.key->size() : none,
                     .value_bytes = event.value ? event.value->size() : none,
                     .type = event.type,
                     .content_type = event.content_type});
}

void Batch::add_rejected(const Rejected& rejected) {
  const size_t begin = text_.size();
  text_.append(rejected.raw).append(rejected.cause);
  rejected_.push_back({.begin = begin,
                       .raw_bytes = rejected.raw.size(),
                       .cause_bytes = rejected.cause.size(),
                       .cause_code = rejected.cause_code,
                       .file = rejected.file,
                       .line = rejected.line});
}

void Batch::finish_event(size_t begun_at, std::optional<size_t> key_bytes, std::string_view type,
                         std::string_view content_type) {
  const size_t key = key_bytes.value_or(0);
  HOLDFAST_CHECK(begun_at + key <= text_.size());
  events_.push_back({.begin = begun_at,
                     .key_bytes = key_bytes.value_or(none),
                     .value_bytes = text_.size() - begun_at - key,
                     .type = type,
                     .content_type = content_type});
}

void Batch::set_position(ByteView position) {
  position_.assign(position.begin(), position.end());
  has_position_ = true;
}

}  // namespace holdfast::source
