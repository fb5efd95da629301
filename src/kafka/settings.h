#pragma once

#include <map>
#include <string>

namespace holdfast::kafka {

/// How to reach a Kafka, real or embedded.
struct ClientSettings {
  std::string bootstrap_servers = {};  // "host:port,host:port"
  std::string client_id = "holdfast";
  /// librdkafka's own settings by its names (security above all). They win over what we set.
  std::map<std::string, std::string> extra = {};
};

}  // namespace holdfast::kafka
