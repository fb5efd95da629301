#pragma once

#include <optional>
#include <string>

#include "wire/message.h"

namespace holdfast::wire {

/// SaslAuthenticate (key 36): the words of the mechanism that the handshake agreed on.
inline constexpr ApiSpec sasl_authenticate_api{.key = ApiKey::sasl_authenticate,
                                               .name = "SaslAuthenticate",
                                               .versions = {0, 2},
                                               .flexible_from = 2};

struct SaslAuthenticateRequest {
  static constexpr const ApiSpec& api = sasl_authenticate_api;

  ByteView auth_bytes;

  static void describe(auto& codec, auto& m) { codec.field(m.auth_bytes); }
};

struct SaslAuthenticateResponse {
  static constexpr const ApiSpec& api = sasl_authenticate_api;

  ErrorCode error_code = ErrorCode::none;
  std::optional<std::string> error_message;
  ByteBuffer auth_bytes;
  int64_t session_lifetime_ms = 0;

  static void describe(auto& codec, auto& m) {
    codec.field(m.error_code);
    codec.field(m.error_message);
    codec.field(m.auth_bytes);
    codec.field(m.session_lifetime_ms, since(1));
  }
};

}  // namespace holdfast::wire
