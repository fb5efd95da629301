#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "event/cloud_event.h"
#include "event/event.h"
#include "event/header.h"

namespace holdfast::event {

enum class FailureKind {
  unavailable,  // surely not applied; replayed by itself when the store is back
  rejected,     // never will apply as it is; waits for a person
  unknown,      // may have been applied; confirmed or replayed idempotently
};

/// Where in its way the event failed.
/// `ship`: Kafka itself refused it, so it is in no topic but the failure queue.
enum class FailureStage { capture, ship, transform, sink };

const char* name(FailureKind kind);
const char* name(FailureStage stage);

/// One event that a store (or the capture) did not take, with all that a replay or a person needs.
/// It is a view: texts belong to somebody else, as in Event.
///
/// On Kafka it is the event itself (its key, value and `ce_*` headers, so that a replay only strips
/// headers) plus `holdfast_*` headers, plus Kafka Connect's `__connect.errors.*` (KIP-298) for
/// tools that read those.
struct FailureRecord {
  FailureKind kind = FailureKind::unknown;
  FailureStage stage = FailureStage::sink;
  Event event;
  std::string_view store;            // the sink that missed it; for `capture` the source's name
  std::string_view pipeline = {};    // that delivered it; empty: it came from a source
  std::string_view datacenter = {};  // that misses it; empty: the configuration names none
  std::string_view tables = {};      // of the store that miss it, with commas between
  std::string_view cause_code;       // stable, for scripts: "bad_quoting", "constraint", "timeout"
  std::string_view cause;            // for people
  int64_t first_failure_us = 0;
  int64_t last_failure_us = 0;
  int32_t attempts = 1;
  Origin origin;          // of a consumed event; partition -1: it did not come from a topic
  std::string_view file;  // of a rejected line; empty: it did not come from a file
  int64_t line = 0;       // its number, from 1
};

/// Formats failure records as Kafka headers, one after the other, without allocating.
/// Threads: one formatter per thread. The headers live until the next call.
class FailureFormatter {
 public:
  static constexpr size_t headers_max = CloudEventFormatter::headers_max + 28;

  /// The headers. The message's key and value are those of `record.event`.
  Headers format(const FailureRecord& record);

 private:
  CloudEventFormatter cloud_event_;
  std::array<Header, headers_max> headers_;
  std::array<char, 512> scratch_;
};

/// `invalid`, with the header's name, when something needed is missing or wrong. Kafka Connect's
/// headers are not read.
Result<FailureRecord> parse_failure(Headers headers, std::optional<std::string_view> key,
                                    std::optional<std::string_view> value);

/// One line of JSON for `failures list --json`; the payload as text (or base64 when it is not
/// UTF-8) if `with_payload`.
std::string to_json(const FailureRecord& record, bool with_payload);

}  // namespace holdfast::event
