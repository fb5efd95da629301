#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/result.h"
#include "event/event.h"
#include "event/header.h"

namespace holdfast::event {

/// The Kafka headers of one event after the other, without allocating: CloudEvents 1.0.2 in binary
/// content mode (CloudEvents Kafka protocol binding 1.0.2). Attribute values are UTF-8 text,
/// `ce_time` is RFC 3339 in UTC with microseconds.
///
/// Threads: none of its own; one formatter per thread. NOT promised: that texts are valid for the
/// next event too.
class CloudEventFormatter {
 public:
  static constexpr size_t headers_max = 9;

  /// The headers of `event`. They point into this object and into the event's texts, until the next
  /// call.
  Headers format(const Event& event);

 private:
  std::array<Header, headers_max> headers_;
  std::array<char, 128> scratch_;
  int64_t formatted_time_ = INT64_MIN;
  size_t time_size_ = 0;
  std::array<char, 32> time_;
};

/// Only who the event is: `ce_source`, `ce_epoch`, `ce_sequence`. `invalid`, with the header's
/// name, when one of them is missing or wrong. Does not look at `ce_id`.
Result<Stamp> parse_stamp(Headers headers);

/// Everything. `ce_id` must be "EPOCH-SEQUENCE"; `ce_specversion` must be 1.x. Headers that are not
/// ours are ignored.
Result<Event> parse_event(Headers headers, std::optional<std::string_view> key,
                          std::optional<std::string_view> value);

/// Whether the headers are those of a CloudEvent in binary mode that was stamped by us (others may
/// share a topic).
bool is_stamped(Headers headers);

/// "2026-11-21T08:55:16.000001Z", 27 characters, written to `to` (at least 32). For years 0 to
/// 9999.
std::string_view format_time(int64_t time_us, std::span<char> to);
/// Reads RFC 3339 with 0 to 9 fractional digits and any offset.
Result<int64_t> parse_time(std::string_view text);

}  // namespace holdfast::event
