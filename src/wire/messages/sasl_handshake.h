#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "wire/message.h"

namespace holdfast::wire {

/// SaslHandshake (key 17): how a client wants to say who it is.
inline constexpr ApiSpec sasl_handshake_api{
    .key = ApiKey::sasl_handshake, .name = "SaslHandshake", .versions = {0, 1}};

struct SaslHandshakeRequest {
  static constexpr const ApiSpec& api = sasl_handshake_api;

  std::string_view mechanism;

  static void describe(auto& codec, auto& m) { codec.field(m.mechanism); }
};

struct SaslHandshakeResponse {
  static constexpr const ApiSpec& api = sasl_handshake_api;

  ErrorCode error_code = ErrorCode::none;
  std::vector<std::string> mechanisms;  // that there are here

  static void describe(auto& codec, auto& m) {
    codec.field(m.error_code);
    codec.field(m.mechanisms);
  }
};

}  // namespace holdfast::wire
