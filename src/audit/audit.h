#pragma once

#include <functional>
#include <string>
#include <vector>

#include "audit/compare.h"
#include "audit/evidence.h"
#include "audit/report.h"
#include "base/result.h"
#include "event/failure_record.h"
#include "kafka/settings.h"
#include "sink/api/sink.h"

namespace holdfast::audit {

/// What became of a record of what a data center missed.
enum class Missed : uint8_t {
  waiting,   // it excuses its event
  repaired,  // it does not: the event must be in the store
  replaced,  // a newer write stood in the event's place
};

/// A store to be judged.
struct StoreInput {
  std::string pipeline;
  std::string name;                 // as the failure records name it
  std::vector<std::string> topics;  // that the pipeline reads
  std::string failure_topic;
  sink::Reader* reader = nullptr;
  std::string datacenter = {};  // that it stands in; then what it alone missed is recorded in:
  std::string missed_topic = {};
  kafka::ClientSettings missed_kafka = {};
  /// Asked for each record there; empty: all of them are waiting.
  std::function<Missed(int32_t partition, int64_t offset)> missed = {};
};

struct CapturedStream {
  Stream stream;
  Captured captured;
};

struct Inputs {
  kafka::ClientSettings kafka;
  std::vector<StoreInput> stores;
  std::vector<std::string> topics;          // further ones, which no store reads
  std::vector<std::string> failure_topics;  // of the sources: what could not be captured
  /// What the spool gave out. Called twice, before and after the topics are read. Empty: not known,
  /// and the report says so.
  std::function<Result<std::vector<CapturedStream>>()> captured;
  /// Failure records of what data centers missed that wait on this machine for the Kafka that shall
  /// keep them. Empty: none.
  std::function<Status(const std::function<void(const event::FailureRecord&)>&)> spooled_failures =
      {};
  int timeout_ms = 60'000;          // without any progress
  uint64_t window_events = 65'536;  // of the evidence
  size_t findings_max = 10'000;     // named ranges
};

/// The judge: reads every topic from its beginning and every store itself, compares id by id, and
/// writes down what it saw. It takes no counter of the write path for an answer; README.md says
/// which of its words it must take, and for what.
///
/// May run while sources and pipelines work: what is on its way then is `in flight`, not lost. The
/// store is read before the topics, so that all it holds must be in them.
///
/// Fails when something cannot be read; it never reports a part as the whole. Threads: its own
/// consumer; call from any one.
Result<Report> run(const Inputs& inputs, EvidenceWriter& evidence);

}  // namespace holdfast::audit
