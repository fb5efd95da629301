#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "base/metrics.h"
#include "broker/coordinator/ticket.h"

namespace holdfast::broker {

class Core;

/// Why a client was turned away. Each is counted, and said in the log (at most once a second for
/// each reason).
enum class Refused : uint8_t {
  connections,
  connections_per_address,
  request_size,
  bad_request,
  idle
};
/// Why a client's next request is not read for now: it is slowed down, not turned away.
enum class Held : uint8_t { memory, in_flight, slow_reader, log };
const char* name(Refused reason);
const char* name(Held reason);

/// What is counted while the broker works. Written by the loop's thread alone.
struct BrokerMetrics {
  static constexpr int16_t api_keys = 96;

  Counter messages_in;
  Counter bytes_in;
  Counter bytes_out;
  Counter failed_produce;
  Counter failed_fetch;
  Counter connections_accepted;
  std::array<Counter, 5> refused;
  std::array<Counter, 4> held;
  std::array<DurationHistogram, api_keys> requests;  // from the whole request to the answer queued

  void answered(int16_t api_key, int64_t took_us) {
    if (api_key >= 0 && api_key < api_keys) requests[static_cast<size_t>(api_key)].record(took_us);
  }
};

/// What only the server knows.
struct ServerNumbers {
  uint64_t connections = 0;
  uint64_t request_bytes = 0;  // held for requests of which a part has come
  Instant now;
};

/// Everything in Prometheus' text form: Kafka's names (as its usual exporters make them) where
/// there is one, holdfast_* for the rest. Topics and partitions are listed one by one as long as
/// there are at most `listed_max` of them. Loop thread.
std::string metrics_text(Core& core, const ServerNumbers& server);
inline constexpr size_t listed_max = 5000;

}  // namespace holdfast::broker
