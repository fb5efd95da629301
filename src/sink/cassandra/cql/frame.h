#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"
#include "sink/cassandra/cql/protocol.h"

namespace holdfast::cql {

/// The nine bytes before every message: version and direction, flags, stream, opcode, length. A
/// [frame] of version 4, an [envelope] of version 5.
struct FrameHeader {
  static constexpr size_t size = 9;
  static constexpr uint8_t compressed = 0x01, tracing = 0x02, custom_payload = 0x04, warning = 0x08;

  uint8_t version = 4;  // of the server it may be one that we do not speak
  bool response = false;
  uint8_t flags = 0;
  int16_t stream = 0;
  Opcode opcode = Opcode::error;
  uint32_t length = 0;  // of the body, as it is sent
};

void encode(const FrameHeader& header, std::byte* to);
/// `invalid` when the length is above `length_max`: then the stream cannot be read any further.
Result<FrameHeader> decode_header(const std::byte* from, uint32_t length_max);

}  // namespace holdfast::cql
