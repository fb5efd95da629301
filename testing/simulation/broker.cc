#include "testing/simulation/broker.h"

#include "broker/config.h"
#include "broker/recovery.h"

namespace holdfast::simulation {

using broker::Core;
using broker::Server;
using broker::State;
using log::Writer;

SimulatedBroker::SimulatedBroker(World& world, broker::BrokerSettings settings,
                                 int64_t settle_after_ms)
    : world_(world), settings_(std::move(settings)), settle_after_ms_(settle_after_ms) {}

SimulatedBroker::~SimulatedBroker() {
  take_apart();
}

Status SimulatedBroker::recover() {
  log_ = HOLDFAST_TRY(
      log::Engine::open(world_.disk,
                        {.folder = settings_.data_folder,
                         .segment_bytes = settings_.segment_bytes,
                         .pending_bytes_max = settings_.pending_bytes_max,
                         .bytes_max = settings_.log_bytes_max,
                         .cleaner = {.enabled = settings_.cleaner_enabled,
                                     .run_bytes = 4 * settings_.segment_bytes,
                                     .settle_after_ms = settle_after_ms_,
                                     .key_table_bytes_max = settings_.cleaner_dedupe_bytes_max}},
                        {.threads = false, .flush_bytes_max = 256 << 10}));
  state_ = std::make_unique<State>(broker::started_with(settings_));
  return broker::recover(*log_, *state_, world_.scheduler.wall_us() / 1000);
}

Status SimulatedBroker::start() {
  life_ = std::make_shared<int>();
  failed_ = writer_planned_ = house_planned_ = durable_posted_ = false;
  cleaning_planned_ = cleaning_ = false;
  auto started = recover();
  if (started) started = log_->start(callbacks());
  if (!started) {
    take_apart();
    return started;
  }
  ++starts_;
  if (const auto expected = std::exchange(remembered_, std::nullopt)) {
    ++states_compared_;
    if (state_->checkpoint() != *expected)
      world_.violation(Violation::Kind::restart,
                       "the state after the restart is not the state before it");
  }
  loop_ = std::make_unique<SimulatedLoop>(world_.scheduler, world_.network);
  server_ = std::make_unique<Server>(*loop_, settings_, world_.scheduler);
  core_ = std::make_unique<Core>(settings_, *state_, *log_, *server_, [this] {
    broker::TopicId id;
    for (std::byte& byte : id.bytes) byte = static_cast<std::byte>(world_.scheduler.random());
    return id;
  });
  server_->attach(*core_);
  if (state_->cluster_id().empty())
    HOLDFAST_CHECKED(core_->change(broker::ClusterCreated{"simulated"}));
  core_->set_address(HOLDFAST_TRY(server_->listen({"127.0.0.1", 0})));
  server_->arm();
  look();
  return {};
}

log::Log::Callbacks SimulatedBroker::callbacks() {
  return {
      .durable =
          [this](log::Position) {
            if (std::exchange(durable_posted_, true) || !loop_) return;
            loop_->post([this] {
              durable_posted_ = false;
              server_->durable(log_->durable());
            });
          },
      .stalled =
          [this](const Error& why) {
            if (loop_) loop_->post([this, why] { core_->stalled(why); });
          },
      .failed =
          [this](const Error& why) {
            failed_ = true;
            world_.trace("the log failed: {}", why.message);
            if (loop_) loop_->post([this, why] { core_->failed(why); });
          },
      .segment_sealed =
          [this](log::Position) {
            if (!loop_) return;
            loop_->post([this] {
              core_->segment_sealed();
              server_->arm();
            });
          },
      .checkpoint_written =
          [this](log::Position) {
            if (loop_) loop_->post([this] { take_over_cleaned(); });
          },
      .cleaned =
          [this] {
            ++cleanings_;
            if (loop_) loop_->post([this] { take_over_cleaned(); });
          },
  };
}

void SimulatedBroker::look() {
  if (!running()) return;
  plan_writer();
  keep_house();
  clean();
  latest_wall_ms_ = std::max(latest_wall_ms_, world_.scheduler.wall_us() / 1000);
}

void SimulatedBroker::plan_writer() {
  if (writer_planned_ || failed_ || log_->durable() == log_->end()) return;
  writer_planned_ = true;
  Scheduler& scheduler = world_.scheduler;
  const bool slow = pace_.slow_one_in > 0 && scheduler.one_in(pace_.slow_one_in);
  scheduler.after(slow ? scheduler.between(20 * ms, 2 * seconds)
                       : scheduler.between(pace_.least_us, pace_.most_us),
                  life_, [this] { write(); });
}

void SimulatedBroker::write() {
  writer_planned_ = false;
  if (log_->step_writer() != Writer::Step::stalled) return plan_writer();
  writer_planned_ = true;
  world_.scheduler.after(world_.scheduler.between(20 * ms, seconds), life_, [this] { write(); });
}

/// One step of the housekeeper now and then, as long as there are steps to take.
void SimulatedBroker::keep_house() {
  if (std::exchange(house_planned_, true)) return;
  world_.scheduler.after(world_.scheduler.between(200, 20 * ms), life_, [this] {
    const bool more = log_->step_housekeeper();
    world_.scheduler.after(more ? 0 : 50 * ms, life_, [this] { house_planned_ = false; });
  });
}

/// One step of the cleaner now and then.
void SimulatedBroker::clean() {
  if (std::exchange(cleaning_planned_, true)) return;
  world_.scheduler.after(world_.scheduler.between(200, 60 * ms), life_, [this] {
    if (cleaning_ && in_cleaning_) std::exchange(in_cleaning_, nullptr)();
    const uint64_t before = cleanings_;
    const bool more = log_->step_cleaner();
    cleaning_ = more && cleanings_ == before;
    world_.scheduler.after(more ? 0 : 50 * ms, life_, [this] { cleaning_planned_ = false; });
  });
}

void SimulatedBroker::take_over_cleaned() {
  core_->give_back_space();
  server_->arm();
}

uint64_t SimulatedBroker::live_bytes(const std::string& topic, int32_t partition) const {
  return log_->live_bytes(this->partition(topic, partition).log_id);
}

int64_t SimulatedBroker::log_start(const std::string& topic, int32_t partition) const {
  return this->partition(topic, partition).log_start;
}

const broker::Partition& SimulatedBroker::partition(const std::string& topic, int32_t index) const {
  return *state_->topics().at(topic)->partitions[static_cast<size_t>(index)];
}

void SimulatedBroker::check_deleted() {
  if (!running()) return;
  for (const log::PartitionId id : log_->partitions()) {
    if (!state_->partition(id) && log_->live_bytes(id) > 0)
      world_.violation(Violation::Kind::retention,
                       fmt::format("partition {} is deleted, and {} bytes of it are still live",
                                   id.value, log_->live_bytes(id)));
  }
}

void SimulatedBroker::check() {
  if (!running()) return;
  for (const auto& [name, topic] : state_->topics()) {
    for (const auto& partition : topic->partitions) {
      const bool under_way = partition->last_append > log_->durable();
      if (partition->high_watermark > partition->end ||
          (under_way && partition->high_watermark == partition->end)) {
        world_.violation(Violation::Kind::durability,
                         fmt::format("{}-{}: the high watermark {} is not durable", name,
                                     partition->index, partition->high_watermark));
      }
    }
  }
}

void SimulatedBroker::end(End how) {
  if (!running()) return;
  world_.trace("broker ends: {}", how == End::stop   ? "stop"
                                  : how == End::kill ? "kill"
                                                     : "power cut");
  if (how == End::stop && !failed_) {
    core_->answer_waiting_fetches(
        {world_.scheduler.steady_ms(), world_.scheduler.wall_us() / 1000});
    while (log_->step_writer() == Writer::Step::flushed) {
    }
    if (quiet()) {
      remember_state();
      log_->write_checkpoint(log_->end(), state_->checkpoint());
      if (!log_->wait_for_checkpoint()) world_.trace("no checkpoint at the stop");
    }
    world_.network.broker_gone(false);
    take_apart();
    world_.disk.restart_process();
    return;
  }
  world_.network.broker_gone(how == End::power);
  if (!world_.disk.power_was_cut())
    world_.disk.cut_power_before(0);  // nothing more is written, whoever tries
  take_apart();
  if (how == End::power)
    world_.disk.power_on();
  else
    world_.disk.restart_process();
}

void SimulatedBroker::take_apart() {
  life_.reset();
  core_.reset();
  server_.reset();
  loop_.reset();
  log_.reset();
  state_.reset();
}

}  // namespace holdfast::simulation
