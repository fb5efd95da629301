#include "cli/demo/kills.h"

#include <algorithm>

namespace holdfast::cli::demo {

uint64_t Draw::next() {
  uint64_t mixed = state_ += 0x9E3779B97F4A7C15;
  mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
  mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
  return mixed ^ (mixed >> 31);
}

double Draw::between(double least, double most) {
  return least +
         (most - least) * static_cast<double>(next() >> 11) / static_cast<double>(1ull << 53);
}

KillPlan::KillPlan(int64_t kills, Draw& draw) {
  for (int64_t i = 0; i < kills; ++i) points_.push_back(draw.between(0.02, 0.85));
  std::sort(points_.begin(), points_.end());
}

}  // namespace holdfast::cli::demo
