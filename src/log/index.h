#pragma once

#include <atomic>
#include <unordered_map>

#include "log/format.h"

namespace holdfast::log {

/// One batch frame in a segment. Memory and file have it alike (little-endian, 24 bytes).
struct IndexEntry {
  int64_t last_offset;
  int64_t max_timestamp_ms;
  uint32_t place;  // file offset in the segment / 8
  uint32_t body_bytes;

  uint64_t file_offset() const { return uint64_t{place} * format::frame_alignment; }
  uint64_t file_end() const { return file_offset() + format::frame_bytes(body_bytes); }
};
static_assert(sizeof(IndexEntry) == 24 && std::endian::native == std::endian::little);

/// What a segment holds of one partition, all together.
struct SlotSummary {
  PartitionId partition;
  int64_t first_offset = 0;  // of its first frame
  int64_t last_offset = 0;   // of its last frame
  int64_t max_timestamp_ms = INT64_MIN;
  uint64_t body_bytes = 0;
};

/// Which batch frames of which partition a segment holds: for each partition one slot, with its
/// entries in offset order.
class SegmentIndex {
 public:
  virtual ~SegmentIndex() = default;
  virtual uint32_t slots() const = 0;
  virtual std::optional<uint32_t> find(PartitionId partition) const = 0;
  virtual SlotSummary summary(uint32_t slot) const = 0;
  virtual std::span<const IndexEntry> entries(uint32_t slot) const = 0;
};

/// The index of the segment being written, or of one whose index file is not yet there. Filled by
/// the owner's thread; once its segment is sealed nobody changes it, and any thread may read it.
class HotIndex final : public SegmentIndex {
 public:
  /// Answers whether the partition is new in this segment.
  bool add(PartitionId partition, int64_t first_offset, const IndexEntry& entry);

  uint32_t slots() const override { return static_cast<uint32_t>(slots_.size()); }
  std::optional<uint32_t> find(PartitionId partition) const override;
  SlotSummary summary(uint32_t slot) const override { return slots_[slot].summary; }
  std::span<const IndexEntry> entries(uint32_t slot) const override { return slots_[slot].entries; }

 private:
  struct Slot {
    SlotSummary summary;
    std::vector<IndexEntry> entries;
  };
  std::vector<Slot> slots_;
  std::unordered_map<PartitionId, uint32_t> slot_of_;
};

/// The bytes of the index file of a sealed segment that ends at `end`. The same index always gives
/// the same bytes.
ByteBuffer encode_index(const HotIndex& index, const format::SegmentHeader& segment, Position end);

/// The index file of a sealed segment, mapped. Header and directory are checked when it is opened;
/// the entries, which are many, by `check_entries` before their first use. Any thread.
class IndexFile final : public SegmentIndex {
 public:
  /// `corrupt` when the file is not the right index for the segment.
  static Result<std::unique_ptr<IndexFile>> open(os::Files& files, const std::string& path,
                                                 const format::SegmentHeader& segment,
                                                 Position end);

  /// Whether the entries' CRC is right; computed once.
  bool check_entries();

  uint32_t slots() const override { return static_cast<uint32_t>(directory_.size()); }
  std::optional<uint32_t> find(PartitionId partition) const override;
  SlotSummary summary(uint32_t slot) const override;
  std::span<const IndexEntry> entries(uint32_t slot) const override {
    return entries_.subspan(directory_[slot].first, directory_[slot].count);
  }
 private:
  friend ByteBuffer encode_index(const HotIndex&, const format::SegmentHeader&, Position);
  struct DirectoryEntry {
    uint32_t partition;
    uint32_t count;
    uint32_t first;
    uint32_t reserved;
    int64_t first_offset;
    int64_t last_offset;
    int64_t max_timestamp_ms;
    uint64_t body_bytes;
  };
  static_assert(sizeof(DirectoryEntry) == 48);

  std::unique_ptr<os::Mapping> mapping_;
  std::span<const DirectoryEntry> directory_;
  std::span<const IndexEntry> entries_;
  uint32_t entries_crc_ = 0;
  std::atomic<bool> entries_checked_ = false;  // checking twice does no harm
};

}  // namespace holdfast::log
