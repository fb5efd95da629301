#include "broker/retention.h"

#include <algorithm>
#include <unordered_set>

#include "base/log_line.h"
#include "base/planted_bug.h"
#include "base/saturating.h"
#include "broker/settings.h"
#include "broker/state.h"
#include "log/log.h"

namespace holdfast::broker {
namespace {

constexpr size_t kSlice = 512;  // partitions
constexpr int64_t kPauseMs = 5000;

}  // namespace

int64_t Retention::next_ms() const {
  if (!started_) return 0;
  const int64_t due_ms = due_.empty() ? INT64_MAX : due_.begin()->first;
  return std::min({due_ms, oversized_due_ms_, next_clean_ms_});
}

/// The shortest time between two looks at a partition.
int64_t Retention::pause_ms(const Partition& partition) const {
  const int64_t retention_ms = partition.topic->rules.retention_ms;
  const int64_t wanted = retention_ms < 0 ? kPauseMs : std::max(kPauseMs, retention_ms / 4);
  return std::min(wanted, settings_.retention_check_interval_ms);
}

/// The shortest time between two looks at what can be compacted.
int64_t Retention::cleaning_pause_ms() const {
  return std::min(kPauseMs, settings_.cleaner_backoff_ms);
}

void Retention::plan(Partition& partition, int64_t due_ms) {
  if (partition.retention_due_ms != INT64_MAX)
    due_.erase({partition.retention_due_ms, partition.log_id});
  partition.retention_due_ms = due_ms;
  if (due_ms != INT64_MAX) due_.emplace(due_ms, partition.log_id);
}

/// A batch of this time is the oldest.
void Retention::plan_by_time(Partition& partition, int64_t timestamp_ms) {
  const int64_t expires_ms = saturating_sum(timestamp_ms, partition.topic->rules.retention_ms);
  const int64_t wait_ms =
      std::max(saturating_sum(expires_ms, 1 - now_.wall_ms), pause_ms(partition));
  plan(partition, saturating_sum(now_.steady_ms, wait_ms));
}

/// Whatever was known of them: looked at soon, but not at once. A broker that was started a moment
/// ago has better things to do.
void Retention::look_again() {
  for (const auto& [name, topic] : state_.topics()) {
    for (const auto& partition : topic->partitions) {
      const bool holds_any = partition->end > partition->log_start;
      plan(*partition, topic->rules.deleted && holds_any
                           ? saturating_sum(now_.steady_ms, pause_ms(*partition))
                           : INT64_MAX);
    }
  }
}

void Retention::check_clock(Instant now) {
  const int64_t apart_ms = now.wall_ms - now.steady_ms;
  const bool set = std::abs(apart_ms - std::exchange(clocks_apart_ms_, apart_ms)) > kPauseMs;
  now_ = now;
  if (set) look_again();
}

void Retention::release_after_restart() {
  std::unordered_set<log::PartitionId> known;
  for (const auto& [name, topic] : state_.topics()) {
    for (const auto& partition : topic->partitions) {
      known.insert(partition->log_id);
      if (partition->log_start > 0) log_.release(partition->log_id, partition->log_start);
    }
  }
  for (const log::PartitionId partition : log_.partitions()) {
    if (!known.contains(partition)) log_.release(partition, INT64_MAX);  // of a deleted topic
  }
  give_back_space();
}

void Retention::appended(Partition& partition, int64_t max_timestamp_ms, Instant now) {
  now_ = now;
  const TopicRules& rules = partition.topic->rules;
  if (rules.compacted)
    next_clean_ms_ = std::min(next_clean_ms_, now.steady_ms + cleaning_pause_ms());
  if (!rules.deleted) return;
  if (rules.retention_ms >= 0 && partition.retention_due_ms == INT64_MAX && max_timestamp_ms >= 0)
    plan_by_time(partition, max_timestamp_ms);
  if (rules.retention_bytes < 0 || partition.oversized ||
      log_.live_bytes(partition.log_id) <= static_cast<uint64_t>(rules.retention_bytes))
    return;
  partition.oversized = true;
  oversized_.insert(partition.log_id);
  oversized_due_ms_ = std::min(
      oversized_due_ms_, now.steady_ms + std::min(kPauseMs, settings_.retention_check_interval_ms));
}

void Retention::log_has_grown() {
  if (!oversized_.empty()) oversized_due_ms_ = now_.steady_ms;
}

void Retention::changed(const StateRecord& record) {
  const auto release = [this](const LogStartMoved& move) {
    log_.release({move.log_id}, move.log_start);
    released_ = log_.end();
  };
  if (const auto* move = std::get_if<LogStartMoved>(&record)) release(*move);
  if (const auto* all = std::get_if<LogStartsMoved>(&record))
    std::ranges::for_each(all->moves, release);
  if (const auto* forgotten = std::get_if<AbortsForgotten>(&record)) {
    for (const auto& below : forgotten->partitions) {
      compacted_.erase({below.log_id});
      // Nothing is released; but no job may take it for granted before it is durable.
      release({below.log_id, 0});
    }
  }
  if (std::holds_alternative<BrokerConfigured>(record) ||
      std::holds_alternative<TopicConfigured>(record))
    next_clean_ms_ = std::min(next_clean_ms_, now_.steady_ms + cleaning_pause_ms());
  if (std::holds_alternative<BrokerConfigured>(record)) look_again();
  if (const auto* configured = std::get_if<TopicConfigured>(&record)) {
    for (const auto& partition : state_.topic(configured->id)->partitions)
      plan(*partition, saturating_sum(now_.steady_ms, pause_ms(*partition)));
  }
}

void Retention::topic_deleted(const Topic& topic) {
  for (const auto& partition : topic.partitions) {
    plan(*partition, INT64_MAX);
    oversized_.erase(partition->log_id);
    compacted_.erase(partition->log_id);
    log_.release(partition->log_id, INT64_MAX);
  }
  released_ = log_.end();
}

void Retention::durable(log::Position upto, Instant now) {
  now_ = now;
  if (!released_ || upto < *released_) return;
  released_.reset();
  give_back_space();
}

void Retention::give_back_space() {
  if (!started_) return;  // the first step does it
  log::CleaningNeeds needs = log_.clean(*this);
  while (!needs.compacted.empty()) {
    for (const auto& compacted : needs.compacted) note(compacted);
    if (!compacted_.empty()) break;  // what can be forgotten is forgotten first
    needs = log_.clean(*this);
  }
  const int64_t soon_ms = now_.steady_ms + cleaning_pause_ms();
  forget_now_ = !compacted_.empty();
  if (forget_now_) next_clean_ms_ = std::min(next_clean_ms_, soon_ms);
  if (needs.next_ms != INT64_MAX) {
    const int64_t due_ms = saturating_sum(now_.steady_ms, needs.next_ms - now_.wall_ms);
    next_clean_ms_ = std::min(next_clean_ms_, std::max(soon_ms, due_ms));
  }
  if (!needs.checkpoint) return;
  if (now_.steady_ms < next_seal_ms_) {
    next_clean_ms_ = std::min(next_clean_ms_, next_seal_ms_);
    return;
  }
  next_seal_ms_ = soon_ms;
  checkpoint_wanted_ = true;
  log_.seal();
}

/// Readers have to be told of an aborted transaction as long as some of its records can be read.
void Retention::note(const log::CleaningNeeds::Compacted& compacted) {
  const Partition* partition = state_.partition(compacted.partition);
  if (partition && partition->transactions &&
      partition->transactions->any_aborted_below(compacted.upto))
    compacted_[compacted.partition] = compacted.upto;
}

AbortsForgotten Retention::take_forgettable() {
  AbortsForgotten forgotten;
  if (!std::exchange(forget_now_, false)) return forgotten;
  for (const auto& [partition, upto] : compacted_)
    forgotten.partitions.push_back({partition.value, upto});
  return forgotten;
}

std::optional<log::CompactionRule> Retention::compaction(log::PartitionId log_id) const {
  const Partition* partition = state_.partition(log_id);
  if (!partition || !partition->topic->rules.compacted) return std::nullopt;
  log::CompactionRule rule = partition->topic->rules.compaction;
  rule.below = planted_bug == PlantedBug::compact_undecided ? partition->high_watermark
                                                            : partition->last_stable_offset;
  return rule;
}

log::CompactionDetail Retention::detail(log::PartitionId log_id) const {
  log::CompactionDetail detail;
  const Partition* partition = state_.partition(log_id);
  if (!partition) return detail;
  detail.kept_last_offsets = partition->producers.last_offsets();
  if (!partition->transactions) return detail;
  partition->transactions->for_aborted(
      partition->log_start, partition->last_stable_offset, [&](const auto& range) {
        detail.aborted.push_back({range.producer_id, range.first_offset, range.last_offset});
      });
  return detail;
}

LogStartsMoved Retention::step(Instant now) {
  LogStartsMoved moves;
  now_ = now;
  if (!std::exchange(started_, true)) {
    look_again();
    next_clean_ms_ = now.steady_ms;
  }
  if (now.steady_ms >= next_clean_ms_) {
    next_clean_ms_ = INT64_MAX;
    give_back_space();
  }
  size_t left = kSlice;
  if (now.steady_ms >= oversized_due_ms_) {
    for (; left > 0 && !oversized_.empty(); --left) {
      Partition& partition = *state_.partition(*oversized_.begin());
      oversized_.erase(oversized_.begin());
      partition.oversized = false;
      judge(partition, moves);
    }
    if (oversized_.empty()) oversized_due_ms_ = INT64_MAX;
  }
  for (; left > 0 && !due_.empty() && due_.begin()->first <= now.steady_ms; --left)
    judge(*state_.partition(due_.begin()->second), moves);
  return moves;
}

void Retention::judge(Partition& partition, LogStartsMoved& moves) {
  plan(partition, INT64_MAX);
  const TopicRules& rules = partition.topic->rules;
  if (!rules.deleted) return;
  log::Expiry expiry{.below = partition.high_watermark};
  if (rules.retention_bytes >= 0) expiry.keep_bytes = static_cast<uint64_t>(rules.retention_bytes);
  if (rules.retention_ms >= 0)
    expiry.older_than_ms = saturating_difference(now_.wall_ms, rules.retention_ms);
  const auto point = log_.drop_point(partition.log_id, expiry);
  if (!point) {
    log_warning("broker", "retention of {}-{}: {}", partition.topic->name, partition.index,
                point.error().message);
    return;
  }
  if (rules.retention_ms >= 0 && point->next_timestamp_ms != INT64_MAX) {
    plan_by_time(partition, point->next_timestamp_ms);
  } else if (partition.high_watermark < partition.end) {
    plan(partition,
         saturating_sum(now_.steady_ms, pause_ms(partition)));  // what is on its way, perhaps
  }
  if (point->offset > partition.log_start)
    moves.moves.push_back({partition.log_id.value, point->offset});
}

}  // namespace holdfast::broker
