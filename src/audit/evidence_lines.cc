#include "audit/evidence_lines.h"

#include <algorithm>
#include <array>

#include "audit/fingerprint.h"
#include "base/os/clock.h"
#include "event/cloud_event.h"

namespace holdfast::audit {
namespace {

using Kind = EvidenceWriter::Kind;

void add(JsonWriter& json, const char* name, const Fingerprint& fingerprint) {
  json.key(name)
      .begin_array()
      .value(fingerprint.count)
      .value(fingerprint.sum)
      .value(fingerprint.squares)
      .end_array();
}

void add_place(JsonWriter& json, const StoreReport& store, const Stream& stream) {
  json.member("pipeline", store.pipeline).member("store", store.store);
  json.member("source", stream.source).member("epoch", stream.epoch);
}

/// The first sequence from `from` on that either side holds; `end` if there is none.
int64_t next_seen(const Known& known, int64_t from, int64_t end) {
  const auto in = [&](const Seen& seen) {
    const Intervals& intervals = seen.intervals();
    auto at = std::partition_point(intervals.begin(), intervals.end(),
                                   [&](const Interval& i) { return i.last < from; });
    return at == intervals.end() ? end : std::clamp(at->first, from, end);
  };
  return known.store == nullptr ? in(known.topics) : std::min(in(known.topics), in(*known.store));
}

}  // namespace

void add_members(JsonWriter& json, const Balance& balance) {
  json.member("captured", balance.captured).member("in_topics", balance.in_topics);
  json.member("delivered", balance.delivered)
      .member("lost", balance.lost)
      .member("doubled", balance.doubled);
  json.member("doubled_in_topics", balance.doubled_in_topics).member("unknown", balance.unknown);
  json.member("refused", balance.refused).member("filtered", balance.filtered);
  json.member("in_flight", balance.in_flight);
}

void write_header(EvidenceWriter& evidence, const Report& report, uint64_t window_events) {
  JsonWriter json = evidence.begin(Kind::header);
  std::array<char, 32> time;
  json.member("program", "holdfast " HOLDFAST_VERSION);
  json.member("written", event::format_time(os::real_clock().wall_us(), time));
  json.member("window_events", window_events).key("topics").begin_array();
  for (const TopicRange& range : report.topics) {
    json.begin_object().member("topic", range.topic).member("partition", range.partition);
    json.member("first_offset", range.first_offset).member("end_offset", range.end_offset);
    json.member("events", range.events).member("foreign", range.foreign).end_object();
  }
  json.end_array().key("limits").begin_array();
  for (const std::string& limit : report.limits) json.value(limit);
  json.end_array();
  evidence.add(Kind::header, std::move(json));
}

uint64_t write_windows(EvidenceWriter& evidence, const StoreReport& store, const Stream& stream,
                       const Known& known, const Balance& balance, uint64_t window_events) {
  const auto size = static_cast<int64_t>(window_events);
  int64_t end = static_cast<int64_t>(balance.captured);
  if (known.store != nullptr) end = std::max(end, known.store->set().last().value_or(-1) + 1);
  uint64_t windows = 0;
  for (int64_t first = 0; first < end; ++windows) {
    // Nothing for a long way is one line: a stray stamp far behind the end must not make a billion
    // empty windows.
    const int64_t next = next_seen(known, first, end);
    const int64_t last = next - first >= size ? next / size * size - 1
                                              : first + std::min(size, INT64_MAX - first) - 1;
    const Interval window{first, last};
    JsonWriter json = evidence.begin(Kind::window);
    add_place(json, store, stream);
    json.member("first", window.first).member("last", window.last).member("closed", last < end);
    add(json, "topics", fingerprint(known.topics, window));
    if (known.store != nullptr) add(json, "store", fingerprint(*known.store, window));
    evidence.add(Kind::window, std::move(json));
    first = last + 1;
  }
  return windows;
}

void write_finding(EvidenceWriter& evidence, const event::Finding& finding) {
  JsonWriter json = evidence.begin(Kind::finding);
  json.member("what", event::name(finding.kind))
      .member("source", finding.source)
      .member("epoch", finding.epoch);
  json.member("first", finding.sequences.first).member("last", finding.sequences.last);
  json.member("where", finding.where).member("note", finding.note);
  evidence.add(Kind::finding, std::move(json));
}

void write_balance(EvidenceWriter& evidence, const StoreReport& store, const Stream& stream,
                   const Judged& judged) {
  JsonWriter json = evidence.begin(Kind::balance);
  add_place(json, store, stream);
  add_members(json, judged.balance);
  json.member("findings_unnamed", judged.findings_unnamed);
  evidence.add(Kind::balance, std::move(json));
}

}  // namespace holdfast::audit
