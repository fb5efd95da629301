#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "log/log.h"

/// The bytes of the log on disk, and nothing else: no file is touched here. docs/formats/log.md
/// describes every field.
namespace holdfast::log::format {

inline constexpr uint32_t version = 1;
inline constexpr uint64_t page_bytes = 4096;
inline constexpr uint64_t segment_header_bytes = page_bytes;
inline constexpr uint64_t frame_header_bytes = 64;
inline constexpr uint64_t frame_alignment = 8;
inline constexpr uint32_t frame_magic = 0x31724648;  // "HFr1"
/// A frame of the log's own, never shown to the owner: says that everything before it was durable
/// when the log was closed.
inline constexpr FrameKind mark_kind{0};

constexpr uint64_t round_up(uint64_t value, uint64_t unit) {
  return (value + unit - 1) / unit * unit;
}
constexpr uint64_t round_down(uint64_t value, uint64_t unit) {
  return value / unit * unit;
}
constexpr uint64_t frame_bytes(uint64_t body_bytes) {
  return round_up(frame_header_bytes + body_bytes, frame_alignment);
}
/// Each segment keeps room for one mark behind its frames.
constexpr uint64_t frames_max_bytes(uint64_t file_bytes) {
  return file_bytes - segment_header_bytes - frame_header_bytes;
}

struct SegmentHeader {
  uint64_t sequence = 0;
  uint32_t generation = 0;
  Position begin;            // of its first frame
  uint64_t file_bytes = 0;   // the size of the whole file
  uint64_t settled_end = 0;  // of a settled segment: file offset behind its last frame; otherwise 0

  bool settled() const { return settled_end != 0; }
  Position position_at(uint64_t file_offset) const {
    return {begin.value + (file_offset - segment_header_bytes)};
  }
  uint64_t offset_of(Position position) const {
    return segment_header_bytes + (position.value - begin.value);
  }
};

struct FrameHeader {
  uint32_t body_bytes = 0;
  uint32_t generation = 0;
  Position position;
  Position durable_before;  // everything below it was on disk when this frame was appended
  FrameKey key;
};

/// `page` is one whole page.
void encode(const SegmentHeader& header, MutableBytes page);
/// `invalid` when it is not a header, `version_unknown` when another version wrote it.
Result<SegmentHeader> decode_segment_header(ByteView page);

/// Writes the header with its CRC to `to`. `padding` is the zero bytes between the body and the
/// next frame.
void encode(const FrameHeader& header, std::span<const ByteView> body, std::byte* to);
/// Only the fields: nothing for bytes that cannot be a frame header. Whether the frame is whole,
/// `frame_checks` tells.
std::optional<FrameHeader> decode_frame_header(const std::byte* from);
/// Whether the CRC of the whole frame (header, body, padding) is right. `frame` is exactly
/// `frame_bytes` long.
bool frame_checks(ByteView frame);

std::string encode_meta();
Status check_meta(ByteView bytes);

struct Checkpoint {
  Position upto;     // replay goes on here
  Position durable;  // known to be on disk when it was written: at or above `upto`
};
inline constexpr size_t checkpoint_header_bytes = 48;
ByteBuffer encode(const Checkpoint& checkpoint, ByteView state);
/// The state is what follows the header.
Result<Checkpoint> decode_checkpoint(ByteView bytes);

/// What the settled part of the log consists of. Replaced atomically: a settled file that is not in
/// it, and a segment below `raw_from`, do not count.
struct Manifest {
  struct Settled {
    uint64_t number = 0;
    uint32_t generation = 0;
    bool operator==(const Settled&) const = default;
  };
  struct Cleaned {
    PartitionId partition;
    int64_t upto = 0;                // compacted below this offset
    int64_t horizon_ms = INT64_MAX;  // when the next tombstone or marker of it may go
    bool operator==(const Cleaned&) const = default;
  };
  uint64_t next_number = 0;
  uint64_t raw_from = 0;         // the sequence of the first segment that is as it was written
  std::vector<Settled> settled;  // in the order of reading
  std::vector<Cleaned> cleaned;  // by partition
  bool operator==(const Manifest&) const = default;
};
ByteBuffer encode(const Manifest& manifest);
Result<Manifest> decode_manifest(ByteView bytes);

inline constexpr std::string_view manifest_name = "settled";
inline constexpr std::string_view meta_name = "log.meta";
inline constexpr std::string_view lock_name = "lock";
inline constexpr std::string_view checkpoint_name = "checkpoint";
std::string segment_name(uint64_t sequence);      // 00000000000000000007.seg
std::string index_name(uint64_t sequence);        // 00000000000000000007.idx
std::string settled_name(uint64_t number);        // settled-00000000000000000007.seg
std::string settled_index_name(uint64_t number);  // settled-00000000000000000007.idx
std::string spare_name(
    uint64_t number);  // spare-00000000000000000007.seg: ready for use as a segment
std::string preparing_name(
    uint64_t number);  // 00000000000000000007.preparing: not yet ready, thrown away at start
/// The number in such a name, if it is one: digits, then `suffix`, behind `prefix`.
std::optional<uint64_t> number_in(std::string_view name, std::string_view prefix,
                                  std::string_view suffix);

}  // namespace holdfast::log::format
