#pragma once

#include <optional>
#include <string>
#include <vector>

#include "wire/message.h"

namespace holdfast::wire {

/// DescribeCluster (key 60): the brokers, the controller, the cluster id (KIP-700).
inline constexpr ApiSpec describe_cluster_api{.key = ApiKey::describe_cluster,
                                              .name = "DescribeCluster",
                                              .versions = {0, 2},
                                              .flexible_from = 0};

struct DescribeClusterRequest {
  static constexpr const ApiSpec& api = describe_cluster_api;

  bool include_cluster_authorized_operations = false;
  int8_t endpoint_type = 1;  // 1 brokers, 2 controllers
  bool include_fenced_brokers = false;

  static void describe(auto& codec, auto& m) {
    codec.field(m.include_cluster_authorized_operations);
    codec.field(m.endpoint_type, since(1));
    codec.field(m.include_fenced_brokers, since(2));
  }
};

struct DescribeClusterResponse {
  static constexpr const ApiSpec& api = describe_cluster_api;

  struct Broker {
    int32_t broker_id = 0;
    std::string host;
    int32_t port = 0;
    std::optional<std::string> rack;
    bool is_fenced = false;

    static void describe(auto& codec, auto& m) {
      codec.field(m.broker_id);
      codec.field(m.host);
      codec.field(m.port);
      codec.field(m.rack);
      codec.field(m.is_fenced, since(2));
    }
  };

  int32_t throttle_time_ms = 0;
  ErrorCode error_code = ErrorCode::none;
  std::optional<std::string> error_message;
  int8_t endpoint_type = 1;  // 1 brokers, 2 controllers
  std::string cluster_id;
  int32_t controller_id = -1;
  std::vector<Broker> brokers;
  int32_t cluster_authorized_operations = INT32_MIN;  // INT32_MIN: not asked for

  static void describe(auto& codec, auto& m) {
    codec.field(m.throttle_time_ms);
    codec.field(m.error_code);
    codec.field(m.error_message);
    codec.field(m.endpoint_type, since(1));
    codec.field(m.cluster_id);
    codec.field(m.controller_id);
    codec.field(m.brokers);
    codec.field(m.cluster_authorized_operations);
  }
};

}  // namespace holdfast::wire
