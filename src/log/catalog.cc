#include "log/catalog.h"

#include <algorithm>
#include <fmt/core.h>

#include "base/check.h"
#include "base/log_line.h"
#include "log/folder.h"
#include "log/recovery.h"

namespace holdfast::log {

void Catalog::add_segment(const SegmentPtr& segment) {
  segments_.push_back(segment);
  bytes_used_ += segment->header.file_bytes;
  const SegmentIndex& index = segment->index();
  for (uint32_t slot = 0; slot < index.slots(); ++slot) {
    partitions_[index.partition(slot)].push_back(
        {static_cast<uint32_t>(segment->header.sequence), slot});
  }
}

void Catalog::add_frame(const format::FrameHeader& frame) {
  const Segment& segment = *segments_.back();
  const auto [slot, is_new] = segment.hot->add(
      frame.key.partition, {.last_offset = frame.key.last_offset,
                            .max_timestamp_ms = frame.key.max_timestamp_ms,
                            .place = static_cast<uint32_t>(
                                segment.header.offset_of(frame.position) / format::frame_alignment),
                            .body_bytes = frame.body_bytes});
  if (is_new) {
    partitions_[frame.key.partition].push_back(
        {static_cast<uint32_t>(segment.header.sequence), slot});
  }
}

void Catalog::install_index_file(const SegmentPtr& segment) {
  const std::string path = folder_ + "/" + format::index_name(segment->header.sequence);
  auto index = IndexFile::open(files_, path, segment->header, segment->end);
  if (!index) {
    log_warning("log", "index kept in memory: {}", index.error().message);
    return;
  }
  for (uint32_t slot = 0; slot < (*index)->slots(); ++slot) {
    auto& refs = partitions_[(*index)->partition(slot)];
    const auto number = static_cast<uint32_t>(segment->header.sequence);
    const auto ref =
        std::find_if(refs.rbegin(), refs.rend(), [&](const Ref& r) { return r.segment == number; });
    HOLDFAST_CHECK(ref != refs.rend());
    ref->slot = slot;
  }
  segment->index_file = std::move(*index);
  segment->hot.reset();
}

SegmentPtr Catalog::drop_front() {
  const SegmentPtr segment = segments_.front();
  const SegmentIndex& index = segment->index();
  for (uint32_t slot = 0; slot < index.slots(); ++slot) {
    const auto found = partitions_.find(index.partition(slot));
    found->second.erase(found->second.begin());
    if (found->second.empty()) partitions_.erase(found);
  }
  segments_.pop_front();
  bytes_used_ -= segment->header.file_bytes;
  recent_ = {};
  return segment;
}

Segment& Catalog::segment_of(Ref ref) const {
  const auto first = static_cast<uint32_t>(segments_.front()->header.sequence);
  return *segments_[ref.segment - first];
}

/// Index entries are many and seldom read, so their CRC is checked at first use; a damaged index is
/// only a cache lost.
Status Catalog::check_index(Segment& segment) {
  if (segment.hot || segment.index_file->check_entries()) return {};
  log_warning("log", "index of {} is damaged and rebuilt from the segment", segment.path);
  const auto rebuilt = HOLDFAST_TRY(rebuild_index(files_, segment));
  for (uint32_t slot = 0; slot < rebuilt->slots(); ++slot) {
    for (Ref& ref : partitions_[rebuilt->partition(slot)]) {
      if (ref.segment == static_cast<uint32_t>(segment.header.sequence)) ref.slot = slot;
    }
  }
  segment.hot = rebuilt;
  segment.index_file.reset();
  return {};
}

Result<std::span<const Catalog::Ref>> Catalog::refs_from(PartitionId partition,
                                                         int64_t from_offset) {
  const auto found = partitions_.find(partition);
  if (found == partitions_.end()) return std::span<const Ref>();
  const std::vector<Ref>& refs = found->second;
  size_t low = 0;
  size_t high = refs.size() - 1;  // the last one can always hold it; most readers are there
  if (refs.size() > 1) HOLDFAST_CHECKED(check_index(segment_of(refs[high - 1])));
  if (refs.size() > 1 &&
      segment_of(refs[high - 1]).index().entries(refs[high - 1].slot).back().last_offset <
          from_offset) {
    low = high;
  }
  while (low < high) {
    const size_t middle = (low + high) / 2;
    HOLDFAST_CHECKED(check_index(segment_of(refs[middle])));
    const int64_t last =
        segment_of(refs[middle]).index().entries(refs[middle].slot).back().last_offset;
    if (last < from_offset) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return std::span<const Ref>(refs).subspan(low);
}

Result<std::span<const IndexEntry>> Catalog::entries(Ref ref, int64_t from_offset,
                                                     Position durable) {
  Segment& segment = segment_of(ref);
  HOLDFAST_CHECKED(check_index(segment));
  auto all = segment.index().entries(ref.slot);
  const auto first = std::ranges::lower_bound(all, from_offset, {}, &IndexEntry::last_offset);
  all = all.subspan(static_cast<size_t>(first - all.begin()));
  if (segment.end > durable) {
    const uint64_t limit = durable > segment.header.begin ? segment.header.offset_of(durable) : 0;
    const auto last = std::ranges::upper_bound(all, limit, {}, &IndexEntry::file_end);
    all = all.first(static_cast<size_t>(last - all.begin()));
  }
  return all;
}

Result<std::vector<Frame>> Catalog::read(PartitionId partition, int64_t from_offset,
                                         uint64_t bytes_max, bool at_least_one, Position durable) {
  std::vector<Frame> frames;
  uint64_t bytes = 0;
  for (const Ref ref : HOLDFAST_TRY(refs_from(partition, from_offset))) {
    const auto found = HOLDFAST_TRY(entries(ref, from_offset, durable));
    for (const IndexEntry& entry : found) {
      const bool first = frames.empty() && at_least_one;
      if (!first && bytes + entry.body_bytes > bytes_max) return frames;
      frames.push_back(HOLDFAST_TRY(frame_of(ref, entry, partition, durable)));
      bytes += entry.body_bytes;
    }
    if (bytes >= bytes_max) break;
  }
  return frames;
}

Result<std::optional<Frame>> Catalog::find_time(PartitionId partition, int64_t from_offset,
                                                int64_t timestamp_ms, Position durable) {
  for (const Ref ref : HOLDFAST_TRY(refs_from(partition, from_offset))) {
    if (segment_of(ref).index().max_timestamp_ms(ref.slot) < timestamp_ms) continue;
    const auto found = HOLDFAST_TRY(entries(ref, from_offset, durable));
    for (const IndexEntry& entry : found) {
      if (entry.max_timestamp_ms >= timestamp_ms)
        return HOLDFAST_TRY(frame_of(ref, entry, partition, durable));
    }
  }
  return std::nullopt;
}

Result<std::optional<Frame>> Catalog::find_max_timestamp(PartitionId partition, int64_t from_offset,
                                                         Position durable) {
  const IndexEntry* best = nullptr;
  Ref best_ref{};
  for (const Ref ref : HOLDFAST_TRY(refs_from(partition, from_offset))) {
    if (best != nullptr &&
        segment_of(ref).index().max_timestamp_ms(ref.slot) <= best->max_timestamp_ms)
      continue;
    const auto found = HOLDFAST_TRY(entries(ref, from_offset, durable));
    for (const IndexEntry& entry : found) {
      if (best != nullptr && entry.max_timestamp_ms <= best->max_timestamp_ms) continue;
      best = &entry;
      best_ref = ref;
    }
  }
  if (best == nullptr) return std::nullopt;
  return HOLDFAST_TRY(frame_of(best_ref, *best, partition, durable));
}

Result<std::shared_ptr<const os::Mapping>> Catalog::map(Segment& segment) {
  if (auto mapping = segment.mapped.lock()) return mapping;
  auto file = HOLDFAST_TRY(files_.open(segment.path, os::OpenMode::read));
  std::shared_ptr<const os::Mapping> mapping =
      HOLDFAST_TRY(file->map(0, segment.header.file_bytes));
  segment.mapped = mapping;
  recent_[next_recent_++ % recent_.size()] = mapping;
  return mapping;
}

/// `limit`: nothing of the frame may lie at or above it.
Result<Frame> Catalog::frame_at(const Segment& segment,
                                const std::shared_ptr<const os::Mapping>& mapping,
                                uint64_t file_offset, Position limit) const {
  const auto damaged = [&](const char* what) {
    return fail(ErrorCode::corrupt,
                fmt::format("{}: {}",
                            describe_place(segment.path, segment.header.position_at(file_offset),
                                           file_offset),
                            what));
  };
  const ByteView rest =
      mapping->bytes().subspan(std::min<size_t>(file_offset, mapping->bytes().size()));
  if (rest.size() < format::frame_header_bytes) return damaged("no frame");
  const auto header = format::decode_frame_header(rest.data());
  if (!header || header->generation != segment.header.generation ||
      header->position != segment.header.position_at(file_offset)) {
    return damaged("not the frame that was written there");
  }
  const uint64_t bytes = format::frame_bytes(header->body_bytes);
  const Position end{header->position.value + bytes};
  if (bytes > rest.size() || end > limit) return damaged("impossible length");
  if (!segment.of_this_run && !format::frame_checks(rest.first(bytes))) return damaged("wrong CRC");
  return Frame{.begin = header->position,
               .end = end,
               .key = header->key,
               .body = rest.subspan(format::frame_header_bytes, header->body_bytes),
               .pin = mapping};
}

Result<Frame> Catalog::frame_of(Ref ref, const IndexEntry& entry, PartitionId partition,
                                Position durable) {
  Segment& segment = segment_of(ref);
  const auto mapping = HOLDFAST_TRY(map(segment));
  auto frame = HOLDFAST_TRY(frame_at(segment, mapping, entry.file_offset(), durable));
  if (frame.key.partition != partition || frame.key.last_offset != entry.last_offset) {
    return fail(
        ErrorCode::corrupt,
        fmt::format("{}: not the frame that the index names; remove the index file, it is rebuilt",
                    describe_place(segment.path, frame.begin, entry.file_offset())));
  }
  return frame;
}

Status Catalog::replay(Position from, Position durable,
                       const std::function<Status(const Frame&)>& visit) {
  for (const SegmentPtr& segment : segments_) {
    const Position end = std::min(segment->end, durable);
    if (end <= from) continue;
    const auto mapping = HOLDFAST_TRY(map(*segment));
    Position at = std::max(from, segment->header.begin);
    while (at < end) {
      const auto frame =
          HOLDFAST_TRY(frame_at(*segment, mapping, segment->header.offset_of(at), end));
      at = frame.end;
      if (frame.key.kind != format::mark_kind) HOLDFAST_CHECKED(visit(frame));
    }
  }
  return {};
}

}  // namespace holdfast::log
