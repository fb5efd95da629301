#pragma once

#include <cstdint>
#include <optional>

#include "record/compression.h"

namespace holdfast::broker {

/// What a topic's settings want of the batches that are appended to it.
struct ProduceRules {
  std::optional<record::Codec> codec;        // compression.type; none: the producer's own
  int compression_level = 0;                 // of that codec; 0: its default
  int64_t before_now_ms_max = INT64_MAX;     // message.timestamp.before.max.ms
  int64_t after_now_ms_max = 3'600'000;      // message.timestamp.after.max.ms
};

}  // namespace holdfast::broker
