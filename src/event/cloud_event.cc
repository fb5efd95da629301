#include "event/cloud_event.h"

#include <charconv>
#include <fmt/core.h>

#include "base/check.h"

namespace holdfast::event {
namespace {

// The order in which they are written; reading tries the same place first, so that it finds each at
// once.
enum Place : size_t { specversion, id, source, type, time, sequence, epoch, version, content_type };
constexpr std::array<std::string_view, CloudEventFormatter::headers_max> names = {
    "ce_specversion", "ce_id",    "ce_source",  "ce_type",     "ce_time",
    "ce_sequence",    "ce_epoch", "ce_version", "content-type"};

/// Appends decimals into a fixed buffer; answers what it wrote.
class Scratch {
 public:
  Scratch(char* at, char* end) : at_(at), end_(end) {}
  std::string_view number(int64_t value) {
    char* begin = at_;
    at_ = std::to_chars(at_, end_, value).ptr;
    return {begin, at_};
  }
  void put(char c) { *at_++ = c; }

 private:
  char* at_;
  char* end_;
};

const Header* find_at(Headers headers, Place place) {
  if (place < headers.size() && headers[place].name == names[place]) [[likely]]
    return &headers[place];
  return find(headers, names[place]);
}

Result<std::string_view> text_of(Headers headers, Place place) {
  const Header* header = find_at(headers, place);
  if (header == nullptr)
    return fail(ErrorCode::invalid, fmt::format("header {} is missing", names[place]));
  if (!header->value)
    return fail(ErrorCode::invalid, fmt::format("header {} is null", names[place]));
  return *header->value;
}

Result<int64_t> number_of(Headers headers, Place place) {
  const std::string_view text = HOLDFAST_TRY(text_of(headers, place));
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) {
    return fail(ErrorCode::invalid,
                fmt::format("header {} is not a number from 0 to 2^63-1: \"{}\"", names[place],
                            text.substr(0, 40)));
  }
  return value;
}

bool id_matches(std::string_view id, const Stamp& stamp) {
  std::array<char, 48> expected;
  Scratch scratch(expected.data(), expected.data() + expected.size());
  const std::string_view first = scratch.number(stamp.epoch);
  scratch.put('-');
  const std::string_view second = scratch.number(stamp.sequence);
  return id == std::string_view(first.data(), first.size() + 1 + second.size());
}

}  // namespace

Headers CloudEventFormatter::format(const Event& event) {
  Scratch scratch(scratch_.data(), scratch_.data() + scratch_.size());
  const std::string_view epoch_text = scratch.number(event.stamp.epoch);
  scratch.put('-');
  const std::string_view sequence_text = scratch.number(event.stamp.sequence);
  const std::string_view id_text(epoch_text.data(), epoch_text.size() + 1 + sequence_text.size());

  // Events of one batch share their time: it is formatted anew only when it changes.
  if (event.time_us != formatted_time_) {
    time_size_ = format_time(event.time_us, time_).size();
    formatted_time_ = event.time_us;
  }
  headers_[specversion] = {names[specversion], "1.0"};
  headers_[id] = {names[id], id_text};
  headers_[source] = {names[source], event.stamp.source};
  headers_[type] = {names[type], event.type};
  headers_[time] = {names[time], std::string_view(time_.data(), time_size_)};
  headers_[sequence] = {names[sequence], sequence_text};
  headers_[epoch] = {names[epoch], epoch_text};
  headers_[version] = {names[version], scratch.number(event.version)};
  headers_[content_type] = {names[content_type], event.content_type};
  // A tombstone, or data of no named type, has no content type.
  return Headers(headers_).first(event.content_type.empty() ? content_type : headers_max);
}

Result<Stamp> parse_stamp(Headers headers) {
  Stamp stamp;
  stamp.source = HOLDFAST_TRY(text_of(headers, source));
  if (stamp.source.empty()) return fail(ErrorCode::invalid, "header ce_source is empty");
  stamp.sequence = HOLDFAST_TRY(number_of(headers, sequence));
  if (stamp.sequence == INT64_MAX)
    return fail(ErrorCode::invalid, "header ce_sequence is too large");
  stamp.epoch = HOLDFAST_TRY(number_of(headers, epoch));
  return stamp;
}

Result<Event> parse_event(Headers headers, std::optional<std::string_view> key,
                          std::optional<std::string_view> value) {
  Event event;
  event.key = key;
  event.value = value;
  const std::string_view spec = HOLDFAST_TRY(text_of(headers, specversion));
  if (!spec.starts_with("1.")) {
    return fail(ErrorCode::invalid,
                fmt::format("header ce_specversion is not 1.x: \"{}\"", spec.substr(0, 40)));
  }
  event.stamp = HOLDFAST_TRY(parse_stamp(headers));
  const std::string_view id_text = HOLDFAST_TRY(text_of(headers, id));
  if (!id_matches(id_text, event.stamp)) {
    return fail(ErrorCode::invalid,
                fmt::format("header ce_id is not EPOCH-SEQUENCE: \"{}\"", id_text.substr(0, 60)));
  }
  event.type = HOLDFAST_TRY(text_of(headers, type));
  const auto when = parse_time(HOLDFAST_TRY(text_of(headers, time)));
  if (!when) return fail(ErrorCode::invalid, "header ce_time: " + when.error().message);
  event.time_us = *when;
  event.version = HOLDFAST_TRY(number_of(headers, version));
  if (const Header* header = find_at(headers, content_type))
    event.content_type = header->value.value_or("");
  return event;
}

bool is_stamped(Headers headers) {
  return find_at(headers, source) != nullptr && find_at(headers, epoch) != nullptr &&
         find_at(headers, sequence) != nullptr;
}

}  // namespace holdfast::event
