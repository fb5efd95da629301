#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "kafka/admin.h"
#include "kafka/consumer.h"
#include "pipeline/decode.h"
#include "pipeline/deliver.h"
#include "pipeline/hand_over.h"
#include "pipeline/stop_signal.h"

namespace holdfast::pipeline {

/// Messages of some partitions that go through transform and store together.
struct ReadBatch {
  Decoded decoded;
  sink::Positions upto;     // the partitions that it moves
  uint64_t generation = 0;  // of the assignment under which it was read
  bool last = false;        // nothing comes behind it
  Status status;            // of the reader, with `last`
};

/// Reads the topics of a pipeline on a thread of its own and closes batches.
/// Threads: `run` belongs to its thread; all else may be called from another.
class TopicReader {
 public:
  TopicReader(const DeliverSettings& settings, StopSignal& stop, HandOver<ReadBatch>& batches,
              HandOver<ReadBatch>& used);

  /// Starts reading, or starts again: from these positions, under a new generation, which it
  /// answers. What was read before is void.
  uint64_t read_from(sink::Positions positions);
  /// Ends (with a batch that is `last`) when what the topics hold now has been read. `read_from`
  /// may start it again then.
  void finish() { finishing_ = true; }
  void run();

  struct Seen {
    std::string waiting;  // not empty: no broker, or no topic, and why
    bool no_broker = false;
    std::map<sink::TopicPartition, int64_t> ends;
    std::map<sink::TopicPartition, std::string> failures;
  };
  Seen seen() const;

 private:
  struct Partition {
    int64_t next =
        -1;  // behind the last message read; -1: nothing read yet, and the store has no position
    int64_t reached = 0;  // the same, or the end of the partition: control records and aborted
                          // messages are behind us too
    int64_t target = -1;  // for the end: known once
    bool failed = false;
  };

  Status start();
  bool wait_for_start();
  void restart();
  bool restart_asked() const;
  Status read_to_the_end();
  Status step();
  void refresh_if_due();
  Status refresh();
  Result<std::vector<kafka::Watermarks>> see_ends(int timeout_ms, kafka::Isolation isolation);
  Status set_targets();
  /// True when there is nothing left to do in mode `once`.
  Result<bool> at_the_end();
  void take(const kafka::MessageBatch& messages);
  void note(const kafka::PartitionEvent& event);
  bool close_batch(bool last, Status status = {});
  bool batch_is_due() const;
  Partition* find(std::string_view topic, int32_t partition);
  void fail_partition(const sink::TopicPartition& place, Partition& partition, std::string why);
  void say_trouble(std::string trouble);

  const DeliverSettings& settings_;
  StopSignal& stop_;
  HandOver<ReadBatch>& batches_;
  HandOver<ReadBatch>& used_;
  std::unique_ptr<kafka::Consumer> consumer_;
  std::unique_ptr<kafka::Admin> admin_;
  Decoder decoder_;
  std::map<sink::TopicPartition, Partition> partitions_;
  const sink::TopicPartition* recent_place_ = nullptr;
  Partition* recent_ = nullptr;
  std::vector<std::string> missing_;
  sink::Positions positions_;
  ReadBatch batch_;
  int64_t batch_since_ms_ = 0;
  int64_t refreshed_ms_ = INT64_MIN;
  int64_t started_ms_ = 0;
  int rounds_ = 0;
  bool targets_set_ = false;
  std::string trouble_;
  std::atomic<bool> finishing_ = false;

  mutable std::mutex mutex_;  // of what follows
  std::optional<sink::Positions> restart_;
  uint64_t generation_ = 0;
  Seen seen_;
};

}  // namespace holdfast::pipeline
