#include "control/broker.h"

#include <fmt/format.h>

#include "base/os/process.h"
#include "broker/broker.h"
#include "broker/named_settings.h"

namespace holdfast::control {
namespace {

class Running final : public RunningBroker {
 public:
  explicit Running(std::unique_ptr<broker::Broker> broker) : broker_(std::move(broker)) {}
  std::string address() const override { return broker_->address().text(); }
  Status wait() override { return broker_->wait(); }
  Status stop() override { return broker_->stop(); }

 private:
  std::unique_ptr<broker::Broker> broker_;
};

/// Each is NAME=VALUE.
Status apply(const std::vector<std::string>& wishes, broker::BrokerSettings& settings) {
  for (const std::string& wish : wishes) {
    const size_t equals = wish.find('=');
    if (equals == std::string::npos)
      return fail(ErrorCode::invalid, fmt::format("--set {}: must be NAME=VALUE", wish));
    HOLDFAST_CHECKED(
        broker::set_by_name(settings, wish.substr(0, equals), wish.substr(equals + 1)));
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<RunningBroker>> RunningBroker::start(const BrokerOptions& options) {
  os::raise_file_limit();  // a connection each
  broker::BrokerSettings settings;
  settings.data_folder = options.data;
  settings.listen = HOLDFAST_TRY(os::Address::parse(options.listen));
  if (options.advertised)
    settings.advertised = HOLDFAST_TRY(os::Address::parse(*options.advertised));
  settings.insecure = options.insecure;
  HOLDFAST_CHECKED(apply(options.set, settings));
  auto broker = broker::Broker::start(std::move(settings));
  if (!broker) {
    const Error& error = broker.error();
    if (error.code == ErrorCode::locked) {
      const size_t who = error.message.find("process ");
      return fail(
          error.code,
          fmt::format("cannot open data folder {}: {}; stop it or choose another folder with {}",
                      options.data, error.message.substr(who == std::string::npos ? 0 : who),
                      options.data_setting));
    }
    return fail(error.code, error.message);
  }
  const std::string address = (*broker)->address().text();
  HOLDFAST_CHECKED(
      os::replace_file(os::real_files(), address_file(options.data), as_bytes(address)));
  return std::make_unique<Running>(std::move(*broker));
}

std::string address_file(const std::string& data_folder) {
  return data_folder + "/address";
}

}  // namespace holdfast::control
