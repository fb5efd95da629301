#pragma once

#include <optional>
#include <string_view>

#include "wire/message.h"

namespace holdfast::wire {

/// InitProducerId (key 22): a producer gets its id and epoch; with a transactional id, its
/// predecessor is fenced. Version 6 (two-phase commit, KIP-939) is not stable in Kafka 4.3 and not
/// advertised by it.
inline constexpr ApiSpec init_producer_id_api{.key = ApiKey::init_producer_id,
                                              .name = "InitProducerId",
                                              .versions = {0, 5},
                                              .flexible_from = 2};

struct InitProducerIdRequest {
  static constexpr const ApiSpec& api = init_producer_id_api;

  std::optional<std::string_view> transactional_id;  // null: only idempotent
  int32_t transaction_timeout_ms = 0;
  int64_t producer_id = -1;
  int16_t producer_epoch = -1;

  static void describe(auto& codec, auto& m) {
    codec.field(m.transactional_id);
    codec.field(m.transaction_timeout_ms);
    codec.field(m.producer_id, since(3));
    codec.field(m.producer_epoch, since(3));
  }
};

struct InitProducerIdResponse {
  static constexpr const ApiSpec& api = init_producer_id_api;

  int32_t throttle_time_ms = 0;
  ErrorCode error_code = ErrorCode::none;
  int64_t producer_id = -1;
  int16_t producer_epoch = 0;

  static void describe(auto& codec, auto& m) {
    codec.field(m.throttle_time_ms);
    codec.field(m.error_code);
    codec.field(m.producer_id);
    codec.field(m.producer_epoch);
  }
};

}  // namespace holdfast::wire
