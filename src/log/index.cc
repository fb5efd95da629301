#include "log/index.h"

#include <algorithm>
#include <fmt/core.h>
#include <numeric>

#include "base/crc32c.h"

namespace holdfast::log {
namespace {

constexpr std::string_view magic = "HFLOGIDX";
constexpr size_t header_bytes = 64;

/// Header: magic (8), CRC of the rest of header and directory (4), version (4), segment sequence
/// (8), generation (4), slots (4), begin (8), end (8), entries (4), CRC of the entries (4), zero
/// (8).
struct Header {
  uint32_t slots = 0;
  uint32_t entries = 0;
  uint32_t entries_crc = 0;
};

void write_header(MutableBytes bytes, const Header& header, const format::SegmentHeader& segment,
                  Position end) {
  std::memcpy(bytes.data(), magic.data(), magic.size());
  store_le<uint32_t>(bytes.data() + 12, format::version);
  store_le<uint64_t>(bytes.data() + 16, segment.sequence);
  store_le<uint32_t>(bytes.data() + 24, segment.generation);
  store_le<uint32_t>(bytes.data() + 28, header.slots);
  store_le<uint64_t>(bytes.data() + 32, segment.begin.value);
  store_le<uint64_t>(bytes.data() + 40, end.value);
  store_le<uint32_t>(bytes.data() + 48, header.entries);
  store_le<uint32_t>(bytes.data() + 52, header.entries_crc);
}

}  // namespace

bool HotIndex::add(PartitionId partition, int64_t first_offset, const IndexEntry& entry) {
  const auto [found, is_new] =
      slot_of_.try_emplace(partition, static_cast<uint32_t>(slots_.size()));
  if (is_new) {
    slots_.push_back(
        {.summary = {.partition = partition, .first_offset = first_offset}, .entries = {}});
  }
  Slot& slot = slots_[found->second];
  slot.entries.push_back(entry);
  slot.summary.last_offset = entry.last_offset;
  slot.summary.max_timestamp_ms = std::max(slot.summary.max_timestamp_ms, entry.max_timestamp_ms);
  slot.summary.body_bytes += entry.body_bytes;
  return is_new;
}

std::optional<uint32_t> HotIndex::find(PartitionId partition) const {
  const auto found = slot_of_.find(partition);
  if (found == slot_of_.end()) return std::nullopt;
  return found->second;
}

ByteBuffer encode_index(const HotIndex& index, const format::SegmentHeader& segment, Position end) {
  using DirectoryEntry = IndexFile::DirectoryEntry;
  std::vector<uint32_t> order(index.slots());
  std::iota(order.begin(), order.end(), 0u);
  std::ranges::sort(order, {}, [&](uint32_t slot) { return index.summary(slot).partition.value; });
  Header header;
  header.slots = index.slots();
  for (const uint32_t slot : order)
    header.entries += static_cast<uint32_t>(index.entries(slot).size());

  const size_t directory_bytes = header.slots * sizeof(DirectoryEntry);
  ByteBuffer bytes(header_bytes + directory_bytes + header.entries * sizeof(IndexEntry));
  std::byte* directory = bytes.data() + header_bytes;
  std::byte* entries = directory + directory_bytes;
  uint32_t first = 0;
  for (const uint32_t slot : order) {
    const auto from = index.entries(slot);
    const SlotSummary summary = index.summary(slot);
    const DirectoryEntry entry{.partition = summary.partition.value,
                               .count = static_cast<uint32_t>(from.size()),
                               .first = first,
                               .reserved = 0,
                               .first_offset = summary.first_offset,
                               .last_offset = summary.last_offset,
                               .max_timestamp_ms = summary.max_timestamp_ms,
                               .body_bytes = summary.body_bytes};
    std::memcpy(directory, &entry, sizeof entry);
    std::memcpy(entries + first * sizeof(IndexEntry), from.data(), from.size_bytes());
    directory += sizeof entry;
    first += entry.count;
  }
  header.entries_crc = crc32c(ByteView(bytes).subspan(header_bytes + directory_bytes));
  write_header(bytes, header, segment, end);
  store_le<uint32_t>(bytes.data() + 8,
                     crc32c(ByteView(bytes).subspan(12, header_bytes + directory_bytes - 12)));
  return bytes;
}

Result<std::unique_ptr<IndexFile>> IndexFile::open(os::Files& files, const std::string& path,
                                                   const format::SegmentHeader& segment,
                                                   Position end) {
  const auto bad = [&](std::string_view what) {
    return fail(ErrorCode::corrupt, fmt::format("{}: {}", path, what));
  };
  auto file = HOLDFAST_TRY(files.open(path, os::OpenMode::read));
  const uint64_t size = HOLDFAST_TRY(file->size());
  if (size < header_bytes) return bad("too short for an index");
  auto index = std::make_unique<IndexFile>();
  index->mapping_ = HOLDFAST_TRY(file->map(0, size));
  const ByteView bytes = index->mapping_->bytes();

  const Header header{.slots = load_le<uint32_t>(bytes.data() + 28),
                      .entries = load_le<uint32_t>(bytes.data() + 48),
                      .entries_crc = load_le<uint32_t>(bytes.data() + 52)};
  const uint64_t directory_bytes = uint64_t{header.slots} * sizeof(DirectoryEntry);
  if (size != header_bytes + directory_bytes + uint64_t{header.entries} * sizeof(IndexEntry))
    return bad("wrong size");
  ByteBuffer expected(header_bytes);
  write_header(expected, header, segment, end);
  std::memcpy(expected.data() + 8, bytes.data() + 8, 4);
  if (!std::ranges::equal(expected, bytes.first(header_bytes)))
    return bad("header is not of this segment");
  if (load_le<uint32_t>(bytes.data() + 8) !=
      crc32c(bytes.subspan(12, header_bytes + directory_bytes - 12))) {
    return bad("wrong CRC of the directory");
  }
  index->directory_ = {reinterpret_cast<const DirectoryEntry*>(bytes.data() + header_bytes),
                       header.slots};
  index->entries_ = {
      reinterpret_cast<const IndexEntry*>(bytes.data() + header_bytes + directory_bytes),
      header.entries};
  index->entries_crc_ = header.entries_crc;
  for (const DirectoryEntry& entry : index->directory_) {
    if (entry.count == 0 || entry.first + uint64_t{entry.count} > header.entries)
      return bad("impossible directory");
  }
  return index;
}

std::optional<uint32_t> IndexFile::find(PartitionId partition) const {
  const auto found =
      std::ranges::lower_bound(directory_, partition.value, {}, &DirectoryEntry::partition);
  if (found == directory_.end() || found->partition != partition.value) return std::nullopt;
  return static_cast<uint32_t>(found - directory_.begin());
}

SlotSummary IndexFile::summary(uint32_t slot) const {
  const DirectoryEntry& entry = directory_[slot];
  return {.partition = {entry.partition},
          .first_offset = entry.first_offset,
          .last_offset = entry.last_offset,
          .max_timestamp_ms = entry.max_timestamp_ms,
          .body_bytes = entry.body_bytes};
}

bool IndexFile::check_entries() {
  if (!entries_checked_) entries_checked_ = crc32c(std::as_bytes(entries_)) == entries_crc_;
  return entries_checked_;
}

}  // namespace holdfast::log
