#include "testing/simulation/world.h"

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

void World::violation(std::string text) {
  trace("VIOLATION: {}", text);
  if (violations_.size() < 20) violations_.push_back(std::move(text));
}

void World::print_trace(const std::string& text) const {
  std::printf("[%12.6f] %s\n", static_cast<double>(scheduler.now_us()) / 1e6, text.c_str());
}

}  // namespace holdfast::simulation
