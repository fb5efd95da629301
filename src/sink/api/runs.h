#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sink/api/sink.h"

namespace holdfast::sink {

/// Gathers the stamps that a reader finds: those that follow each other become one run, and runs
/// are told a few hundred at a time. Ends with `flush`.
class Runs {
 public:
  /// `visit` outlives it.
  explicit Runs(const VisitRuns& visit) : visit_(visit) {}

  Status add(std::string_view source, int64_t epoch, int64_t first, int64_t last) {
    if (!runs_.empty() && runs_.back().source == source && runs_.back().epoch == epoch &&
        runs_.back().last + 1 == first) {
      runs_.back().last = last;
      return {};
    }
    if (runs_.size() == runs_max) HOLDFAST_CHECKED(flush());
    // Few sources: their names are kept for as long as the runs are.
    runs_.push_back({*names_.emplace(source).first, epoch, first, last, 1});
    return {};
  }

  Status flush() {
    if (runs_.empty()) return {};
    Status status = visit_(runs_);
    runs_.clear();
    return status;
  }

 private:
  static constexpr size_t runs_max = 512;
  const VisitRuns& visit_;
  std::vector<StoredRun> runs_;
  std::set<std::string, std::less<>> names_;
};

}  // namespace holdfast::sink
