#include "log/clean_planner.h"

#include <algorithm>

#include "base/log_line.h"
#include "base/saturating.h"

namespace holdfast::log {
namespace {

constexpr int64_t try_again_ms = 600'000;
constexpr size_t small_files_max = 8;

uint64_t dead_bytes(const Segment& segment) {
  return segment.body_bytes - std::min(segment.body_bytes, segment.live_bytes);
}

bool holds(const Segment& segment, PartitionId partition) {
  return segment.index().find(partition).has_value();
}

bool have_common_partition(const Segment& a, const Segment& b) {
  for (uint32_t slot = 0; slot < a.index().slots(); ++slot)
    if (holds(b, a.index().summary(slot).partition)) return true;
  return false;
}

uint64_t used_bytes(const std::vector<SegmentPtr>& segments) {
  uint64_t bytes = 0;
  for (const SegmentPtr& segment : segments) bytes += segment->used_bytes();
  return bytes;
}

}  // namespace

void CleanPlanner::begin(const format::Manifest& manifest) {
  for (const auto& cleaned : manifest.cleaned)
    history_[cleaned.partition] = {.upto = cleaned.upto, .horizon_ms = cleaned.horizon_ms};
}

/// Who gets no further is put off: another pass would find the same. Not so where only the memory
/// for keys was taken: there the one that waits the longest goes first the next time.
void CleanPlanner::cleaned(const CleanResult& result, int64_t now_ms) {
  if (!result.cleaned.empty()) ++passes_;
  for (const auto& cleaned : result.cleaned) {
    History& history = history_[cleaned.partition];
    const bool further = cleaned.upto > history.upto || cleaned.horizon_ms > history.horizon_ms;
    const bool crowded = std::ranges::count(result.crowded_out, cleaned.partition) > 0;
    const uint64_t waits_since = crowded ? std::min(history.waits_since, passes_) : UINT64_MAX;
    history = {.upto = cleaned.upto,
               .horizon_ms = cleaned.horizon_ms,
               .not_before_ms = further || crowded ? INT64_MIN : now_ms + try_again_ms,
               .waits_since = waits_since};
  }
  for (const PartitionId partition : result.without_room) {
    history_[partition].without_room = true;
    log_warning("log",
                "partition {} is not compacted any further: one batch has more keys than fit into "
                "the memory for them",
                partition.value);
  }
}

void CleanPlanner::tell(CleanerNumbers& numbers) const {
  numbers.dirty_most = dirty_most_;
  numbers.uncleanable_partitions = damaged_;
  for (const auto& [partition, history] : history_)
    numbers.uncleanable_partitions += history.without_room ? 1 : 0;
}

Result<std::optional<CleanJob>> CleanPlanner::plan(const CleaningRules& rules, Position ready) {
  needs_ = {};
  find_ready(ready, rules.now_ms());
  if (const Segments gone = dead(); !gone.empty())
    return HOLDFAST_TRY(job_of(CleanWork::drop, {gone}));
  if (!settings_.cleaner.enabled) return std::nullopt;
  auto tasks = HOLDFAST_TRY(due(rules, ready));
  if (!tasks.empty()) {
    if (const auto units = inputs_of(tasks); !units.empty()) {
      CleanJob job = HOLDFAST_TRY(job_of(CleanWork::compact, units));
      job.compactions = std::move(tasks);
      return job;
    }
    // What had a horizon is all gone since, by retention.
    for (const CompactionTask& task : tasks) history_[task.partition].horizon_ms = INT64_MAX;
  }
  if (const Segments run = to_settle(rules.now_ms()); !run.empty())
    return HOLDFAST_TRY(job_of(CleanWork::settle, {run}));
  if (const Segments run = to_rewrite(); !run.empty())
    return HOLDFAST_TRY(job_of(CleanWork::rewrite, {run}));
  if (const Segments run = to_merge(); !run.empty())
    return HOLDFAST_TRY(job_of(CleanWork::merge, {run}));
  return std::nullopt;
}

void CleanPlanner::find_ready(Position ready, int64_t now_ms) {
  ready_.clear();
  for (const SegmentPtr& segment : catalog_.segments()) {
    const bool active = segment == catalog_.segments().back();
    if (active || segment->end > ready || segment->unreadable) break;
    if (segment->ready_since_ms < 0) segment->ready_since_ms = now_ms;
    ready_.push_back(segment);
  }
}

CleanPlanner::Segments CleanPlanner::dead() const {
  Segments gone;
  for (const SegmentPtr& segment : catalog_.settled())
    if (segment->live_bytes == 0) gone.push_back(segment);
  for (const SegmentPtr& segment : ready_) {
    if (segment->live_bytes > 0) break;
    gone.push_back(segment);
  }
  return gone;
}

Result<std::vector<CompactionTask>> CleanPlanner::due(const CleaningRules& rules, Position ready) {
  std::vector<CompactionTask> tasks;
  const Position limit = ready_.empty() ? Position{} : ready_.back()->end;
  const int64_t now_ms = rules.now_ms();
  apart_.clear();
  dirty_most_ = 0;
  damaged_ = 0;
  auto partitions = catalog_.partitions();
  std::ranges::sort(partitions);
  for (const PartitionId partition : partitions) {
    const auto rule = rules.compaction(partition);
    if (!rule) continue;
    apart_.insert(partition);
    const bool readable = std::ranges::none_of(catalog_.settled(), [&](const SegmentPtr& segment) {
      return segment->unreadable && holds(*segment, partition);
    });
    if (!readable) {
      ++damaged_;
      continue;
    }
    const History& history = history_[partition];
    const Dirt dirt = HOLDFAST_TRY(catalog_.dirt(
        partition, history.upto, rule->below,
        rule->lag_ms_min > 0 ? now_ms - rule->lag_ms_min : INT64_MAX, std::min(ready, limit)));
    if (!is_due(*rule, dirt, now_ms, history)) continue;
    tasks.push_back({.partition = partition,
                     .rule = *rule,
                     .detail = rules.detail(partition),
                     .dirty_from = std::max(history.upto, catalog_.live_from(partition)),
                     .now_ms = now_ms});
  }
  std::erase_if(history_, [&](const auto& each) { return !apart_.contains(each.first); });
  std::ranges::stable_sort(
      tasks, {}, [&](const CompactionTask& task) { return history_[task.partition].waits_since; });
  return tasks;
}

/// Kafka's rule: enough of the partition is dirty, among what is sealed, or its dirt is too old.
/// What it calls a segment of the partition is here whatever is older than segment.ms or larger
/// than segment.bytes: such is not left in the log's active segment, but sealed and waited for.
bool CleanPlanner::is_due(const CompactionRule& rule, const Dirt& dirt, int64_t now_ms,
                          const History& history) {
  const auto note = [&](int64_t time_ms) {
    if (time_ms > now_ms) needs_.next_ms = std::min(needs_.next_ms, time_ms);
    return time_ms <= now_ms;
  };
  const auto dirty_enough = [&](uint64_t dirty) {
    const auto all = static_cast<double>(dirt.clean_bytes + dirty);
    return dirty > 0 && static_cast<double>(dirty) >= rule.dirty_ratio_min * all;
  };
  if (const uint64_t dirty = dirt.ready_bytes + dirt.later_bytes; dirty > 0)
    dirty_most_ = std::max(
        dirty_most_, static_cast<double>(dirty) / static_cast<double>(dirty + dirt.clean_bytes));
  if (dirt.held_back_ms != INT64_MAX) note(saturating_sum(dirt.held_back_ms, rule.lag_ms_min));
  if (!note(history.not_before_ms)) return false;
  if (dirt.later_bytes > 0) {
    bool wanted =
        note(saturating_sum(std::min(dirt.ready_oldest_ms, dirt.later_oldest_ms), rule.lag_ms_max));
    if (dirty_enough(dirt.ready_bytes + dirt.later_bytes)) {
      wanted |=
          dirt.later_bytes >= static_cast<uint64_t>(std::max<int64_t>(rule.segment_bytes, 0)) ||
          note(saturating_sum(dirt.later_oldest_ms, rule.segment_ms));
    }
    if (wanted) {
      needs_.checkpoint = true;
      return false;
    }
  }
  const bool too_old =
      dirt.ready_bytes > 0 && note(saturating_sum(dirt.ready_oldest_ms, rule.lag_ms_max));
  const bool horizon_passed = history.horizon_ms != INT64_MAX && note(history.horizon_ms);
  return too_old || horizon_passed || dirty_enough(dirt.ready_bytes);
}

/// Whether frames of `next` may move ahead to where the unit's first are: nothing of its partitions
/// lies between that is not of the unit itself.
bool CleanPlanner::may_join(const Segments& unit, const SegmentPtr& next) const {
  if (used_bytes(unit) + next->used_bytes() > settings_.cleaner.run_bytes) return false;
  const auto& settled = catalog_.settled();
  const auto first = std::ranges::find(settled, unit.front());
  const auto at = std::ranges::find(settled, next);
  return std::none_of(first, at, [&](const SegmentPtr& between) {
    return std::ranges::find(unit, between) == unit.end() && have_common_partition(*between, *next);
  });
}

/// All that there is of the partitions, old before new, cut into units.
std::vector<CleanPlanner::Segments> CleanPlanner::inputs_of(
    const std::vector<CompactionTask>& tasks) const {
  const auto wanted = [&](const SegmentPtr& segment) {
    return std::ranges::any_of(
        tasks, [&](const CompactionTask& task) { return holds(*segment, task.partition); });
  };
  std::vector<Segments> units;
  for (const SegmentPtr& segment : catalog_.settled()) {
    if (!wanted(segment)) continue;
    if (units.empty() || !may_join(units.back(), segment)) units.emplace_back();
    units.back().push_back(segment);
  }
  size_t behind = 0;
  for (size_t i = 0; i < ready_.size(); ++i)
    if (wanted(ready_[i])) behind = i + 1;
  for (size_t i = 0; i < behind; ++i) {
    const bool begins =
        i == 0 || used_bytes(units.back()) + ready_[i]->used_bytes() > settings_.cleaner.run_bytes;
    if (begins) units.emplace_back();
    units.back().push_back(ready_[i]);
  }
  return units;
}

uint64_t CleanPlanner::live_bytes() const {
  uint64_t live = 0;
  for (const SegmentPtr& segment : catalog_.settled()) live += segment->live_bytes;
  for (const SegmentPtr& segment : catalog_.segments()) live += segment->live_bytes;
  return live;
}

CleanPlanner::Segments CleanPlanner::to_settle(int64_t now_ms) {
  Segments run;
  uint64_t bytes = 0;
  uint64_t dead = 0;
  int64_t due_ms = INT64_MIN;
  for (const SegmentPtr& segment : ready_) {
    dead += dead_bytes(*segment);
    if (bytes >= settings_.cleaner.run_bytes) continue;
    bytes += segment->header.file_bytes;
    due_ms = std::max(due_ms,
                      saturating_sum(segment->ready_since_ms, settings_.cleaner.settle_after_ms));
    run.push_back(segment);
  }
  const bool much_is_dead = dead > std::max(settings_.segment_bytes, live_bytes() / 4);
  const bool is_full = bytes >= settings_.cleaner.run_bytes;
  if (much_is_dead || (is_full && due_ms <= now_ms)) return run;
  if (is_full) needs_.next_ms = std::min(needs_.next_ms, due_ms);
  return {};
}

/// The file with the largest dead part, and its neighbours if they too have much that is dead.
CleanPlanner::Segments CleanPlanner::to_rewrite() const {
  const auto& settled = catalog_.settled();
  const auto share = [](const SegmentPtr& segment) {
    return segment->unreadable || segment->body_bytes == 0
               ? 0.0
               : static_cast<double>(dead_bytes(*segment)) /
                     static_cast<double>(segment->body_bytes);
  };
  uint64_t dead = 0;
  for (const SegmentPtr& segment : settled) dead += segment->unreadable ? 0 : dead_bytes(*segment);
  if (dead <= std::max(settings_.segment_bytes, live_bytes() / 4)) return {};
  auto first = std::ranges::max_element(settled, {}, share);
  auto behind = first + 1;
  uint64_t bytes = (*first)->used_bytes();
  const auto fits = [&](const SegmentPtr& segment) {
    const bool joins =
        share(segment) >= 0.25 && bytes + segment->used_bytes() <= settings_.cleaner.run_bytes;
    if (joins) bytes += segment->used_bytes();
    return joins;
  };
  while (behind != settled.end() && fits(*behind)) ++behind;
  while (first != settled.begin() && fits(*(first - 1))) --first;
  return {first, behind};
}

CleanPlanner::Segments CleanPlanner::to_merge() const {
  Segments run;
  for (const SegmentPtr& segment : catalog_.settled()) {
    const bool small = segment->used_bytes() < settings_.segment_bytes / 2 && !segment->unreadable;
    if (small && used_bytes(run) + segment->used_bytes() <= settings_.cleaner.run_bytes) {
      run.push_back(segment);
      continue;
    }
    if (run.size() >= small_files_max) break;
    run.clear();
  }
  return run.size() >= small_files_max ? run : Segments{};
}

Result<CleanJob> CleanPlanner::job_of(CleanWork work, const std::vector<Segments>& units) {
  CleanJob job{
      .work = work, .raw_from = catalog_.segments().front()->header.sequence, .apart = apart_};
  for (const Segments& segments : units) {
    CleanUnit& unit = job.units.emplace_back();
    for (const SegmentPtr& segment : segments) {
      auto index = HOLDFAST_TRY(catalog_.shared_index(*segment));
      for (uint32_t slot = 0; slot < index->slots(); ++slot) {
        const PartitionId partition = index->summary(slot).partition;
        if (const int64_t from = catalog_.live_from(partition); from > 0)
          job.live_from[partition] = from;
      }
      unit.inputs.push_back({segment, std::move(index)});
    }
  }
  return job;
}

}  // namespace holdfast::log
