#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "wire/message.h"

namespace holdfast::wire {

/// DescribeTransactions (key 65): owner, state and partitions of transactional ids (KIP-664).
inline constexpr ApiSpec describe_transactions_api{.key = ApiKey::describe_transactions,
                                                   .name = "DescribeTransactions",
                                                   .versions = {0, 0},
                                                   .flexible_from = 0};

struct DescribeTransactionsRequest {
  static constexpr const ApiSpec& api = describe_transactions_api;

  std::vector<std::string_view> transactional_ids;

  static void describe(auto& codec, auto& m) { codec.field(m.transactional_ids); }
};

struct DescribeTransactionsResponse {
  static constexpr const ApiSpec& api = describe_transactions_api;

  struct State {
    struct Topic {
      std::string topic;
      std::vector<int32_t> partitions;

      static void describe(auto& codec, auto& m) {
        codec.field(m.topic);
        codec.field(m.partitions);
      }
    };

    ErrorCode error_code = ErrorCode::none;
    std::string transactional_id;
    std::string transaction_state;
    int32_t transaction_timeout_ms = 0;
    int64_t transaction_start_time_ms = 0;
    int64_t producer_id = 0;
    int16_t producer_epoch = 0;
    std::vector<Topic> topics;

    static void describe(auto& codec, auto& m) {
      codec.field(m.error_code);
      codec.field(m.transactional_id);
      codec.field(m.transaction_state);
      codec.field(m.transaction_timeout_ms);
      codec.field(m.transaction_start_time_ms);
      codec.field(m.producer_id);
      codec.field(m.producer_epoch);
      codec.field(m.topics);
    }
  };

  int32_t throttle_time_ms = 0;
  std::vector<State> transaction_states;

  static void describe(auto& codec, auto& m) {
    codec.field(m.throttle_time_ms);
    codec.field(m.transaction_states);
  }
};

}  // namespace holdfast::wire
