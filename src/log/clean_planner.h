#pragma once

#include <map>

#include "log/catalog.h"
#include "log/cleaner.h"

namespace holdfast::log {

/// Decides what the cleaner does next; the first of these of which there is something to do:
/// drop files with nothing live, compact, settle segments as they were written (old ones; or soon,
/// if much of them is dead), rewrite settled files that are mostly dead, put small ones together.
///
/// A segment that was written a moment ago is left alone as long as it may soon be dead as a whole.
///
/// Owner's thread only.
class CleanPlanner {
 public:
  CleanPlanner(Catalog& catalog, const LogSettings& settings)
      : catalog_(catalog), settings_(settings) {}

  void begin(const format::Manifest& manifest);
  /// Takes over what a job has compacted, and what it could not.
  void cleaned(const CleanResult& result, int64_t now_ms);

  /// Nothing: all is well. `ready`: only what lies below it may be cleaned.
  Result<std::optional<CleanJob>> plan(const CleaningRules& rules, Position ready);
  /// What came out besides, the last time.
  const CleaningNeeds& needs() const { return needs_; }
  /// Fills in what is known here.
  void tell(CleanerNumbers& numbers) const;

 private:
  struct History {
    int64_t upto = 0;
    int64_t horizon_ms = INT64_MAX;
    int64_t not_before_ms = INT64_MIN;  // it could not be compacted any further
    uint64_t waits_since = UINT64_MAX;  // the pass at which others had taken the room first
    bool without_room = false;          // for its keys
  };
  using Segments = std::vector<SegmentPtr>;

  void find_ready(Position ready, int64_t now_ms);
  Segments dead() const;
  Result<std::vector<CompactionTask>> due(const CleaningRules& rules, Position ready);
  bool is_due(const CompactionRule& rule, const Dirt& dirt, int64_t now_ms, const History& history);
  std::vector<Segments> inputs_of(const std::vector<CompactionTask>& tasks) const;
  Segments to_settle(int64_t now_ms);
  Segments to_rewrite() const;
  Segments to_merge() const;
  bool may_join(const Segments& unit, const SegmentPtr& next) const;
  Result<CleanJob> job_of(CleanWork work, const std::vector<Segments>& units);
  uint64_t live_bytes() const;

  Catalog& catalog_;
  const LogSettings& settings_;
  CleaningNeeds needs_;
  Segments ready_;               // as they were written, from the oldest on
  std::set<PartitionId> apart_;  // the compacted ones
  std::map<PartitionId, History> history_;
  uint64_t passes_ = 0;  // of compaction
  double dirty_most_ = 0;
  uint64_t damaged_ = 0;  // compacted partitions of which something cannot be read
};

}  // namespace holdfast::log
