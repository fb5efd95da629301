#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace holdfast::cli::demo {

/// Numbers that nobody planned, the same again for the same seed (SplitMix64).
class Draw {
 public:
  explicit Draw(uint64_t seed) : state_(seed) {}
  uint64_t next();
  /// Between `least` and `most`.
  double between(double least, double most);

 private:
  uint64_t state_;
};

/// When to kill a process: at shares of its work, drawn at random. It is killed when its own
/// progress has passed the next one; nothing is slowed down for that.
class KillPlan {
 public:
  /// `kills` points between a fiftieth and 85 % of the work, so that each surely comes while it is
  /// at work.
  KillPlan(int64_t kills, Draw& draw);

  bool due(double progress) const { return done_ < points_.size() && progress >= points_[done_]; }
  void killed() { ++done_; }
  int64_t kills() const { return static_cast<int64_t>(done_); }
  int64_t planned() const { return static_cast<int64_t>(points_.size()); }
  bool finished() const { return done_ == points_.size(); }

 private:
  std::vector<double> points_;
  size_t done_ = 0;
};

}  // namespace holdfast::cli::demo
