#include "testing/simulation/faults.h"

namespace holdfast::simulation {

Faults::Faults(World& world, SimulatedBroker& broker, const Plan& plan,
               std::vector<std::unique_ptr<Actor>>& actors)
    : world_(world), broker_(broker), plan_(plan), actors_(actors) {
  auto& scheduler = world_.scheduler;
  if (plan.kills) kinds_.push_back([this] { end_broker(End::kill); });
  if (plan.stops) kinds_.push_back([this] { end_broker(End::stop); });
  if (plan.power_cuts) {
    kinds_.push_back([this] { end_broker(End::power); });
    // In the middle of whatever the disk does next: what was under way is torn.
    kinds_.push_back([this, &scheduler] {
      world_.disk.cut_power_before(static_cast<uint64_t>(scheduler.below(12)));
    });
  }
  if (plan.io_errors) {
    kinds_.push_back([this, &scheduler] {
      world_.disk.count_reads(scheduler.one_in(3));
      world_.disk.fail_operation(static_cast<uint64_t>(scheduler.below(20)), ErrorCode::io,
                                 scheduler.one_in(3));
    });
  }
  if (plan.disk_full) kinds_.push_back([this] { disk_full(); });
  if (plan.cut_offs) {
    kinds_.push_back([this, &scheduler] {
      const auto client = static_cast<uint32_t>(scheduler.below(world_.clients()));
      const int64_t time = scheduler.between(100 * ms, 25 * seconds);
      world_.trace("client {} is cut off for {} ms", client, time / ms);
      world_.network.cut_off(client, time);
    });
  }
  if (plan.clock_jumps) {
    kinds_.push_back([this, &scheduler] {
      // Less than what message.timestamp.after.max.ms allows a client to be ahead.
      const int64_t jump = scheduler.between(-1500, 1500) * seconds;
      world_.trace("the clock jumps by {} s", jump / seconds);
      scheduler.jump_wall(jump);
    });
  }
  if (plan.client_crashes) kinds_.push_back([this] { crash_client(); });
  const bool cleans = plan.compaction || plan.retention;
  if (cleans && (plan.kills || plan.power_cuts || plan.io_errors || plan.disk_full))
    kinds_.push_back([this] { world_.trace("the next cleaning is broken"), break_cleaning(); });
}

void Faults::begin() {
  on_ = true;
  world_.network.set_faults({.slow_one_in = plan_.slow_network ? 150 : 0,
                             .reset_one_in = plan_.resets ? 120 : 0,
                             .duplicate_one_in = plan_.duplicates ? 40 : 0});
  if (plan_.slow_disk) broker_.set_pace({.slow_one_in = 60});
  next();
}

void Faults::next() {
  if (kinds_.empty()) return;
  world_.scheduler.after(world_.scheduler.between(100 * ms, 12 * seconds), life_, [this] {
    strike();
    next();
  });
}

void Faults::strike() {
  ++count_;
  kinds_[static_cast<size_t>(world_.scheduler.below(static_cast<int64_t>(kinds_.size())))]();
}

void Faults::stop() {
  on_ = false;
  life_ = std::make_shared<int>();
  restart_planned_ = false;
  world_.network.set_faults({});
  for (uint32_t client = 0; client < world_.clients(); ++client) world_.network.cut_off(client, 0);
  world_.disk.set_space(UINT64_MAX);
  broker_.set_pace({});
  broker_.in_next_cleaning(nullptr);
  if (broker_.running()) broker_.end(world_.disk.power_was_cut() ? End::power : End::kill);
  world_.disk.restart_process();
}

void Faults::look() {
  if (restart_planned_) return;
  if (broker_.running() && !world_.disk.power_was_cut() && !broker_.failed()) return;
  if (broker_.running() && broker_.failed() && !world_.disk.power_was_cut()) {
    // It lives on for a while, read-only, before whoever looks after it starts it again.
    restart_planned_ = true;
    world_.scheduler.after(world_.scheduler.between(ms, 2 * seconds), life_, [this] {
      restart_planned_ = false;
      if (broker_.running()) end_broker(world_.scheduler.one_in(3) ? End::power : End::kill);
    });
    return;
  }
  if (broker_.running()) broker_.end(End::power);
  restart_later();
}

void Faults::end_broker(End how) {
  if (!broker_.running()) return;
  if (how == End::kill && broker_.quiet() && world_.scheduler.one_in(2)) broker_.remember_state();
  broker_.end(how);
}

void Faults::restart_later() {
  restart_planned_ = true;
  world_.scheduler.after(world_.scheduler.between(10 * ms, 8 * seconds), life_, [this] {
    restart_planned_ = false;
    restart();
  });
}

void Faults::restart() {
  // Sometimes the disk fails during the recovery, or the power goes again.
  if (on_ && plan_.io_errors && world_.scheduler.one_in(4)) {
    world_.disk.count_reads(true);
    world_.disk.fail_operation(static_cast<uint64_t>(world_.scheduler.below(30)), ErrorCode::io,
                               false);
  }
  if (on_ && plan_.power_cuts && world_.scheduler.one_in(4))
    world_.disk.cut_power_before(static_cast<uint64_t>(world_.scheduler.below(10)));
  const auto started = broker_.start();
  world_.trace("broker starts: {}", started ? "well" : started.error().message.c_str());
  if (started) {
    world_.disk.count_reads(false);
    failed_restarts_ = 0;
    return;
  }
  const bool told_to = world_.disk.power_was_cut() || world_.disk.operation_failed() ||
                       started.error().code == ErrorCode::disk_full;
  if (!told_to || ++failed_restarts_ > 20)
    world_.violation(Violation::Kind::restart,
                     "the broker does not start: " + started.error().message);
  if (world_.disk.power_was_cut())
    world_.disk.power_on();
  else
    world_.disk.restart_process();
}

void Faults::disk_full() {
  const uint64_t used = world_.disk.bytes_used();
  world_.disk.set_space(used + static_cast<uint64_t>(world_.scheduler.below(2 << 20)));
  world_.trace("the disk is full at {}", used);
  world_.scheduler.after(world_.scheduler.between(seconds, 15 * seconds), life_, [this] {
    world_.disk.set_space(UINT64_MAX);
    world_.trace("the disk has space again");
  });
}

/// In the middle of the cleaner's reading and writing.
void Faults::break_cleaning() {
  broker_.in_next_cleaning([this] {
    auto& scheduler = world_.scheduler;
    const auto operation = static_cast<uint64_t>(scheduler.below(25));
    if (plan_.power_cuts && scheduler.one_in(2)) return world_.disk.cut_power_before(operation);
    if (plan_.kills && scheduler.one_in(2))
      return scheduler.after(0, life_, [this] { end_broker(End::kill); });
    if (plan_.io_errors) {
      world_.disk.count_reads(scheduler.one_in(3));
      return world_.disk.fail_operation(operation, ErrorCode::io, scheduler.one_in(4));
    }
    if (plan_.disk_full) disk_full();
  });
}

void Faults::crash_client() {
  Actor& actor =
      *actors_[static_cast<size_t>(world_.scheduler.below(static_cast<int64_t>(actors_.size())))];
  if (actor.finished()) return;
  world_.trace("{} crashes", actor.peer().name());
  actor.crash();
}

}  // namespace holdfast::simulation
