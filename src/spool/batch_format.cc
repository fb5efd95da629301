#include "spool/batch_format.h"

namespace holdfast::spool::format {

std::array<std::byte, batch_head> encode_head(const BatchHeader& header, const PartSizes& sizes) {
  std::array<std::byte, batch_head> bytes{};
  std::byte* to = bytes.data();
  store_le(to, batch_version);
  store_le(to + 2, header.has_position ? flag_position : uint16_t{0});
  store_le(to + 4, header.events);
  store_le(to + 8, header.rejected);
  store_le(to + 12, sizes.position);
  store_le(to + 16, sizes.names);
  store_le(to + 20, sizes.events);
  store_le(to + 24, sizes.rejected);
  store_le(to + 32, header.epoch);
  store_le(to + 40, header.time_us);
  store_le(to + 48, header.first_sequence);
  store_le(to + 56, header.first_version);
  store_le(to + 64, header.first_rejected_sequence);
  store_le(to + 72, header.first_rejected_version);
  return bytes;
}

}  // namespace holdfast::spool::format
