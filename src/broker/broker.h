#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/os/files.h"
#include "base/os/net.h"
#include "base/result.h"
#include "broker/settings.h"

namespace holdfast::broker {

/// A durable single-node broker that speaks Kafka's protocol. Runs on threads of its own (one event
/// loop that owns all state, and the log's writer), so it can be a process or a part of one. An
/// answer to a produce request means that the records are on disk; a consumer never sees a record
/// that a power cut could take back.
///
/// It does not replicate, and nobody is authenticated: beyond loopback it listens only if the
/// settings say `insecure`.
///
/// Threads: any, one call at a time.
class Broker {
 public:
  /// Opens or creates the data folder, recovers, listens. When it returns, clients are served.
  /// Fails with `invalid` (settings), `locked`, `version_unknown`, `corrupt`, `io`.
  static Result<std::unique_ptr<Broker>> start(BrokerSettings settings,
                                               os::Files& files = os::real_files());

  /// Stops, if still running.
  virtual ~Broker() = default;

  /// What clients connect to: the real port when the settings say 0.
  virtual os::Address address() const = 0;
  virtual std::string cluster_id() const = 0;

  /// What has been counted, in Prometheus' text form; given to `done` on the broker's own thread.
  /// Not called back once the broker has stopped.
  virtual void metrics(std::move_only_function<void(std::string)> done) = 0;
  /// Whether records are taken just now: not with a full disk, nor after a failed sync. In the same
  /// way.
  virtual void writable(std::move_only_function<void(bool)> done) = 0;

  /// Closes every connection, makes all that was accepted durable, writes a checkpoint, gives the
  /// data folder back.
  virtual Status stop() = 0;

  /// Waits until the broker has stopped: by `stop`, or because its log failed. Answers why, in the
  /// second case.
  virtual Status wait() = 0;
};

}  // namespace holdfast::broker
