#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "sink/api/breaker.h"
#include "sink/api/sink.h"

namespace holdfast::sink {

/// A way to write to all stores of a replicated sink at once, where they are one cluster: an event
/// is sent once, and is there everywhere when that is answered. It is the quick way and nothing
/// depends on it: whatever it does not answer well is written again, to each store by itself.
///
/// What it recorded as its own positions counts for every store: the stores read it with theirs.
///
/// Threads: as Sink.
class Together {
 public:
  using Open = std::function<Result<std::unique_ptr<Sink>>()>;
  Together(Open open, os::Clock& clock, const BreakerSettings& settings)
      : open_(std::move(open)), breaker_(clock, settings) {}

  /// Whether `write` may be tried now.
  bool ready();
  /// Nothing: it was not answered; `batch` may have been applied in some stores, or in parts. Else
  /// all is applied, or something is `rejected`.
  std::optional<Written> write(const Batch& batch);

 private:
  Status open();
  void away(const std::string& why);

  const Open open_;
  Breaker breaker_;
  std::unique_ptr<Sink> sink_;
  bool in_doubt_ = true;
};

}  // namespace holdfast::sink
