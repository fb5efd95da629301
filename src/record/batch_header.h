#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"

/// For the few who write a batch's header: where its fields are (batch.h tells their types), and
/// what the attributes' bits mean.
namespace holdfast::record::header {

inline constexpr size_t base_offset = 0;
inline constexpr size_t length = 8;
inline constexpr size_t leader_epoch = 12;
inline constexpr size_t magic = 16;
inline constexpr size_t crc = 17;
inline constexpr size_t attributes = 21;  // the CRC's bytes begin here
inline constexpr size_t last_offset_delta = 23;
inline constexpr size_t base_timestamp = 27;
inline constexpr size_t max_timestamp = 35;
inline constexpr size_t producer_id = 43;
inline constexpr size_t producer_epoch = 51;
inline constexpr size_t base_sequence = 53;
inline constexpr size_t record_count = 57;

inline constexpr uint16_t codec_bits = 7;
inline constexpr uint16_t log_append_time_bit = 8;
inline constexpr uint16_t transactional_bit = 16;
inline constexpr uint16_t control_bit = 32;
inline constexpr uint16_t delete_horizon_bit = 64;

/// Writes length and CRC, once all else of the batch is as it is to be.
void seal(MutableBytes batch);

}  // namespace holdfast::record::header
