#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "spool/batch.h"

namespace holdfast::spool::format {

// Numbers of the stored form; what they mean stands in docs/formats/spool.md.
constexpr uint16_t batch_version = 1;
constexpr uint16_t flag_position = 1;
constexpr uint32_t none = UINT32_MAX;  // length of a key or value that is not there
constexpr size_t batch_head = 80;
constexpr size_t event_head = 12;
constexpr size_t rejected_head = 20;

struct PartSizes {
  uint32_t position, names, events, rejected;
};

/// The 80 bytes before the parts.
std::array<std::byte, batch_head> encode_head(const BatchHeader& header, const PartSizes& sizes);

}  // namespace holdfast::spool::format
