#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wire/message.h"

namespace holdfast::wire {

/// DescribeUserScramCredentials (key 50): which users have SCRAM credentials, never what they are
/// (KIP-554).
inline constexpr ApiSpec describe_user_scram_credentials_api{
    .key = ApiKey::describe_user_scram_credentials,
    .name = "DescribeUserScramCredentials",
    .versions = {0, 0},
    .flexible_from = 0};

struct DescribeUserScramCredentialsRequest {
  static constexpr const ApiSpec& api = describe_user_scram_credentials_api;

  struct User {
    std::string_view name;

    static void describe(auto& codec, auto& m) { codec.field(m.name); }
  };

  std::optional<std::vector<User>> users = std::vector<User>{};  // null or empty: all

  static void describe(auto& codec, auto& m) { codec.field(m.users); }
};

struct DescribeUserScramCredentialsResponse {
  static constexpr const ApiSpec& api = describe_user_scram_credentials_api;

  struct Result {
    struct CredentialInfo {
      int8_t mechanism = 0;
      int32_t iterations = 0;

      static void describe(auto& codec, auto& m) {
        codec.field(m.mechanism);
        codec.field(m.iterations);
      }
    };

    std::string user;
    ErrorCode error_code = ErrorCode::none;
    std::optional<std::string> error_message = "";
    std::vector<CredentialInfo> credential_infos;

    static void describe(auto& codec, auto& m) {
      codec.field(m.user);
      codec.field(m.error_code);
      codec.field(m.error_message);
      codec.field(m.credential_infos);
    }
  };

  int32_t throttle_time_ms = 0;
  ErrorCode error_code = ErrorCode::none;
  std::optional<std::string> error_message = "";
  std::vector<Result> results;

  static void describe(auto& codec, auto& m) {
    codec.field(m.throttle_time_ms);
    codec.field(m.error_code);
    codec.field(m.error_message);
    codec.field(m.results);
  }
};

}  // namespace holdfast::wire
