#include "sink/cassandra/cql/frame.h"

#include <fmt/format.h>

namespace holdfast::cql {

void encode(const FrameHeader& header, std::byte* to) {
  to[0] = static_cast<std::byte>(header.version | (header.response ? 0x80 : 0));
  to[1] = static_cast<std::byte>(header.flags);
  store_be(to + 2, header.stream);
  to[4] = static_cast<std::byte>(header.opcode);
  store_be(to + 5, header.length);
}

Result<FrameHeader> decode_header(const std::byte* from, uint32_t length_max) {
  FrameHeader header;
  header.version = static_cast<uint8_t>(from[0]) & 0x7F;
  header.response = (static_cast<uint8_t>(from[0]) & 0x80) != 0;
  header.flags = static_cast<uint8_t>(from[1]);
  header.stream = load_be<int16_t>(from + 2);
  header.opcode = static_cast<Opcode>(from[4]);
  header.length = load_be<uint32_t>(from + 5);
  if (header.length > length_max)
    return fail(ErrorCode::invalid, fmt::format("a message of {} bytes, above the limit of {}",
                                                header.length, length_max));
  return header;
}

}  // namespace holdfast::cql
