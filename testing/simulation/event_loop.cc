#include "testing/simulation/event_loop.h"

#include "base/check.h"

namespace holdfast::simulation {
namespace {

class SimulatedTimer final : public os::Timer {
 public:
  SimulatedTimer(Scheduler& scheduler, std::function<void()> expired)
      : scheduler_(scheduler), expired_(std::move(expired)) {}

  void arm(int64_t steady_ms) override {
    // A new life for each arming, so that what was armed before is dropped.
    armed_ = std::make_shared<int>();
    if (steady_ms >= INT64_MAX / ms) return;
    scheduler_.at(steady_ms * ms, armed_, [this] {
      armed_.reset();
      expired_();
    });
  }
  void cancel() override { armed_.reset(); }

 private:
  Scheduler& scheduler_;
  std::function<void()> expired_;
  std::shared_ptr<const void> armed_;
};

class SimulatedListener final : public os::Listener {
 public:
  SimulatedListener(Network& network, os::Address address)
      : network_(network), address_(std::move(address)) {}
  ~SimulatedListener() override { network_.listen(nullptr); }
  os::Address address() const override { return address_; }

 private:
  Network& network_;
  os::Address address_;
};

}  // namespace

void SimulatedLoop::run() {
  HOLDFAST_CHECK(false);
}

std::unique_ptr<os::Connecting> SimulatedLoop::connect(const os::Address&, int64_t, Connected) {
  HOLDFAST_CHECK(false);
}

std::unique_ptr<os::Timer> SimulatedLoop::make_timer(std::function<void()> expired) {
  return std::make_unique<SimulatedTimer>(scheduler_, std::move(expired));
}

Result<std::unique_ptr<os::Listener>> SimulatedLoop::listen(
    const os::Address& address, std::function<void(std::unique_ptr<os::Connection>)> accepted) {
  network_.listen(std::move(accepted));
  return std::make_unique<SimulatedListener>(network_, os::Address{address.host, 9092});
}

}  // namespace holdfast::simulation
