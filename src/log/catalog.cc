#include "log/catalog.h"

#include <algorithm>
#include <fmt/core.h>

#include "base/check.h"
#include "base/log_line.h"
#include "base/os/read_ahead.h"
#include "log/folder.h"
#include "log/recovery.h"

namespace holdfast::log {
namespace {

/// A reader has between once and twice as much before it.
constexpr uint64_t ahead_bytes = 4 << 20;

}  // namespace

void Catalog::add_segment(const SegmentPtr& segment) {
  segments_.push_back(segment);
  count_in(*segment);
}

void Catalog::add_settled(const SegmentPtr& segment) {
  settled_.push_back(segment);
  count_in(*segment);
  ++epoch_;
}

void Catalog::count_in(Segment& segment) {
  bytes_used_ += segment.header.file_bytes;
  const SegmentIndex& index = segment.index();
  for (uint32_t slot = 0; slot < index.slots(); ++slot) {
    const SlotSummary summary = index.summary(slot);
    Account& account = accounts_[summary.partition];
    const uint64_t live =
        bytes_between(segment, slot, account.live_from, INT64_MAX).value_or(summary.body_bytes);
    ++account.segments;
    account.live_bytes += live;
    segment.live_bytes += live;
    segment.body_bytes += summary.body_bytes;
  }
}

void Catalog::replace(const std::vector<SegmentPtr>& inputs,
                      const std::vector<SegmentPtr>& outputs) {
  // Counted in first, so that no account is lost on the way.
  for (const SegmentPtr& segment : outputs) count_in(*segment);
  size_t place = settled_.size();
  for (const SegmentPtr& segment : inputs) {
    forget(*segment);
    if (!segment->settled()) {
      HOLDFAST_CHECK(segments_.front() == segment && segments_.size() > 1);
      segments_.pop_front();
      continue;
    }
    const auto found = std::ranges::find(settled_, segment);
    HOLDFAST_CHECK(found != settled_.end());
    place = std::min(place, static_cast<size_t>(found - settled_.begin()));
    settled_.erase(found);
  }
  place = std::min(place, settled_.size());
  settled_.insert(settled_.begin() + static_cast<std::ptrdiff_t>(place), outputs.begin(),
                  outputs.end());
  ++epoch_;
}

void Catalog::add_frame(const format::FrameHeader& frame) {
  Segment& segment = *segments_.back();
  const uint64_t place = segment.header.offset_of(frame.position) / format::frame_alignment;
  const bool is_new = segment.hot->add(frame.key.partition, frame.key.first_offset,
                                       {.last_offset = frame.key.last_offset,
                                        .max_timestamp_ms = frame.key.max_timestamp_ms,
                                        .place = static_cast<uint32_t>(place),
                                        .body_bytes = frame.body_bytes});
  Account& account = accounts_[frame.key.partition];
  account.segments += is_new ? 1 : 0;
  segment.body_bytes += frame.body_bytes;
  if (frame.key.last_offset < account.live_from) return;
  account.live_bytes += frame.body_bytes;
  segment.live_bytes += frame.body_bytes;
}

void Catalog::install_index_file(const SegmentPtr& segment) {
  auto index = IndexFile::open(files_, segment->index_path, segment->header, segment->end);
  if (!index) {
    log_warning("log", "index kept in memory: {}", index.error().message);
    return;
  }
  segment->index_file = std::move(*index);
  segment->hot.reset();
}

SegmentPtr Catalog::drop_front() {
  const SegmentPtr segment = segments_.front();
  forget(*segment);
  segments_.pop_front();
  return segment;
}

void Catalog::forget(Segment& segment) {
  const SegmentIndex& index = segment.index();
  for (uint32_t slot = 0; slot < index.slots(); ++slot) {
    const SlotSummary summary = index.summary(slot);
    const auto found = accounts_.find(summary.partition);
    Account& account = found->second;
    // An index whose entries are damaged is not worth a failure here: the account is then too high.
    account.live_bytes -= bytes_between(segment, slot, account.live_from, INT64_MAX).value_or(0);
    if (--account.segments == 0) accounts_.erase(found);
  }
  bytes_used_ -= segment.header.file_bytes;
  mapped_last_ = {};
  ++epoch_;
}

Result<uint64_t> Catalog::bytes_between(Segment& segment, uint32_t slot, int64_t from, int64_t to) {
  const SlotSummary summary = segment.index().summary(slot);
  if (summary.last_offset < from || summary.first_offset >= to) return uint64_t{0};
  if (summary.first_offset >= from && summary.last_offset < to) return summary.body_bytes;
  HOLDFAST_CHECKED(check_index(segment));
  uint64_t bytes = 0;
  const auto all = segment.index().entries(*segment.index().find(summary.partition));
  auto entry = std::ranges::lower_bound(all, from, {}, &IndexEntry::last_offset);
  for (; entry != all.end() && entry->last_offset < to; ++entry) bytes += entry->body_bytes;
  return bytes;
}

Status Catalog::release(PartitionId partition, int64_t from_offset) {
  const auto found = accounts_.find(partition);
  if (found == accounts_.end() || from_offset <= found->second.live_from) return {};
  Account& account = found->second;
  for (size_t place = 0; place < count(); ++place) {
    Segment& segment = at(place);
    const auto slot = segment.index().find(partition);
    if (!slot) continue;
    const bool is_last = segment.index().summary(*slot).last_offset >= from_offset;
    const uint64_t bytes =
        HOLDFAST_TRY(bytes_between(segment, *slot, account.live_from, from_offset));
    segment.live_bytes -= bytes;
    account.live_bytes -= bytes;
    if (is_last) break;
  }
  account.live_from = from_offset;
  return {};
}

uint64_t Catalog::live_bytes(PartitionId partition) const {
  const auto found = accounts_.find(partition);
  return found == accounts_.end() ? 0 : found->second.live_bytes;
}

std::vector<PartitionId> Catalog::partitions() const {
  std::vector<PartitionId> all;
  all.reserve(accounts_.size());
  for (const auto& [partition, account] : accounts_) all.push_back(partition);
  return all;
}

Result<DropPoint> Catalog::drop_point(PartitionId partition, const Expiry& expiry,
                                      Position durable) {
  const auto found = accounts_.find(partition);
  if (found == accounts_.end()) return DropPoint{};
  const int64_t live_from = found->second.live_from;
  DropPoint point{.offset = live_from};
  uint64_t left = found->second.live_bytes;
  bool going = true;
  for (size_t place = first_place(partition, live_from); place < count(); ++place) {
    for (const IndexEntry& entry :
         HOLDFAST_TRY(entries(at(place), partition, live_from, durable))) {
      const bool timeless = entry.max_timestamp_ms < 0;
      const bool too_much =
          left >= entry.body_bytes && left - entry.body_bytes >= expiry.keep_bytes;
      const bool too_old = !timeless && entry.max_timestamp_ms < expiry.older_than_ms;
      going = going && entry.last_offset < expiry.below && (too_much || too_old || timeless);
      if (going && (too_much || too_old)) point.offset = entry.last_offset + 1;
      left -= std::min<uint64_t>(left, entry.body_bytes);
      const bool stays = entry.last_offset >= point.offset;
      if (going || !stays || timeless) continue;
      point.next_timestamp_ms = entry.max_timestamp_ms;
      return point;
    }
  }
  return point;
}

Result<Dirt> Catalog::dirt(PartitionId partition, int64_t dirty_from, int64_t below,
                           int64_t not_after_ms, Position ready) {
  Dirt dirt;
  dirty_from = std::max(dirty_from, live_from(partition));
  for (size_t place = first_place(partition, 0); place < count(); ++place) {
    Segment& segment = at(place);
    const auto slot = segment.index().find(partition);
    if (!slot) continue;
    dirt.clean_bytes +=
        HOLDFAST_TRY(bytes_between(segment, *slot, live_from(partition), dirty_from));
    const bool is_ready =
        segment.settled() || (segment.end <= ready && &segment != segments_.back().get());
    for (const IndexEntry& entry :
         HOLDFAST_TRY(entries(segment, partition, dirty_from, Position{UINT64_MAX}))) {
      if (entry.last_offset >= below) return dirt;
      if (entry.max_timestamp_ms > not_after_ms) {
        dirt.held_back_ms = entry.max_timestamp_ms;
        return dirt;
      }
      int64_t& oldest_ms = is_ready ? dirt.ready_oldest_ms : dirt.later_oldest_ms;
      if (oldest_ms == INT64_MAX) oldest_ms = entry.max_timestamp_ms;
      (is_ready ? dirt.ready_bytes : dirt.later_bytes) += entry.body_bytes;
    }
  }
  return dirt;
}

Result<std::shared_ptr<SegmentIndex>> Catalog::shared_index(Segment& segment) {
  HOLDFAST_CHECKED(check_index(segment));
  return segment.shared_index();
}

/// Index entries are many and seldom read, so their CRC is checked at first use; a damaged index is
/// only a cache lost.
Status Catalog::check_index(Segment& segment) {
  if (segment.hot || segment.index_file->check_entries()) return {};
  log_warning("log", "index of {} is damaged and rebuilt from the segment", segment.path);
  segment.hot = HOLDFAST_TRY(rebuild_index(files_, segment));
  segment.index_file.reset();
  return {};
}

Catalog::Hint& Catalog::hint_for(PartitionId partition, int64_t offset) {
  const uint64_t mixed =
      (uint64_t{partition.value} * 0x9e3779b97f4a7c15u) ^ (static_cast<uint64_t>(offset) * 0xff51u);
  return hints_[(mixed ^ mixed >> 29) % hints_.size()];
}

/// Readers mostly go on where they were, or stand near the end.
size_t Catalog::first_place(PartitionId partition, int64_t from_offset) {
  const Hint& hint = hint_for(partition, from_offset);
  const bool goes_on = known(hint, partition, from_offset);
  for (size_t place = hint.place; goes_on && place < count(); ++place) {
    const SegmentIndex& index = at(place).index();
    const auto slot = index.find(partition);
    if (slot && index.summary(*slot).last_offset >= from_offset) return place;
  }
  size_t best = count();
  for (size_t place = goes_on ? 0 : count(); place-- > 0;) {
    const SegmentIndex& index = at(place).index();
    const auto slot = index.find(partition);
    if (!slot) continue;
    const SlotSummary summary = index.summary(*slot);
    if (summary.last_offset < from_offset) break;
    best = place;
    if (summary.first_offset <= from_offset) break;
  }
  return best;
}

Result<std::span<const IndexEntry>> Catalog::entries(Segment& segment, PartitionId partition,
                                                     int64_t from_offset, Position durable) {
  if (!segment.index().find(partition)) return std::span<const IndexEntry>();
  HOLDFAST_CHECKED(check_index(segment));
  auto all = segment.index().entries(*segment.index().find(partition));
  const auto first = std::ranges::lower_bound(all, from_offset, {}, &IndexEntry::last_offset);
  all = all.subspan(static_cast<size_t>(first - all.begin()));
  if (!segment.settled() && segment.end > durable) {
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
  bool enough = false;
  // Where the last frame was found: a segment behind it may hold nothing durable of the partition
  // yet although this one has more to come.
  size_t last_place = 0;
  const Hint before = hint_for(partition, from_offset);
  const bool goes_on = known(before, partition, from_offset);
  for (size_t place = first_place(partition, from_offset); place < count() && !enough; ++place) {
    Segment& segment = at(place);
    auto wanted = HOLDFAST_TRY(entries(segment, partition, from_offset, durable));
    size_t fit = 0;
    for (; fit < wanted.size(); ++fit) {
      const bool first = frames.empty() && fit == 0 && at_least_one;
      enough = !first && bytes + wanted[fit].body_bytes > bytes_max;
      if (enough) break;
      bytes += wanted[fit].body_bytes;
    }
    wanted = wanted.first(fit);
    if (wanted.empty()) continue;
    const bool asked_for = goes_on && wanted.back().last_offset < before.ahead;
    if (!asked_for) HOLDFAST_CHECKED(ask_for(segment, on_disk(segment, wanted)));
    for (const IndexEntry& entry : wanted)
      frames.push_back(HOLDFAST_TRY(frame_of(segment, entry, partition, durable)));
    last_place = place;
    enough = enough || bytes >= bytes_max;
  }
  if (!frames.empty()) {
    const int64_t next = frames.back().key.last_offset + 1;
    Hint& hint = hint_for(partition, next) = {partition, next, epoch_, last_place};
    if (goes_on) {
      hint.ahead = before.ahead;
      hint.more_from = before.more_from;
      read_ahead(hint, durable);
    }
  }
  return frames;
}

std::span<const IndexEntry> Catalog::on_disk(const Segment& segment,
                                             std::span<const IndexEntry> entries) const {
  if (segment.settled()) return entries;
  const auto in_memory = std::ranges::lower_bound(
      entries, recent_.begin(), {},
      [&](const IndexEntry& entry) { return segment.header.position_at(entry.file_offset()); });
  return entries.first(static_cast<size_t>(in_memory - entries.begin()));
}

/// Has them read from the disk together, and not one after the other when they are touched.
Status Catalog::ask_for(Segment& segment, std::span<const IndexEntry> entries) {
  if (entries.empty()) return {};
  const auto mapping = HOLDFAST_TRY(map(segment));
  const ByteView all = mapping->bytes();
  uint64_t from = 0;
  uint64_t to = 0;
  for (const IndexEntry& entry : entries) {
    const uint64_t end = std::min<uint64_t>(entry.file_end(), all.size());
    if (entry.file_offset() != to) {
      os::read_ahead(all.subspan(from, to - from));
      from = std::min(entry.file_offset(), end);
    }
    to = end;
  }
  os::read_ahead(all.subspan(from, to - from));
  return {};
}

/// Whoever reads on finds what comes next in memory, whatever else lies between on the disk; the
/// owner's thread would wait for it otherwise. What was written last is in memory for now, and
/// counts as asked for only when it no longer is: a slow reader may come too late for it.
void Catalog::read_ahead(Hint& hint, Position durable) {
  if (hint.offset < hint.more_from) return;
  hint.ahead = std::max(hint.ahead, hint.offset);
  hint.more_from = hint.ahead;
  uint64_t bytes = 0;
  for (size_t place = hint.place; place < count() && bytes < ahead_bytes; ++place) {
    const auto there = entries(at(place), hint.partition, hint.ahead, durable);
    if (!there) return;  // said when it is read
    const auto wanted = on_disk(at(place), *there);
    size_t fit = 0;
    while (fit < wanted.size() && bytes < ahead_bytes) bytes += wanted[fit++].body_bytes;
    if (fit == 0) continue;
    if (!ask_for(at(place), wanted.first(fit))) return;
    hint.ahead = wanted[fit - 1].last_offset + 1;
  }
}

Result<std::optional<Frame>> Catalog::find_time(PartitionId partition, int64_t from_offset,
                                                int64_t timestamp_ms, Position durable) {
  for (size_t place = first_place(partition, from_offset); place < count(); ++place) {
    Segment& segment = at(place);
    const auto slot = segment.index().find(partition);
    if (!slot || segment.index().summary(*slot).max_timestamp_ms < timestamp_ms) continue;
    for (const IndexEntry& entry :
         HOLDFAST_TRY(entries(segment, partition, from_offset, durable))) {
      if (entry.max_timestamp_ms >= timestamp_ms)
        return HOLDFAST_TRY(frame_of(segment, entry, partition, durable));
    }
  }
  return std::nullopt;
}

Result<std::optional<Frame>> Catalog::find_max_timestamp(PartitionId partition, int64_t from_offset,
                                                         Position durable) {
  const IndexEntry* best = nullptr;
  Segment* best_segment = nullptr;
  for (size_t place = first_place(partition, from_offset); place < count(); ++place) {
    Segment& segment = at(place);
    const auto slot = segment.index().find(partition);
    if (!slot) continue;
    if (best != nullptr &&
        segment.index().summary(*slot).max_timestamp_ms <= best->max_timestamp_ms)
      continue;
    for (const IndexEntry& entry :
         HOLDFAST_TRY(entries(segment, partition, from_offset, durable))) {
      if (best != nullptr && entry.max_timestamp_ms <= best->max_timestamp_ms) continue;
      best = &entry;
      best_segment = &segment;
    }
  }
  if (best == nullptr) return std::nullopt;
  return HOLDFAST_TRY(frame_of(*best_segment, *best, partition, durable));
}

Result<std::shared_ptr<const os::Mapping>> Catalog::map(Segment& segment) {
  if (auto mapping = segment.mapped.lock()) return mapping;
  auto file = HOLDFAST_TRY(files_.open(segment.path, os::OpenMode::read));
  std::shared_ptr<const os::Mapping> mapping =
      HOLDFAST_TRY(file->map(0, segment.header.file_bytes));
  os::expect_no_order(mapping->bytes());
  segment.mapped = mapping;
  mapped_last_[next_mapped_++ % mapped_last_.size()] = mapping;
  return mapping;
}

Result<PinnedBytes> Catalog::bytes_at(Segment& segment, uint64_t file_offset) {
  if (!segment.settled()) {
    if (auto found = recent_.find(segment.header.position_at(file_offset), file_offset))
      return *std::move(found);
  }
  auto mapping = HOLDFAST_TRY(map(segment));
  const ByteView all = mapping->bytes();
  return PinnedBytes{std::move(mapping), all.subspan(std::min<size_t>(file_offset, all.size()))};
}

/// `limit`: nothing of the frame may lie at or above it.
Result<Frame> Catalog::frame_at(const Segment& segment, uint64_t file_offset,
                                PinnedBytes from_there, Position limit) const {
  const auto damaged = [&](const char* what) {
    return fail(ErrorCode::corrupt,
                fmt::format("{}: {}",
                            describe_place(segment.path, segment.header.position_at(file_offset),
                                           file_offset),
                            what));
  };
  const ByteView rest = from_there.bytes;
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
               .pin = std::move(from_there.pin)};
}

Result<Frame> Catalog::frame_of(Segment& segment, const IndexEntry& entry, PartitionId partition,
                                Position durable) {
  const Position limit = segment.settled() ? segment.end : durable;
  auto bytes = HOLDFAST_TRY(bytes_at(segment, entry.file_offset()));
  auto frame = HOLDFAST_TRY(frame_at(segment, entry.file_offset(), std::move(bytes), limit));
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
    const uint64_t first = segment->header.offset_of(at);
    os::read_ahead(mapping->bytes().subspan(first, segment->header.offset_of(end) - first));
    while (at < end) {
      const uint64_t place = segment->header.offset_of(at);
      const auto frame =
          HOLDFAST_TRY(frame_at(*segment, place, {mapping, mapping->bytes().subspan(place)}, end));
      at = frame.end;
      if (frame.key.kind != format::mark_kind) HOLDFAST_CHECKED(visit(frame));
    }
  }
  return {};
}

}  // namespace holdfast::log
