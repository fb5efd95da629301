#include "spool/batch.h"

#include <algorithm>
#include <fmt/core.h>

#include "base/check.h"
#include "spool/batch_format.h"

namespace holdfast::spool {

void BatchBuilder::clear() {
  event_bytes_.clear();
  rejected_bytes_.clear();
  events_ = rejected_ = 0;
  // Names are kept while there are few: the next batch has the same ones.
  if (names_.size() > 64) {
    names_.clear();
    name_bytes_.clear();
    last_type_ = last_content_type_ = 0;
  }
}

uint16_t BatchBuilder::name_index(std::string_view name) {
  const auto found = std::ranges::find(names_, name);
  if (found != names_.end()) return static_cast<uint16_t>(found - names_.begin());
  HOLDFAST_CHECK(names_.size() < UINT16_MAX && name.size() <= UINT16_MAX);
  names_.emplace_back(name);
  const size_t at = name_bytes_.size();
  name_bytes_.resize(at + 2);
  store_le(name_bytes_.data() + at, static_cast<uint16_t>(name.size()));
  append(name_bytes_, as_bytes(name));
  return static_cast<uint16_t>(names_.size() - 1);
}

void BatchBuilder::add(std::optional<std::string_view> key, std::optional<std::string_view> value,
                       std::string_view type, std::string_view content_type) {
  if (last_type_ >= names_.size() || names_[last_type_] != type) last_type_ = name_index(type);
  if (last_content_type_ >= names_.size() || names_[last_content_type_] != content_type) {
    last_content_type_ = name_index(content_type);
  }
  const size_t key_bytes = key ? key->size() : 0;
  const size_t value_bytes = value ? value->size() : 0;
  const size_t at = event_bytes_.size();
  event_bytes_.resize(at + format::event_head + key_bytes + value_bytes);
  std::byte* to = event_bytes_.data() + at;
  store_le(to, key ? static_cast<uint32_t>(key_bytes) : format::none);
  store_le(to + 4, value ? static_cast<uint32_t>(value_bytes) : format::none);
  store_le(to + 8, last_type_);
  store_le(to + 10, last_content_type_);
  to += format::event_head;
  if (key_bytes != 0) std::memcpy(to, key->data(), key_bytes);
  if (value_bytes != 0) std::memcpy(to + key_bytes, value->data(), value_bytes);
  ++events_;
}

void BatchBuilder::add_rejected(const RejectedPiece& piece) {
  const uint16_t code = name_index(piece.cause_code);
  const uint16_t file = name_index(piece.file);
  const size_t at = rejected_bytes_.size();
  rejected_bytes_.resize(at + format::rejected_head);
  std::byte* to = rejected_bytes_.data() + at;
  store_le(to, static_cast<uint32_t>(piece.raw.size()));
  store_le(to + 4, static_cast<uint32_t>(piece.cause.size()));
  store_le(to + 8, code);
  store_le(to + 10, file);
  store_le(to + 12, piece.line);
  append(rejected_bytes_, as_bytes(piece.raw));
  append(rejected_bytes_, as_bytes(piece.cause));
  ++rejected_;
}

int64_t BatchHeader::last_version() const {
  if (rejected > 0) return first_rejected_version + rejected - 1;
  return first_version + events - 1;
}

Result<BatchView> BatchView::parse(ByteView bytes) {
  if (bytes.size() < format::batch_head)
    return fail(ErrorCode::corrupt, "a spooled batch is shorter than its head");
  const std::byte* from = bytes.data();
  const auto version = load_le<uint16_t>(from);
  if (version != format::batch_version) {
    return fail(ErrorCode::version_unknown, fmt::format("a spooled batch of format {}", version));
  }
  BatchView view;
  BatchHeader& header = view.header_;
  header.has_position = (load_le<uint16_t>(from + 2) & format::flag_position) != 0;
  header.events = load_le<uint32_t>(from + 4);
  header.rejected = load_le<uint32_t>(from + 8);
  const uint64_t position = load_le<uint32_t>(from + 12);
  const uint64_t names = load_le<uint32_t>(from + 16);
  const uint64_t events = load_le<uint32_t>(from + 20);
  const uint64_t rejected = load_le<uint32_t>(from + 24);
  header.epoch = load_le<int64_t>(from + 32);
  header.time_us = load_le<int64_t>(from + 40);
  header.first_sequence = load_le<int64_t>(from + 48);
  header.first_version = load_le<int64_t>(from + 56);
  header.first_rejected_sequence = load_le<int64_t>(from + 64);
  header.first_rejected_version = load_le<int64_t>(from + 72);
  if (bytes.size() != format::batch_head + position + names + events + rejected) {
    return fail(ErrorCode::corrupt, "the parts of a spooled batch do not add up to its size");
  }
  ByteView rest = bytes.subspan(format::batch_head);
  const auto take = [&rest](uint64_t size) {
    const ByteView part = rest.first(size);
    rest = rest.subspan(size);
    return part;
  };
  view.position_ = take(position);
  HOLDFAST_CHECKED(view.parse_names(take(names)));
  view.events_ = take(events);
  view.rejected_ = take(rejected);
  HOLDFAST_CHECKED(view.check_events(view.events_));
  HOLDFAST_CHECKED(view.check_rejected(view.rejected_));
  return view;
}

Status BatchView::parse_names(ByteView bytes) {
  while (!bytes.empty()) {
    if (bytes.size() < 2) return fail(ErrorCode::corrupt, "a spooled batch ends within a name");
    const size_t size = load_le<uint16_t>(bytes.data());
    if (bytes.size() < 2 + size)
      return fail(ErrorCode::corrupt, "a spooled batch ends within a name");
    names_.push_back(as_text(bytes.subspan(2, size)));
    bytes = bytes.subspan(2 + size);
  }
  return {};
}

Status BatchView::check_events(ByteView bytes) const {
  for (uint32_t i = 0; i < header_.events; ++i) {
    if (bytes.size() < format::event_head)
      return fail(ErrorCode::corrupt, "a spooled batch ends within an event");
    const auto key = load_le<uint32_t>(bytes.data());
    const auto value = load_le<uint32_t>(bytes.data() + 4);
    const uint64_t size = format::event_head + (key == format::none ? 0ull : key) +
                          (value == format::none ? 0ull : value);
    const bool names_known = load_le<uint16_t>(bytes.data() + 8) < names_.size() &&
                             load_le<uint16_t>(bytes.data() + 10) < names_.size();
    if (size > bytes.size() || !names_known)
      return fail(ErrorCode::corrupt, "a spooled event breaks its bounds");
    bytes = bytes.subspan(size);
  }
  if (!bytes.empty()) return fail(ErrorCode::corrupt, "a spooled batch has more bytes than events");
  return {};
}

Status BatchView::check_rejected(ByteView bytes) const {
  for (uint32_t i = 0; i < header_.rejected; ++i) {
    if (bytes.size() < format::rejected_head) {
      return fail(ErrorCode::corrupt, "a spooled batch ends within a rejected piece");
    }
    const uint64_t size = format::rejected_head + uint64_t{load_le<uint32_t>(bytes.data())} +
                          load_le<uint32_t>(bytes.data() + 4);
    const bool names_known = load_le<uint16_t>(bytes.data() + 8) < names_.size() &&
                             load_le<uint16_t>(bytes.data() + 10) < names_.size();
    if (size > bytes.size() || !names_known) {
      return fail(ErrorCode::corrupt, "a spooled rejected piece breaks its bounds");
    }
    bytes = bytes.subspan(size);
  }
  if (!bytes.empty())
    return fail(ErrorCode::corrupt, "a spooled batch has more bytes than rejected pieces");
  return {};
}

BatchView::Events::Events(const BatchView& batch, std::string_view source)
    : batch_(batch), source_(source), at_(batch.events_.data()) {}

bool BatchView::Events::next(event::Event& to) {
  const BatchHeader& header = batch_.header_;
  if (done_ == header.events) return false;
  const auto key = load_le<uint32_t>(at_);
  const auto value = load_le<uint32_t>(at_ + 4);
  to.stamp = {.source = source_, .epoch = header.epoch, .sequence = header.first_sequence + done_};
  to.type = batch_.names_[load_le<uint16_t>(at_ + 8)];
  to.content_type = batch_.names_[load_le<uint16_t>(at_ + 10)];
  to.time_us = header.time_us;
  to.version = header.first_version + done_;
  at_ += format::event_head;
  const auto take = [this](uint32_t size) -> std::optional<std::string_view> {
    if (size == format::none) return std::nullopt;
    const std::string_view text = as_text(ByteView(at_, size));
    at_ += size;
    return text;
  };
  to.key = take(key);
  to.value = take(value);
  ++done_;
  return true;
}

BatchView::RejectedEvents::RejectedEvents(const BatchView& batch, std::string_view stream)
    : batch_(batch), stream_(stream), at_(batch.rejected_.data()) {}

bool BatchView::RejectedEvents::next(RejectedEvent& to) {
  const BatchHeader& header = batch_.header_;
  if (done_ == header.rejected) return false;
  const size_t raw = load_le<uint32_t>(at_);
  const size_t cause = load_le<uint32_t>(at_ + 4);
  to.piece.cause_code = batch_.names_[load_le<uint16_t>(at_ + 8)];
  to.piece.file = batch_.names_[load_le<uint16_t>(at_ + 10)];
  to.piece.line = load_le<int64_t>(at_ + 12);
  at_ += format::rejected_head;
  to.piece.raw = as_text(ByteView(at_, raw));
  to.piece.cause = as_text(ByteView(at_ + raw, cause));
  at_ += raw + cause;
  to.event = {.stamp = {.source = stream_,
                        .epoch = header.epoch,
                        .sequence = header.first_rejected_sequence + done_},
              .type = "holdfast.rejected",
              .time_us = header.time_us,
              .version = header.first_rejected_version + done_,
              .content_type = "application/octet-stream",
              .key = {},
              .value = to.piece.raw};
  ++done_;
  return true;
}

}  // namespace holdfast::spool
