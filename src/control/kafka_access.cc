#include "control/kafka_access.h"

#include <fmt/format.h>

#include "base/os/files.h"

namespace holdfast::control {

Result<KafkaAccess> KafkaAccess::open(const settings::Kafka& kafka, Purpose purpose) {
  KafkaAccess access;
  access.client_.extra = kafka.properties;
  if (!kafka.embedded()) {
    access.client_.bootstrap_servers = kafka.bootstrap_servers;
    return access;
  }
  auto broker = RunningBroker::start({.data = kafka.data,
                                      .listen = kafka.listen,
                                      .advertised = {},
                                      .insecure = false,
                                      .data_setting = "kafka.data"});
  if (broker) {
    access.client_.bootstrap_servers = (*broker)->address();
    access.broker_ = std::move(*broker);
    return access;
  }
  if (purpose == Purpose::serve || broker.error().code != ErrorCode::locked)
    return std::unexpected(broker.error());
  auto address = os::read_file(os::real_files(), address_file(kafka.data), 1024);
  if (!address) return std::unexpected(broker.error());
  access.client_.bootstrap_servers = as_text(*address);
  return access;
}

}  // namespace holdfast::control
