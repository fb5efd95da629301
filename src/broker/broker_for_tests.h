#pragma once

#include <gtest/gtest.h>
#include <memory>

#include "broker/broker.h"
#include "broker/client_for_tests.h"
#include "testing/temporary_folder.h"

namespace holdfast::broker {

/// A broker with a folder of its own, and a client of it. A test that wants other settings makes
/// them in its constructor. For tests only.
template <class Client = TestClient>
class WithBroker : public ::testing::Test {
 protected:
  WithBroker() {
    settings_.data_folder = folder_.path() + "/data";
    settings_.listen.port = 0;
  }
  void SetUp() override { start(); }

  void start() {
    auto started = Broker::start(settings_);
    ASSERT_TRUE(started.has_value()) << started.error().message;
    broker_ = std::move(*started);
    client_ = std::make_unique<Client>(broker_->address());
  }
  void restart() {
    client_.reset();
    ASSERT_TRUE(broker_->stop().has_value());
    broker_.reset();
    start();
  }

  testing::TemporaryFolder folder_;
  BrokerSettings settings_;
  std::unique_ptr<Broker> broker_;
  std::unique_ptr<Client> client_;
};

}  // namespace holdfast::broker
