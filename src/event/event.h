#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::event {

/// Who an event is, exactly: the `sequence`-th event that `source` stamped in its `epoch`. Within a
/// (source, epoch) the sequence is dense, from 0, so that a hole is a loss and a repeat is a
/// double. As CloudEvents 1.0.2: ce_source; ce_sequence (the sequence extension, a decimal);
/// ce_epoch (our extension, a decimal); ce_id is "EPOCH-SEQUENCE", unique within the source.
struct Stamp {
  std::string_view source;
  int64_t epoch = 0;
  int64_t sequence = 0;
};

/// One CloudEvent. All texts belong to somebody else (the batch, or the Kafka message) and live as
/// long as that does. On Kafka it is in binary content mode (CloudEvents Kafka protocol
/// binding 1.0.2): attributes are headers `ce_*`, the payload is the value, no value is a
/// tombstone.
struct Event {
  Stamp stamp;
  std::string_view type;  // ce_type
  int64_t time_us = 0;    // ce_time: when it was captured, microseconds since 1970 UTC
  int64_t version =
      0;  // ce_version (our extension): fixed at capture, strictly increasing per source
  std::string_view content_type;  // datacontenttype, "application/json" for rows
  std::optional<std::string_view> key;
  std::optional<std::string_view> value;
};

/// Where a consumed event was found.
struct Origin {
  std::string_view topic;
  int32_t partition = -1;
  int64_t offset = -1;
};

/// An event and where it was found.
struct Consumed {
  Event event;
  Origin origin;
};

}  // namespace holdfast::event
