#pragma once

#include "testing/simulation/network.h"

namespace holdfast::simulation {

/// The event loop of one life of the broker. Nothing of it runs once it is destroyed.
class SimulatedLoop final : public os::EventLoop {
 public:
  SimulatedLoop(Scheduler& scheduler, Network& network)
      : scheduler_(scheduler), network_(network) {}
  ~SimulatedLoop() override { network_.listen(nullptr); }

  void run() override;  // never: the scheduler does
  void stop() override { stopped_ = true; }
  bool stopped() const { return stopped_; }
  void post(std::move_only_function<void()> task) override {
    scheduler_.after(2, life_, std::move(task));
  }
  std::unique_ptr<os::Timer> make_timer(std::function<void()> expired) override;
  Result<std::unique_ptr<os::Listener>> listen(
      const os::Address& address,
      std::function<void(std::unique_ptr<os::Connection>)> accepted) override;

  std::unique_ptr<os::Connecting> connect(const os::Address& address, int64_t timeout_ms,
                                          Connected done) override;  // never: a broker calls nobody

 private:
  Scheduler& scheduler_;
  Network& network_;
  std::shared_ptr<const void> life_ = std::make_shared<int>();
  bool stopped_ = false;
};

}  // namespace holdfast::simulation
