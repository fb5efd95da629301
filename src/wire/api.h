#pragma once

#include <cstdint>
#include <span>

namespace holdfast::wire {

/// The APIs that this module has messages for, by Kafka's numbers.
enum class ApiKey : int16_t {
  produce = 0,
  fetch = 1,
  list_offsets = 2,
  metadata = 3,
  offset_commit = 8,
  offset_fetch = 9,
  find_coordinator = 10,
  join_group = 11,
  heartbeat = 12,
  leave_group = 13,
  sync_group = 14,
  describe_groups = 15,
  list_groups = 16,
  sasl_handshake = 17,
  api_versions = 18,
  create_topics = 19,
  delete_topics = 20,
  delete_records = 21,
  init_producer_id = 22,
  offset_for_leader_epoch = 23,
  add_partitions_to_txn = 24,
  add_offsets_to_txn = 25,
  end_txn = 26,
  write_txn_markers = 27,
  txn_offset_commit = 28,
  describe_acls = 29,
  create_acls = 30,
  delete_acls = 31,
  describe_configs = 32,
  alter_configs = 33,
  alter_replica_log_dirs = 34,
  describe_log_dirs = 35,
  sasl_authenticate = 36,
  create_partitions = 37,
  delete_groups = 42,
  elect_leaders = 43,
  incremental_alter_configs = 44,
  alter_partition_reassignments = 45,
  list_partition_reassignments = 46,
  offset_delete = 47,
  describe_client_quotas = 48,
  describe_user_scram_credentials = 50,
  describe_quorum = 55,
  describe_cluster = 60,
  describe_producers = 61,
  describe_transactions = 65,
  list_transactions = 66,
  consumer_group_heartbeat = 68,
  list_config_resources = 74,
  describe_topic_partitions = 75,
};

struct VersionRange {
  int16_t min = 0;
  int16_t max = 0;
  constexpr bool contains(int version) const { return version >= min && version <= max; }
};

/// What a broker must know of an API before it can read its body.
struct ApiSpec {
  ApiKey key{};
  const char* name = "";
  VersionRange versions;              // decoded and encoded here, and advertised
  int16_t flexible_from = INT16_MAX;  // compact lengths and tag buffers from this version on
  /// Versions below this one are advertised for the sake of old clients, but are to be answered
  /// UNSUPPORTED_VERSION.
  int16_t served_from = 0;

  constexpr bool flexible(int version) const { return version >= flexible_from; }
  /// Request header 2 and response header 1 have a tag buffer; an ApiVersions response never does,
  /// since its reader does not know yet what the broker speaks.
  constexpr bool response_header_flexible(int version) const {
    return flexible(version) && key != ApiKey::api_versions;
  }
};

/// Every API of this module, by rising key: the one list that dispatch, the ApiVersions answer and
/// the docs are made from. That an API is listed says that its messages are understood, not that a
/// broker serves it.
std::span<const ApiSpec> all_apis();

/// Null if there is no such API here.
const ApiSpec* find_api(int16_t key);

}  // namespace holdfast::wire
