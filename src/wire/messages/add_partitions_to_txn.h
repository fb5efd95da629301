#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "wire/message.h"

namespace holdfast::wire {

/// AddPartitionsToTxn (key 24): partitions join a transaction before they are written to. From 4 on
/// the form for brokers, with many transactions; clients use 3 and below, or none at all with TV2
/// (KIP-890).
inline constexpr ApiSpec add_partitions_to_txn_api{.key = ApiKey::add_partitions_to_txn,
                                                   .name = "AddPartitionsToTxn",
                                                   .versions = {0, 5},
                                                   .flexible_from = 3};

struct AddPartitionsToTxnRequest {
  static constexpr const ApiSpec& api = add_partitions_to_txn_api;

  struct Topic {
    std::string_view name;
    std::vector<int32_t> partitions;

    static void describe(auto& codec, auto& m) {
      codec.field(m.name);
      codec.field(m.partitions);
    }
  };

  struct Transaction {
    std::string_view transactional_id;
    int64_t producer_id = 0;
    int16_t producer_epoch = 0;
    bool verify_only = false;
    std::vector<Topic> topics;

    static void describe(auto& codec, auto& m) {
      codec.field(m.transactional_id);
      codec.field(m.producer_id);
      codec.field(m.producer_epoch);
      codec.field(m.verify_only);
      codec.field(m.topics);
    }
  };

  std::vector<Transaction> transactions;
  std::string_view v3_and_below_transactional_id;
  int64_t v3_and_below_producer_id = 0;
  int16_t v3_and_below_producer_epoch = 0;
  std::vector<Topic> v3_and_below_topics;

  static void describe(auto& codec, auto& m) {
    codec.field(m.transactions, since(4));
    codec.field(m.v3_and_below_transactional_id, until(3));
    codec.field(m.v3_and_below_producer_id, until(3));
    codec.field(m.v3_and_below_producer_epoch, until(3));
    codec.field(m.v3_and_below_topics, until(3));
  }
};

struct AddPartitionsToTxnResponse {
  static constexpr const ApiSpec& api = add_partitions_to_txn_api;

  struct Topic {
    struct Partition {
      int32_t partition_index = 0;
      ErrorCode partition_error_code = ErrorCode::none;

      static void describe(auto& codec, auto& m) {
        codec.field(m.partition_index);
        codec.field(m.partition_error_code);
      }
    };

    std::string name;
    std::vector<Partition> results_by_partition;

    static void describe(auto& codec, auto& m) {
      codec.field(m.name);
      codec.field(m.results_by_partition);
    }
  };

  struct Transaction {
    std::string transactional_id;
    std::vector<Topic> topic_results;

    static void describe(auto& codec, auto& m) {
      codec.field(m.transactional_id);
      codec.field(m.topic_results);
    }
  };

  int32_t throttle_time_ms = 0;
  ErrorCode error_code = ErrorCode::none;
  std::vector<Transaction> results_by_transaction;
  std::vector<Topic> results_by_topic_v3_and_below;

  static void describe(auto& codec, auto& m) {
    codec.field(m.throttle_time_ms);
    codec.field(m.error_code, since(4));
    codec.field(m.results_by_transaction, since(4));
    codec.field(m.results_by_topic_v3_and_below, until(3));
  }
};

}  // namespace holdfast::wire
