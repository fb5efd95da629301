#include "pipeline/ship.h"

#include <fmt/core.h>
#include <map>

#include "pipeline/ship_worker.h"

namespace holdfast::pipeline {
namespace {

/// How many transactional ids a spool has. Which one a source ships with must not change between
/// two starts: the successor would fence another than the one that its predecessor had.
constexpr uint32_t ids_of_a_spool = 4;

}  // namespace

Shipper::Shipper(spool::Spool& spool, os::Clock& clock, ShipSettings settings,
                 std::vector<ShipRoute> routes) {
  std::map<uint32_t, std::vector<ShipRoute>> groups;
  for (ShipRoute& route : routes)
    groups[route.source.value % ids_of_a_spool].push_back(std::move(route));
  for (auto& [number, group] : groups) {
    workers_.push_back(std::make_unique<ShipWorker>(
        spool, clock, settings, fmt::format("holdfast.ship.{}.{}", spool.identity(), number),
        std::move(group)));
  }
}

Shipper::~Shipper() {
  stop(0);
}

void Shipper::start() {
  for (const auto& worker : workers_) worker->start();
}

void Shipper::stop(int64_t grace_ms) {
  for (const auto& worker : workers_) worker->ask_to_stop(grace_ms);
  for (const auto& worker : workers_) worker->join();
}

ShipProgress Shipper::progress() const {
  ShipProgress sum{.connected = true, .trouble = {}};
  for (const auto& worker : workers_) {
    ShipProgress one = worker->progress();
    sum.connected &= one.connected;
    if (!sum.trouble) sum.trouble = std::move(one.trouble);
    sum.sent += one.sent;
    sum.skipped += one.skipped;
    sum.restarts += one.restarts;
    sum.transactions += one.transactions;
  }
  return sum;
}

}  // namespace holdfast::pipeline
