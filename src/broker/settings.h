#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/os/net.h"
#include "broker/coordinator/group_settings.h"

namespace holdfast::broker {

/// Every bound that protects the broker from its clients. Reaching one slows that client down or
/// ends its connection; it never harms another.
struct BrokerLimits {
  uint32_t connections_max = 20'000;                 // max.connections
  uint32_t connections_per_address_max = INT32_MAX;  // max.connections.per.ip
  uint32_t request_bytes_max = 100u
                               << 20;  // one request (socket.request.max.bytes); larger: closed
  uint64_t requests_bytes_max =
      512ull << 20;  // of all partly received requests together; above it reading waits
  uint32_t in_flight_requests_max =
      1000;  // not yet answered, of one connection; above it reading waits
  uint64_t unsent_bytes_max = 128ull
                              << 20;  // answers queued for one slow reader; above it reading waits
  int64_t idle_timeout_ms = 600'000;  // a connection without a request (connections.max.idle.ms)
  int32_t message_bytes_max = 1'048'588;              // one batch (message.max.bytes)
  int32_t fetch_bytes_max = 55 << 20;                 // one answer (fetch.max.bytes)
  uint32_t fetch_sessions_max = 1000;                 // max.incremental.fetch.session.cache.slots
  uint32_t fetch_session_partitions_max = 1'000'000;  // remembered by all of them together
  int32_t fetch_wait_ms_max = 600'000;                // the longest long poll
  uint32_t topics_max = 10'000;
  uint32_t partitions_max = 100'000;  // of all topics together
  uint32_t producer_ids_per_partition_max =
      100'000;  // remembered for idempotence; the longest idle ones are forgotten
  int32_t offset_metadata_bytes_max = 4096;  // offset.metadata.max.bytes
  uint32_t transactional_ids_max = 100'000;
  uint32_t group_offsets_max = 1'000'000;  // stored offsets of all groups together
};

struct BrokerSettings {
  std::string data_folder;
  os::Address listen{"127.0.0.1", 9092};  // port 0: any free one
  std::optional<os::Address>
      advertised;         // what clients are told; without it the address listened on
  bool insecure = false;  // allow listening beyond this machine although nobody is authenticated
  bool auto_create_topics = true;
  int32_t default_partitions = 1;  // num.partitions
  bool clamp_replication_factor =
      true;  // a wish for more than one replica is granted one, with a log line
  int32_t node_id = 1;
  uint64_t segment_bytes = 64ull << 20;
  uint64_t pending_bytes_max = 64ull << 20;  // produced but not yet on disk
  uint64_t log_bytes_max = UINT64_MAX;
  uint64_t recent_bytes_max = 64ull << 20;  // memory for what was produced last
  int64_t producer_id_expiration_ms = 86'400'000;
  std::string cleanup_policy = "delete";          // log.cleanup.policy, and so on: what counts for
  int64_t retention_ms = 7 * 86'400'000;          // topics that say nothing else
  int64_t retention_bytes = -1;                   // of one partition; -1: no bound
  bool cleaner_enabled = true;                    // log.cleaner.enable
  uint64_t cleaner_bytes_per_second_max = 0;      // log.cleaner.io.max.bytes.per.second; 0: none
  uint64_t cleaner_dedupe_bytes_max = 128 << 20;  // log.cleaner.dedupe.buffer.size
  int64_t cleaner_backoff_ms = 15'000;            // log.cleaner.backoff.ms
  int64_t cleaner_delete_retention_ms = 86'400'000;
  int64_t cleaner_lag_ms_min = 0;
  int64_t cleaner_lag_ms_max = INT64_MAX;
  int64_t roll_ms = 7 * 86'400'000;  // log.roll.ms
  int64_t retention_check_interval_ms =
      300'000;  // by time; by size also whenever a segment is full
  coordinator::GroupSettings groups;
  int32_t transaction_timeout_ms_max = 900'000;          // transaction.max.timeout.ms
  int64_t transactional_id_expiration_ms = 604'800'000;  // transactional.id.expiration.ms
  BrokerLimits limits;
};

}  // namespace holdfast::broker
