#pragma once

#include <string_view>

#include "wire/message.h"

namespace holdfast::wire {

/// EndTxn (key 26): commit or abort. From 5 on (TV2, KIP-890) the answer carries the id and epoch
/// for the next transaction.
inline constexpr ApiSpec end_txn_api{
    .key = ApiKey::end_txn, .name = "EndTxn", .versions = {0, 5}, .flexible_from = 3};

struct EndTxnRequest {
  static constexpr const ApiSpec& api = end_txn_api;

  std::string_view transactional_id;
  int64_t producer_id = 0;
  int16_t producer_epoch = 0;
  bool committed = false;  // false: abort

  static void describe(auto& codec, auto& m) {
    codec.field(m.transactional_id);
    codec.field(m.producer_id);
    codec.field(m.producer_epoch);
    codec.field(m.committed);
  }
};

struct EndTxnResponse {
  static constexpr const ApiSpec& api = end_txn_api;

  int32_t throttle_time_ms = 0;
  ErrorCode error_code = ErrorCode::none;
  int64_t producer_id = -1;
  int16_t producer_epoch = -1;

  static void describe(auto& codec, auto& m) {
    codec.field(m.throttle_time_ms);
    codec.field(m.error_code);
    codec.field(m.producer_id, since(5));
    codec.field(m.producer_epoch, since(5));
  }
};

}  // namespace holdfast::wire
