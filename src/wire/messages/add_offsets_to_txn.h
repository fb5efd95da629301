#pragma once

#include <string_view>

#include "wire/message.h"

namespace holdfast::wire {

/// AddOffsetsToTxn (key 25): a group's offsets join a transaction.
inline constexpr ApiSpec add_offsets_to_txn_api{.key = ApiKey::add_offsets_to_txn,
                                                .name = "AddOffsetsToTxn",
                                                .versions = {0, 4},
                                                .flexible_from = 3};

struct AddOffsetsToTxnRequest {
  static constexpr const ApiSpec& api = add_offsets_to_txn_api;

  std::string_view transactional_id;
  int64_t producer_id = 0;
  int16_t producer_epoch = 0;
  std::string_view group_id;

  static void describe(auto& codec, auto& m) {
    codec.field(m.transactional_id);
    codec.field(m.producer_id);
    codec.field(m.producer_epoch);
    codec.field(m.group_id);
  }
};

struct AddOffsetsToTxnResponse {
  static constexpr const ApiSpec& api = add_offsets_to_txn_api;

  int32_t throttle_time_ms = 0;
  ErrorCode error_code = ErrorCode::none;

  static void describe(auto& codec, auto& m) {
    codec.field(m.throttle_time_ms);
    codec.field(m.error_code);
  }
};

}  // namespace holdfast::wire
