#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "log/log.h"
#include "spool/state.h"

namespace holdfast::spool {

/// Rebuilds the state of all sources from the frames of the log, for the recovery and for `inspect`
/// alike. It checks that every batch goes on where the one before ended: what it accepts has
/// neither a hole nor a stamp used twice.
class Replay {
 public:
  Replay() = default;
  explicit Replay(std::vector<SourceState> from) : sources_(std::move(from)), begun_(true) {}

  /// `corrupt` when the frame does not follow those before it. Batches before the first state frame
  /// are passed over when there was no state to begin with: what is known of their sources follows
  /// in that frame.
  Status apply(const log::Frame& frame);

  std::vector<SourceState>& sources() { return sources_; }
  uint64_t batches() const { return batches_; }
  uint64_t events() const { return events_; }
  uint64_t rejected() const { return rejected_; }

 private:
  Status apply_state(ByteView body);
  Status apply_batch(const log::Frame& frame);

  std::vector<SourceState> sources_;
  bool begun_ = false;
  uint64_t batches_ = 0, events_ = 0, rejected_ = 0;
};

}  // namespace holdfast::spool
