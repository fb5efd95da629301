#include "testing/simulation/world.h"

#include <array>
#include <cstdio>

namespace holdfast::simulation {

uint32_t World::partition(const std::string& topic, int32_t index) {
  const std::string name = topic + "-" + std::to_string(index);
  auto& all = history.partitions;
  for (uint32_t i = 0; i < all.size(); ++i) {
    if (all[i].name == name) return i;
  }
  all.push_back({.name = name});
  return static_cast<uint32_t>(all.size() - 1);
}

void World::learn_end(uint32_t number, int64_t end) {
  if (number >= known_ends_.size()) known_ends_.resize(number + 1);
  known_ends_[number] = std::max(known_ends_[number], end);
}

const char* name(Violation::Kind kind) {
  static constexpr std::array<const char*, 8> names = {"answer",     "visibility",   "restart",
                                                       "durability", "stale_member", "two_owners",
                                                       "retention",  "endless"};
  return names[static_cast<size_t>(kind)];
}

void World::violation(Violation::Kind kind, std::string text) {
  trace("VIOLATION: {}: {}", name(kind), text);
  if (violations_.size() < 20) violations_.push_back({kind, std::move(text)});
}

void World::print_trace(const std::string& text) const {
  std::printf("[%12.6f] %s\n", static_cast<double>(scheduler.now_us()) / 1e6, text.c_str());
}

}  // namespace holdfast::simulation
