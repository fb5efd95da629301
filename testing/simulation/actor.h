#pragma once

#include <string>
#include <vector>

#include "record/compression.h"
#include "testing/simulation/peer.h"

namespace holdfast::simulation {

struct TopicPlan {
  std::string name;
  int32_t partitions = 1;
  bool compacted = false;
  int64_t keys = 12;  // of a compacted one
  int64_t retention_ms = -1;
  int64_t retention_bytes = -1;
  bool tombstones_stay = true;
  bool alters = false;                        // somebody changes its policy now and then
  record::Codec codec = record::Codec::none;  // of the idempotent producers
  std::vector<std::pair<std::string, std::string>> configs = {};
  uint32_t value_bytes_most = 200;
  bool trims = true;         // records may be deleted on request
  bool only_copies = false;  // nobody else writes there

  bool retained() const { return retention_ms >= 0 || retention_bytes >= 0; }
};

/// One client program: it starts, does its work on and on, and comes to an end when it is asked to.
class Actor {
 public:
  Actor(World& world, std::string name) : world_(world), peer_(world, std::move(name)) {}
  virtual ~Actor() = default;
  Actor(const Actor&) = delete;
  Actor& operator=(const Actor&) = delete;

  virtual void start() = 0;
  /// No new work; what is under way may be finished.
  virtual void finish() = 0;
  virtual bool finished() const = 0;
  /// The program dies and starts again.
  virtual void crash() {}

  const Peer& peer() const { return peer_; }

 protected:
  Scheduler& scheduler() { return world_.scheduler; }
  /// Calls back later, unless the program has died meanwhile.
  void later(int64_t delay_us, Task task) {
    world_.scheduler.after(delay_us, life_, std::move(task));
  }
  void die() {
    life_ = std::make_shared<int>();
    peer_.drop();
  }
  void unexpected(const char* what, wire::ErrorCode code) {
    world_.violation(Violation::Kind::answer,
                     fmt::format("{}: {} answered {}", peer_.name(), what, wire::name(code)));
  }

  World& world_;
  Peer peer_;

 private:
  std::shared_ptr<const void> life_ = std::make_shared<int>();
};

/// The answers after which every client asks again.
inline bool try_again(wire::ErrorCode code) {
  using Code = wire::ErrorCode;
  return code == Code::request_timed_out || code == Code::kafka_storage_error ||
         code == Code::coordinator_not_available || code == Code::coordinator_load_in_progress ||
         code == Code::not_coordinator || code == Code::not_leader_or_follower ||
         code == Code::concurrent_transactions;
}

}  // namespace holdfast::simulation
