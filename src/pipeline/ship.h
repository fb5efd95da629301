#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/os/clock.h"
#include "base/result.h"
#include "kafka/settings.h"
#include "spool/spool.h"

namespace holdfast::pipeline {

struct ShipRoute {
  spool::SourceId source;
  std::string topic;
  int32_t partitions = 1;  // of the topic, if it has to be created
};

struct ShipSettings {
  kafka::ClientSettings client;
  std::string failures_topic;  // of rejected pieces
  int16_t replication_factor = 1;
  double linger_ms = 5;
  std::string compression = "none";
  uint64_t in_flight_bytes_max = 32ull << 20;
  int32_t request_timeout_ms = 10'000;
  int64_t settle_ms =
      100;  // so long topics must stand still before they are read for what is in them already
};

/// Where the shipping stands, for people; the sequences are in Spool::status.
struct ShipProgress {
  bool connected = false;        // found out what is in Kafka already, and sends
  std::optional<Error> trouble;  // why not, since the last success
  uint64_t sent = 0;             // messages given to the producer in this run
  uint64_t skipped = 0;          // found in Kafka already, and not sent again
  uint64_t restarts = 0;         // of the producer, after an unknown outcome
};

/// Ships what the spool holds to Kafka, each source in order. It begins by reading from the topics
/// which of the unshipped events got in already (a predecessor may have died between sending and
/// noting it) and leaves those out; then it goes on with an idempotent producer. When an outcome is
/// unknown it makes a new producer and reads again.
///
/// While no broker answers it tries again, less and less often, and the spool takes the events.
/// NOT promised: that a request of a dead predecessor, still on its way while the topics were read,
/// does not come in later: such a double is absorbed by the sink, and the audit counts it. Only
/// transactions can exclude it.
///
/// Threads: its own does the work; the members may be called from any other.
class Shipper {
 public:
  Shipper(spool::Spool& spool, os::Clock& clock, ShipSettings settings,
          std::vector<ShipRoute> routes);
  ~Shipper();
  Shipper(const Shipper&) = delete;
  Shipper& operator=(const Shipper&) = delete;

  void start();
  /// Gives what is in flight up to `grace_ms` to arrive; what does not is found in the topics, or
  /// sent, at the next start.
  void stop(int64_t grace_ms = 3'000);

  ShipProgress progress() const;

 private:
  class Worker;
  std::unique_ptr<Worker> worker_;
};

}  // namespace holdfast::pipeline
