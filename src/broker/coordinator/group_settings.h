#pragma once

#include <cstdint>

namespace holdfast::broker::coordinator {

/// Times and bounds of groups, with the names that Kafka's broker has for them.
struct GroupSettings {
  int32_t session_timeout_min_ms = 6000;       // group.min.session.timeout.ms
  int32_t session_timeout_max_ms = 1'800'000;  // group.max.session.timeout.ms
  /// group.initial.rebalance.delay.ms: how long the first member of a group waits for others.
  int32_t initial_rebalance_delay_ms = 100;
  /// For who joins without knowing its id: it can neither send heartbeats nor be seen to go.
  int32_t new_member_timeout_ms = 300'000;
  int32_t offsets_retention_minutes = 10'080;  // offsets.retention.minutes: a week
  int64_t retention_check_ms = 600'000;        // offsets.retention.check.interval.ms
  uint32_t members_max = 10'000;               // of one group (group.max.size)
  uint32_t groups_max = 100'000;               // with members, now or before
  uint64_t metadata_bytes_max = 512ull << 20;  // of all members together
};

}  // namespace holdfast::broker::coordinator
