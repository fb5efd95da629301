#include "control/broker.h"

#include <fmt/format.h>

#include "base/os/process.h"
#include "broker/broker.h"
#include "broker/named_settings.h"
#include "http/server.h"

namespace holdfast::control {
namespace {

/// GET /metrics in Prometheus' text form; GET /ready: 200, or 503 while nothing can be written.
http::Handler watching(broker::Broker& broker) {
  return [&broker](const http::Request& request, http::Reply reply) {
    if (request.method != "GET") return reply({.status = 405, .body = "only GET\n"});
    if (request.path == "/metrics") {
      return broker.metrics([reply = std::move(reply)](std::string text) mutable {
        reply({.content_type = "text/plain; version=0.0.4; charset=utf-8", .body = std::move(text)});
      });
    }
    if (request.path == "/ready") {
      return broker.writable([reply = std::move(reply)](bool writable) mutable {
        reply({.status = writable ? 200 : 503,
               .body = writable ? "ready\n" : "nothing can be written\n"});
      });
    }
    reply({.status = 404, .body = "there are /metrics and /ready\n"});
  };
}

class Running final : public RunningBroker {
 public:
  explicit Running(std::unique_ptr<broker::Broker> broker) : broker_(std::move(broker)) {}
  /// Loopback, unless `insecure`.
  Status serve_metrics(const std::string& wanted, bool insecure) {
    const os::Address address = HOLDFAST_TRY(os::Address::parse(wanted));
    if (!insecure && !address.is_loopback()) {
      return fail(ErrorCode::invalid,
                  fmt::format("--metrics {} can be reached from other machines; use 127.0.0.1, or "
                              "allow it with --insecure",
                              wanted));
    }
    metrics_ = HOLDFAST_TRY(http::ServerThread::start(address, watching(*broker_)));
    return {};
  }
  std::string metrics_address() const override {
    return metrics_ ? metrics_->address().text() : std::string();
  }
  std::string address() const override { return broker_->address().text(); }
  Status wait() override { return broker_->wait(); }
  Status stop() override {
    metrics_.reset();
    return broker_->stop();
  }

 private:
  std::unique_ptr<broker::Broker> broker_;
  std::unique_ptr<http::ServerThread> metrics_;  // goes first: it asks the broker
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
  auto running = std::make_unique<Running>(std::move(*broker));
  if (options.metrics)
    HOLDFAST_CHECKED(running->serve_metrics(*options.metrics, options.insecure));
  const std::string address = running->address();
  HOLDFAST_CHECKED(
      os::replace_file(os::real_files(), address_file(options.data), as_bytes(address)));
  return running;
}

std::string address_file(const std::string& data_folder) {
  return data_folder + "/address";
}

}  // namespace holdfast::control
