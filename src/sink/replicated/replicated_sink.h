#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/os/clock.h"
#include "base/result.h"
#include "sink/api/breaker.h"
#include "sink/api/failure_log.h"
#include "sink/api/sink.h"

namespace holdfast::sink {

/// One store of several that shall hold the same.
struct Replica {
  std::string datacenter;
  std::string store;   // its name in failure records
  std::string tables;  // likewise
  /// Opens it; called again after it was away from the start.
  std::function<Result<std::unique_ptr<Sink>>()> open;
  /// Where that is written down which this store missed; in another data center.
  FailureLog* failures = nullptr;
};

struct ReplicatedSettings {
  std::string pipeline = {};
  BreakerSettings breaker = {};
  /// After a write to all at once that was not answered, stores have so long to say that they are
  /// there, once the first of them has said so; one that does not is away.
  int64_t roll_call_ms = 1'000;
  /// Told once each time a breaker opens.
  std::function<void(const Replica&, const std::string& why)> on_open = {};
  /// Opens a sink that writes to all of them at once, when they are one cluster; see together.h. It
  /// is used while every store is well. Null: there is no such way.
  std::function<Result<std::unique_ptr<Sink>>()> open_together = {};
};

/// How one of the stores is, for those who ask.
struct ReplicaReport {
  std::string datacenter;
  std::string store;
  Breaker::Report breaker;
  uint64_t missed = 0;  // events written into its failure log since the start
};

/// Two or more stores as one: each write goes to all of them. The first that does not answer opens
/// its breaker; from then on what it misses is made durable in its failure log, beside the writing
/// and BEFORE `positions` passes it, and writing goes on at the speed of the living. When none
/// answers, nothing is recorded: the outcome is `unavailable`, and the caller waits with its batch.
///
/// Each store keeps, beside its own positions and in the same transaction, how far the others were
/// accounted for (applied, or recorded as missed): a position named "TOPIC@DATACENTER". So after a
/// crash at any point the sink knows, without the store that is away, from where on events may be
/// missing in it. See docs/decisions.
///
/// An event that a store *rejects* is rejected for all. Writers of the stores must be versioned, or
/// append by stamp: what is replayed later comes late.
///
/// Threads: as Sink; `replicas` from any.
class ReplicatedSink : public Sink {
 public:
  /// Fails with `invalid` when a store refuses the schema or the settings; a store that is away is
  /// no failure as long as another is there.
  static Result<std::unique_ptr<ReplicatedSink>> open(std::vector<Replica> replicas,
                                                      const ReplicatedSettings& settings,
                                                      os::Clock& clock = os::real_clock());
  ~ReplicatedSink() override;

  Result<Positions> positions() override;
  Written write(const Batch& batch) override;
  /// Failed only when no store is well; the message names those that are not.
  HealthReport health() const override;
  /// Of the first store that is there; for each store by itself open that one.
  Result<std::unique_ptr<Reader>> reader() override;

  std::vector<ReplicaReport> replicas() const;

 private:
  struct Impl;
  explicit ReplicatedSink(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Takes the marks about other data centers out of what a store of a replicated sink says.
Positions without_marks(const Positions& positions);

/// A reader of one of the stores, with its positions without the marks.
std::unique_ptr<Reader> make_replica_reader(std::unique_ptr<Reader> reader);

}  // namespace holdfast::sink
