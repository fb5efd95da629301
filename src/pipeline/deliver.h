#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "kafka/settings.h"
#include "sink/api/sink.h"
#include "transform/transform.h"

namespace holdfast::pipeline {

struct DeliverSettings {
  std::string name = {};  // of the pipeline, for messages
  kafka::ClientSettings kafka = {};
  std::vector<std::string> topics = {};
  std::string failure_topic = {};
  std::string store = {};  // the sink's name in failure records

  // A batch is closed by whichever comes first.
  size_t batch_events_max = 20'000;
  uint64_t batch_bytes_max = 16u << 20;
  int64_t batch_wait_ms = 200;

  /// Deliver what the topics hold, then end. A topic that does not exist is waited for until
  /// `missing_topic_wait_ms` is over, and is an error then.
  bool once = false;
  int64_t missing_topic_wait_ms = 10'000;

  /// Told after events were put into the failure queue: how many, and why the first of them.
  std::function<void(uint64_t count, const std::string& why)> on_rejected = {};

  int64_t retry_first_ms = 100;
  int64_t retry_max_ms = 30'000;
  /// How often new topics and partitions are looked for.
  int64_t refresh_ms = 5'000;
};

/// Where a pipeline stands. A copy: nothing in it changes any more.
struct DeliverProgress {
  enum class State : uint8_t {
    starting,
    running,
    waiting_for_kafka,
    waiting_for_topics,
    waiting_for_store,
    ended,
    failed
  };
  struct Partition {
    sink::TopicPartition place;
    int64_t next_offset = 0;  // as the store has it
    int64_t end_offset = 0;   // as last seen
    std::string failure;      // not empty: reading of it has stopped, and why
    int64_t lag() const { return end_offset > next_offset ? end_offset - next_offset : 0; }
  };

  State state = State::starting;
  std::string message;  // why it waits or failed
  uint64_t consumed = 0;
  uint64_t applied = 0;
  uint64_t superseded = 0;  // doubles that the store had
  uint64_t filtered = 0;    // left out by the transform
  uint64_t rejected = 0;    // in the failure queue
  uint64_t batches = 0;
  uint64_t retries = 0;
  std::vector<Partition> partitions;

  int64_t lag() const {
    int64_t sum = 0;
    for (const Partition& partition : partitions) sum += partition.lag();
    return sum;
  }
};
const char* name(DeliverProgress::State state);

/// Moves events from topics through a transform into one sink, each exactly once in effect.
///
/// Reads from the positions that the sink has. A rejected event is in the failure queue, durably,
/// before the positions pass it (a crash in between puts it there a second time, under the same
/// stamp). While the store or Kafka is away it waits, with growing pauses, and consumes nothing
/// more. A position that the topic does not keep is an error of that partition, never a jump: the
/// others go on, and `run` ends with the error in mode `once`.
///
/// Threads: `run` uses the caller's thread for transform and store, and one of its own for reading.
/// `stop` and `progress` may be called from any thread, the rest from one.
class Deliver {
 public:
  static Result<std::unique_ptr<Deliver>> open(const DeliverSettings& settings,
                                               std::unique_ptr<transform::Transform> transform,
                                               std::unique_ptr<sink::Sink> sink);
  ~Deliver();

  /// Until `stop`, or the end in mode `once`, or an error that no retry can mend. Once in the life
  /// of the object.
  Status run();
  /// Ends `run` after the batch in hand.
  void stop();
  /// From now on as in mode `once`: deliver what the topics hold at present, then end. Any thread.
  void finish();
  DeliverProgress progress() const;
  /// For the audit's reader. Only while `run` is not running, or if the sink's `reader` allows it.
  sink::Sink& sink();

 private:
  struct Impl;
  explicit Deliver(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace holdfast::pipeline
