#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "source/api/batch.h"

namespace holdfast::source {

/// How much one `read` may return, and how long it may take to return nothing.
struct ReadLimits {
  size_t events_max = 4096;
  size_t bytes_max = 1 << 20;  // of payload; a single larger event still comes, alone
  int64_t wait_ms = 1000;      // when there is nothing new; 0: do not wait
};

enum class ReadState {
  more,   // there may be more at once
  idle,   // nothing more for now: waited, or was interrupted
  away,   // the same, because what it reads from is not there
  ended,  // nothing will come any more (`once`): do not read again
};

/// Where events come from. What a source MUST do is written in source/api/README.md; the capture
/// step in the pipeline drives it, stamps what it gives, and keeps its position. A source knows
/// neither Kafka nor the spool nor stamps.
///
/// Threads: every member is called from one thread, but `interrupt`, which any thread may call at
/// any time.
class Source {
 public:
  virtual ~Source() = default;

  /// Goes to `position` (what an earlier batch ended with), or to the beginning when there is none.
  /// Called once, before `read`. `invalid`: the settings or the position cannot work, and a person
  /// must act; the message says how. `unavailable`: what it reads from is not there now; calling
  /// again later may succeed.
  virtual Status start(std::optional<ByteView> position) = 0;

  /// Fills `batch` (which it clears first) with what comes next, and with the position behind it.
  /// An empty batch may still carry a new position. Errors as with `start`; after `unavailable`
  /// reading may go on later, with nothing skipped.
  virtual Result<ReadState> read(Batch& batch, const ReadLimits& limits) = 0;

  /// The position of a batch is durable in the spool: what lies before it need not be offered again
  /// (a replication slot may move on). Files need nothing.
  virtual void acknowledge(ByteView position) { static_cast<void>(position); }

  /// Makes a waiting `read` return soon with `idle`.
  virtual void interrupt() = 0;
};

}  // namespace holdfast::source
