#include "event/failure_record.h"

#include <charconv>
#include <fmt/core.h>

namespace holdfast::event {
namespace {

/// Fills an array of headers, with a scratch for numbers and times.
class Filler {
 public:
  Filler(std::span<Header> headers, std::span<char> scratch)
      : headers_(headers), scratch_(scratch) {}
  void text(std::string_view name, std::string_view value) { headers_[count_++] = {name, value}; }
  void text_unless_empty(std::string_view name, std::string_view value) {
    if (!value.empty()) text(name, value);
  }
  std::string_view number(std::string_view name, int64_t value) {
    char* end = std::to_chars(scratch_.data(), scratch_.data() + scratch_.size(), value).ptr;
    const std::string_view written(scratch_.data(), end);
    scratch_ = scratch_.subspan(written.size());
    text(name, written);
    return written;
  }
  void time(std::string_view name, int64_t time_us) {
    const std::string_view written = format_time(time_us, scratch_.first(32));
    scratch_ = scratch_.subspan(written.size());
    text(name, written);
  }
  size_t count() const { return count_; }

 private:
  std::span<Header> headers_;
  std::span<char> scratch_;
  size_t count_ = 0;
};

/// Kafka Connect's words (its enum Stage) for ours.
std::string_view connect_stage(FailureStage stage) {
  switch (stage) {
    case FailureStage::capture:
      return "TASK_POLL";
    case FailureStage::ship:
      return "KAFKA_PRODUCE";
    case FailureStage::transform:
      return "TRANSFORMATION";
    case FailureStage::sink:
      return "TASK_PUT";
  }
  return "TASK_PUT";
}
std::string_view our_class(FailureStage stage) {
  switch (stage) {
    case FailureStage::capture:
      return "holdfast.Source";
    case FailureStage::ship:
      return "holdfast.Shipper";
    case FailureStage::transform:
      return "holdfast.Transform";
    case FailureStage::sink:
      return "holdfast.Sink";
  }
  return "holdfast.Sink";
}

/// Reads headers by name; the first thing that is wrong is kept.
class Reader {
 public:
  explicit Reader(Headers headers) : headers_(headers) {}

  std::string_view text(std::string_view name) {
    const Header* header = find(headers_, name);
    if (header != nullptr && header->value) return *header->value;
    wrong(name, "is missing");
    return {};
  }
  std::string_view text_or_empty(std::string_view name) const {
    const Header* header = find(headers_, name);
    return header == nullptr ? std::string_view() : header->value.value_or("");
  }
  template <class Number>
  Number number(std::string_view name) {
    const std::string_view digits = text(name);
    Number value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc() || end != digits.data() + digits.size())
      wrong(name, "is not a number in range");
    return value;
  }
  int64_t time(std::string_view name) {
    const auto value = parse_time(text(name));
    if (!value) wrong(name, "is not an RFC 3339 time");
    return value.value_or(0);
  }
  template <class Enum>
  Enum one_of(std::string_view header, std::initializer_list<Enum> values) {
    const std::string_view word = text(header);
    for (const Enum value : values) {
      if (word == name(value)) return value;
    }
    wrong(header, "has a value that is not known");
    return *values.begin();
  }
  Status status() const {
    if (problem_.empty()) return {};
    return fail(ErrorCode::invalid, problem_);
  }

 private:
  void wrong(std::string_view header, std::string_view what) {
    if (problem_.empty()) problem_ = fmt::format("header {} {}", header, what);
  }
  Headers headers_;
  std::string problem_;
};

}  // namespace

const char* name(FailureKind kind) {
  switch (kind) {
    case FailureKind::unavailable:
      return "unavailable";
    case FailureKind::rejected:
      return "rejected";
    case FailureKind::unknown:
      return "unknown";
  }
  return "?";
}

const char* name(FailureStage stage) {
  switch (stage) {
    case FailureStage::capture:
      return "capture";
    case FailureStage::ship:
      return "ship";
    case FailureStage::transform:
      return "transform";
    case FailureStage::sink:
      return "sink";
  }
  return "?";
}

Headers FailureFormatter::format(const FailureRecord& record) {
  const Headers event_headers = cloud_event_.format(record.event);
  std::copy(event_headers.begin(), event_headers.end(), headers_.begin());
  Filler to(std::span<Header>(headers_).subspan(event_headers.size()), scratch_);
  to.text("holdfast_kind", name(record.kind));
  to.text("holdfast_stage", name(record.stage));
  to.text("holdfast_store", record.store);
  to.text_unless_empty("holdfast_pipeline", record.pipeline);
  to.text_unless_empty("holdfast_datacenter", record.datacenter);
  to.text_unless_empty("holdfast_tables", record.tables);
  to.text("holdfast_cause_code", record.cause_code);
  to.text("holdfast_cause", record.cause);
  to.time("holdfast_first_failure", record.first_failure_us);
  to.time("holdfast_last_failure", record.last_failure_us);
  to.number("holdfast_attempts", record.attempts);
  if (record.origin.partition >= 0) {
    to.text("holdfast_origin_topic", record.origin.topic);
    to.text("__connect.errors.partition",
            to.number("holdfast_origin_partition", record.origin.partition));
    to.text("__connect.errors.offset", to.number("holdfast_origin_offset", record.origin.offset));
    to.text("__connect.errors.topic", record.origin.topic);
  }
  if (!record.file.empty()) {
    to.text("holdfast_origin_file", record.file);
    to.number("holdfast_origin_line", record.line);
  }
  to.text("__connect.errors.connector.name", record.store);
  to.text("__connect.errors.task.id", "0");
  to.text("__connect.errors.stage", connect_stage(record.stage));
  to.text("__connect.errors.class.name", our_class(record.stage));
  to.text("__connect.errors.exception.class.name", record.cause_code);
  to.text("__connect.errors.exception.message", record.cause);
  return Headers(headers_).first(event_headers.size() + to.count());
}

Result<FailureRecord> parse_failure(Headers headers, std::optional<std::string_view> key,
                                    std::optional<std::string_view> value) {
  FailureRecord record;
  record.event = HOLDFAST_TRY(parse_event(headers, key, value));
  Reader from(headers);
  record.kind = from.one_of(
      "holdfast_kind", {FailureKind::unavailable, FailureKind::rejected, FailureKind::unknown});
  record.stage = from.one_of("holdfast_stage", {FailureStage::capture, FailureStage::ship,
                                                FailureStage::transform, FailureStage::sink});
  record.store = from.text("holdfast_store");
  record.pipeline = from.text_or_empty("holdfast_pipeline");
  record.datacenter = from.text_or_empty("holdfast_datacenter");
  record.tables = from.text_or_empty("holdfast_tables");
  record.cause_code = from.text("holdfast_cause_code");
  record.cause = from.text("holdfast_cause");
  record.first_failure_us = from.time("holdfast_first_failure");
  record.last_failure_us = from.time("holdfast_last_failure");
  record.attempts = from.number<int32_t>("holdfast_attempts");
  if (find(headers, "holdfast_origin_topic") != nullptr) {
    record.origin.topic = from.text("holdfast_origin_topic");
    record.origin.partition = from.number<int32_t>("holdfast_origin_partition");
    record.origin.offset = from.number<int64_t>("holdfast_origin_offset");
  }
  record.file = from.text_or_empty("holdfast_origin_file");
  if (!record.file.empty()) record.line = from.number<int64_t>("holdfast_origin_line");
  HOLDFAST_CHECKED(from.status());
  return record;
}

}  // namespace holdfast::event
