#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wire/message.h"

namespace holdfast::wire {

/// ListTransactions (key 66): transactional ids by state, producer, age (KIP-994) and pattern
/// (KIP-1152).
inline constexpr ApiSpec list_transactions_api{.key = ApiKey::list_transactions,
                                               .name = "ListTransactions",
                                               .versions = {0, 2},
                                               .flexible_from = 0};

struct ListTransactionsRequest {
  static constexpr const ApiSpec& api = list_transactions_api;

  std::vector<std::string_view> state_filters;  // empty: all
  std::vector<int64_t> producer_id_filters;     // empty: all
  int64_t duration_filter = -1;                 // ms; only those open for longer
  std::optional<std::string_view> transactional_id_pattern;

  static void describe(auto& codec, auto& m) {
    codec.field(m.state_filters);
    codec.field(m.producer_id_filters);
    codec.field(m.duration_filter, since(1));
    codec.field(m.transactional_id_pattern, since(2));
  }
};

struct ListTransactionsResponse {
  static constexpr const ApiSpec& api = list_transactions_api;

  struct State {
    std::string transactional_id;
    int64_t producer_id = 0;
    std::string transaction_state;

    static void describe(auto& codec, auto& m) {
      codec.field(m.transactional_id);
      codec.field(m.producer_id);
      codec.field(m.transaction_state);
    }
  };

  int32_t throttle_time_ms = 0;
  ErrorCode error_code = ErrorCode::none;
  std::vector<std::string> unknown_state_filters;
  std::vector<State> transaction_states;

  static void describe(auto& codec, auto& m) {
    codec.field(m.throttle_time_ms);
    codec.field(m.error_code);
    codec.field(m.unknown_state_filters);
    codec.field(m.transaction_states);
  }
};

}  // namespace holdfast::wire
