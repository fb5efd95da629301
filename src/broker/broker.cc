#include "broker/broker.h"

#include <condition_variable>
#include <filesystem>
#include <fmt/core.h>
#include <mutex>
#include <thread>

#include "base/log_line.h"
#include "base/os/clock.h"
#include "base/os/random.h"
#include "broker/config.h"
#include "broker/core.h"
#include "broker/recovery.h"
#include "broker/server.h"

namespace holdfast::broker {
namespace {

constexpr int64_t kDrainMs = 3000;  // for answers that are on their way when the broker stops

TopicId random_id() {
  TopicId id;
  os::random_bytes(id.bytes);
  return id;
}

/// 22 characters, as Kafka writes its ids.
std::string base64(const TopicId& id) {
  static constexpr char digits[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string text;
  uint32_t bits = 0;
  int have = 0;
  for (const std::byte byte : id.bytes) {
    bits = bits << 8 | static_cast<uint8_t>(byte);
    for (have += 8; have >= 6; have -= 6) text += digits[bits >> (have - 6) & 63];
  }
  return text += digits[bits << (6 - have) & 63];
}

/// Tools are told the folder, and stand somewhere else.
BrokerSettings with_absolute_folder(BrokerSettings settings) {
  if (!settings.data_folder.empty())
    settings.data_folder = std::filesystem::absolute(settings.data_folder).lexically_normal();
  return settings;
}

Status check(const BrokerSettings& settings) {
  if (settings.data_folder.empty())
    return fail(ErrorCode::invalid, "the broker needs a data folder");
  if (!settings.insecure && !settings.listen.is_loopback()) {
    return fail(ErrorCode::invalid, fmt::format("{} can be reached from other machines, and nobody "
                                                "is authenticated; listen on 127.0.0.1, or "
                                                "allow it with insecure",
                                                settings.listen.text()));
  }
  if (settings.default_partitions < 1)
    return fail(ErrorCode::invalid, "default partitions must be at least 1");
  return {};
}

class RunningBroker final : public Broker {
 public:
  RunningBroker(BrokerSettings settings, os::Files& files)
      : settings_(with_absolute_folder(std::move(settings))),
        files_(files),
        state_(started_with(settings_)) {}
  ~RunningBroker() override {
    if (const Status stopped = stop(); !stopped) log_error("broker", "{}", stopped.error().message);
  }

  Status start() {
    HOLDFAST_CHECKED(check(settings_));
    HOLDFAST_CHECKED(recover());
    loop_ = os::EventLoop::create();
    server_ = std::make_unique<Server>(*loop_, settings_, os::real_clock());
    HOLDFAST_CHECKED(log_->start(callbacks()));
    core_ = std::make_unique<Core>(settings_, state_, *log_, *server_, random_id);
    server_->attach(*core_);
    if (state_.cluster_id().empty())
      HOLDFAST_CHECKED(core_->change(ClusterCreated{base64(random_id())}));
    cluster_id_ = state_.cluster_id();
    const os::Address bound = HOLDFAST_TRY(server_->listen(settings_.listen));
    address_ = settings_.advertised.value_or(bound);
    if (address_.port == 0) address_.port = bound.port;
    core_->set_address(address_);
    server_->arm();
    thread_ = std::thread([this] { loop_->run(); });
    ::pthread_setname_np(thread_.native_handle(), "broker-loop");
    return {};
  }

  os::Address address() const override { return address_; }
  std::string cluster_id() const override { return cluster_id_; }

  void metrics(std::move_only_function<void(std::string)> done) override {
    loop_->post([this, done = std::move(done)]() mutable { done(server_->metrics()); });
  }
  void writable(std::move_only_function<void(bool)> done) override {
    loop_->post([this, done = std::move(done)]() mutable { done(core_->writable()); });
  }

  Status stop() override {
    if (!core_) return {};
    if (thread_.joinable()) {
      loop_->post([this] { server_->drain(kDrainMs, [this] { loop_->stop(); }); });
      thread_.join();
    }
    const Status closed = close_log();
    core_.reset();
    server_.reset();
    log_.reset();
    std::lock_guard lock(mutex_);
    stopped_ = true;
    changed_.notify_all();
    return closed;
  }

  Status wait() override {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return stopped_ || failure_; });
    if (failure_) return std::unexpected(*failure_);
    return {};
  }

 private:
  Status recover() {
    log_ = HOLDFAST_TRY(log::Log::open(files_, {.folder = settings_.data_folder,
                                                .segment_bytes = settings_.segment_bytes,
                                                .pending_bytes_max = settings_.pending_bytes_max,
                                                .bytes_max = settings_.log_bytes_max,
                                                .recent_bytes_max = settings_.recent_bytes_max,
                                                .cleaner = cleaner()}));
    return broker::recover(*log_, state_, os::real_clock().wall_us() / 1000);
  }

  void clean() {
    core_->give_back_space();
    server_->arm();
  }

  log::CleanerSettings cleaner() const {
    return {.enabled = settings_.cleaner_enabled,
            .run_bytes = 4 * settings_.segment_bytes,
            .bytes_per_second_max = settings_.cleaner_bytes_per_second_max,
            .key_table_bytes_max = settings_.cleaner_dedupe_bytes_max};
  }

  log::Log::Callbacks callbacks() {
    return {
        .durable =
            [this](log::Position upto) {
              newest_durable_.store(upto.value, std::memory_order_release);
              // The loop looks at the newest value, so one task on its way is enough.
              if (durable_posted_.exchange(true, std::memory_order_acq_rel)) return;
              loop_->post([this] {
                // An exchange, not a store: whoever saw `true` before it has its position seen
                // below.
                durable_posted_.exchange(false, std::memory_order_acq_rel);
                server_->durable({newest_durable_.load(std::memory_order_acquire)});
              });
              wake();
            },
        .stalled = [this](const Error& why) { loop_->post([this, why] { core_->stalled(why); }); },
        .failed =
            [this](const Error& why) {
              loop_->post([this, why] { core_->failed(why); });
              std::lock_guard lock(mutex_);
              failure_ = why;
              changed_.notify_all();
            },
        .segment_sealed =
            [this](log::Position) {
              loop_->post([this] {
                core_->segment_sealed();
                server_->arm();
              });
            },
        .checkpoint_written = [this](log::Position) { loop_->post([this] { clean(); }); },
        .cleaned = [this] { loop_->post([this] { clean(); }); },
    };
  }

  void wake() {
    if (closing_.load(std::memory_order_acquire)) {
      std::lock_guard lock(mutex_);
      changed_.notify_all();
    }
  }

  /// With the loop at an end: waits for the disk, writes a checkpoint.
  Status close_log() {
    closing_.store(true, std::memory_order_release);
    const os::Clock& clock = os::real_clock();
    const int64_t until_ms = clock.steady_ms() + kDrainMs;
    {
      std::unique_lock lock(mutex_);
      // The writer tells of its progress without the lock, so a little patience replaces an exact
      // wake-up.
      while (!failure_ && log_->durable() < log_->end() && clock.steady_ms() < until_ms) {
        changed_.wait_for(lock, std::chrono::milliseconds(5));
      }
      if (failure_) return std::unexpected(*failure_);
    }
    if (log_->durable() < log_->end())
      return fail(ErrorCode::disk_full, "stopped before everything was on disk");
    log_->write_checkpoint(log_->end(), state_.checkpoint());
    return log_->wait_for_checkpoint();
  }

  const BrokerSettings settings_;
  os::Files& files_;
  State state_;
  std::unique_ptr<os::EventLoop> loop_;  // outlives the log, whose threads post to it
  std::unique_ptr<log::Log> log_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<Core> core_;
  os::Address address_;
  std::string cluster_id_;
  std::thread thread_;
  std::atomic<uint64_t> newest_durable_{0};
  std::atomic<bool> durable_posted_{false};
  std::atomic<bool> closing_{false};
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopped_ = false;
  std::optional<Error> failure_;
};

}  // namespace

Result<std::unique_ptr<Broker>> Broker::start(BrokerSettings settings, os::Files& files) {
  auto broker = std::make_unique<RunningBroker>(std::move(settings), files);
  HOLDFAST_CHECKED(broker->start());
  return broker;
}

}  // namespace holdfast::broker
