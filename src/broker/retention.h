#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "broker/coordinator/ticket.h"
#include "broker/state_record.h"
#include "log/cleaning_rules.h"

namespace holdfast::broker {

class State;
struct BrokerSettings;
struct Partition;
struct Topic;

/// Decides what is too old or too much (retention.ms, retention.bytes), by whole batches from the
/// front of each partition and never at or above the high watermark; and answers the log's cleaner,
/// what is compacted and how.
///
/// Nothing is looked for in vain: each partition is looked at when its oldest batch expires, or
/// soon after it has become too large. Between two looks at a partition lies a quarter of its
/// retention.ms, within 5 s and log.retention.check.interval.ms. When nothing is due, nothing
/// wakes.
///
/// Only decides: the caller makes the moves durable. What they and deletions free is released to
/// the log here. Event loop's thread.
class Retention final : public log::CleaningRules {
 public:
  Retention(const BrokerSettings& settings, State& state, log::Log& log)
      : settings_(settings), state_(state), log_(log) {}

  /// When `step` has something to do (steady clock).
  int64_t next_ms() const;
  /// The moves of the next slice; none when nothing is due.
  LogStartsMoved step(Instant now);
  /// The moves could not be made: look at all partitions, before long.
  void look_again();
  /// Now and then: when somebody has set the wall clock, what was planned means little.
  void check_clock(Instant now);
  /// The log has grown by a segment: what is too much goes now.
  void log_has_grown();

  /// Tells the log once what is of no more use; the log forgets it when it is closed.
  void release_after_restart();
  /// A batch was appended.
  void appended(Partition& partition, int64_t max_timestamp_ms, Instant now);
  /// The record was appended.
  void changed(const StateRecord& record);
  void topic_deleted(const Topic& topic);
  /// The log is durable so far: what was released before may be given up.
  void durable(log::Position upto, Instant now);
  /// Now, if what was released is durable. Also lets the log's cleaner go on.
  void give_back_space();
  /// What compaction has made an end of. None, but after space was given back.
  AbortsForgotten take_forgettable();
  /// Whether the cleaner waits for a checkpoint of all that is in the log now. Told once.
  bool take_checkpoint_wish() { return std::exchange(checkpoint_wanted_, false); }

  // log::CleaningRules
  int64_t now_ms() const override { return now_.wall_ms; }
  std::optional<log::CompactionRule> compaction(log::PartitionId partition) const override;
  log::CompactionDetail detail(log::PartitionId partition) const override;

 private:
  int64_t pause_ms(const Partition& partition) const;
  int64_t cleaning_pause_ms() const;
  void plan(Partition& partition, int64_t due_ms);
  void plan_by_time(Partition& partition, int64_t timestamp_ms);
  void judge(Partition& partition, LogStartsMoved& moves);
  void note(const log::CleaningNeeds::Compacted& compacted);

  const BrokerSettings& settings_;
  State& state_;
  log::Log& log_;
  Instant now_;  // as last told
  int64_t clocks_apart_ms_ = 0;
  bool started_ = false;
  std::set<std::pair<int64_t, log::PartitionId>> due_;  // by time (steady clock)
  std::set<log::PartitionId> oversized_;
  int64_t oversized_due_ms_ = INT64_MAX;
  int64_t next_clean_ms_ = INT64_MAX;  // when the cleaner is asked again
  int64_t next_seal_ms_ = 0;           // not before, for its sake
  bool checkpoint_wanted_ = false;
  std::map<log::PartitionId, int64_t> compacted_;  // upto; only where there is something to forget
  bool forget_now_ = false;
  std::optional<log::Position> released_;  // something was, and this has to be durable first
};

}  // namespace holdfast::broker
