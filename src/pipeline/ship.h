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

class ShipWorker;

struct ShipRoute {
  spool::SourceId source;
  std::string topic;
  int32_t partitions = 1;  // of the topic, if it has to be created
};

struct ShipSettings {
  kafka::ClientSettings client;
  std::string failures_topic;  // of rejected pieces
  int16_t replication_factor = 1;
  /// Where one transaction follows the other, it is kept open for so long.
  int64_t linger_ms = 5;
  /// Events of one source resemble each other: packing them costs less than writing and sending
  /// what it saves.
  std::string compression = "lz4";
  /// Of messages in one transaction, and so what a restart may have to send again; readers see it
  /// whole, at its end.
  uint64_t transaction_bytes_max = 4 << 20;
  /// What a process that died had open hides what others write behind it, until its successor
  /// starts or this time is over.
  int32_t transaction_timeout_ms = 30'000;
  int32_t request_timeout_ms = 10'000;
};

/// Where the shipping stands, for people; the sequences are in Spool::status.
struct ShipProgress {
  bool connected = false;        // found out what is in Kafka already, and sends
  std::optional<Error> trouble;  // why not, since the last success
  uint64_t sent = 0;             // messages given to the producer in this run
  uint64_t skipped = 0;          // found in Kafka already, and not sent again
  uint64_t restarts = 0;         // of a producer, after trouble
  uint64_t transactions = 0;     // committed
};

/// Ships what the spool holds to Kafka, each source in order, in transactions, and notes it as
/// shipped when they are committed. The transactional ids are the spool's own, so that a beginning
/// fences whoever shipped from it before: first that, which ends what he left open, and only then
/// the topics are read for what got in already. After an outcome that is unknown the same is done.
/// So nothing is twice in a topic, or missing, however late a request of a dead process comes in.
///
/// Sources share a few transactional ids (by their number in the spool): while one transaction is
/// committed, others are filled. While no broker answers it tries again, less and less often, and
/// the spool takes the events. What Kafka refuses goes into the failure topic, in the transaction
/// of its neighbours.
///
/// Needs brokers with transactions: Apache Kafka 2.5 or later, Redpanda, or the one inside.
/// NOT promised: order between sources. Nor that a refused event is in the failure topic only once:
/// killed behind the commit, it may be refused again, under the same stamp.
///
/// Threads: its own do the work; the members may be called from any other.
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
  std::vector<std::unique_ptr<ShipWorker>> workers_;
};

}  // namespace holdfast::pipeline
