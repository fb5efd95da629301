#include "log/format.h"

#include <algorithm>
#include <charconv>
#include <fmt/core.h>

#include "base/crc32c.h"

namespace holdfast::log::format {
namespace {

constexpr std::string_view segment_magic = "HFLOGSEG";
constexpr std::string_view meta_magic = "HFLOGMET";
constexpr std::string_view manifest_magic = "HFLOGSET";
constexpr std::string_view checkpoint_magic = "HFLOGCHK";
constexpr size_t meta_bytes = 64;
constexpr size_t manifest_header_bytes = 48;
constexpr size_t settled_entry_bytes = 16;
constexpr size_t cleaned_entry_bytes = 24;

/// Every file of ours begins alike: magic (8), CRC of all that follows it (4), version (4).
constexpr size_t crc_at = 8;
constexpr size_t version_at = 12;

void begin_header(MutableBytes bytes, std::string_view magic) {
  std::memcpy(bytes.data(), magic.data(), magic.size());
  store_le<uint32_t>(bytes.data() + version_at, version);
}

void close_header(MutableBytes bytes) {
  store_le<uint32_t>(bytes.data() + crc_at, crc32c(bytes.subspan(version_at)));
}

Status check_header(ByteView bytes, size_t least, std::string_view magic) {
  if (bytes.size() < least) return fail(ErrorCode::invalid, "too short");
  if (as_text(bytes.first(magic.size())) != magic) return fail(ErrorCode::invalid, "wrong magic");
  if (load_le<uint32_t>(bytes.data() + crc_at) != crc32c(bytes.subspan(version_at))) {
    return fail(ErrorCode::invalid, "wrong CRC");
  }
  const auto found = load_le<uint32_t>(bytes.data() + version_at);
  if (found != version) {
    return fail(
        ErrorCode::version_unknown,
        fmt::format("it has format version {}, this program knows only {}", found, version));
  }
  return {};
}

}  // namespace

void encode(const SegmentHeader& header, MutableBytes page) {
  std::ranges::fill(page, std::byte{0});
  begin_header(page, segment_magic);
  store_le<uint64_t>(page.data() + 16, header.sequence);
  store_le<uint32_t>(page.data() + 24, header.generation);
  store_le<uint64_t>(page.data() + 32, header.begin.value);
  store_le<uint64_t>(page.data() + 40, header.file_bytes);
  store_le<uint64_t>(page.data() + 48, header.settled_end);
  close_header(page);
}

Result<SegmentHeader> decode_segment_header(ByteView page) {
  HOLDFAST_CHECKED(check_header(page, segment_header_bytes, segment_magic));
  SegmentHeader header;
  header.sequence = load_le<uint64_t>(page.data() + 16);
  header.generation = load_le<uint32_t>(page.data() + 24);
  header.begin = {load_le<uint64_t>(page.data() + 32)};
  header.file_bytes = load_le<uint64_t>(page.data() + 40);
  header.settled_end = load_le<uint64_t>(page.data() + 48);
  if (header.file_bytes < segment_header_bytes + frame_header_bytes ||
      header.settled_end > header.file_bytes ||
      (header.settled() && header.settled_end < segment_header_bytes)) {
    return fail(ErrorCode::invalid, "impossible size");
  }
  return header;
}

void encode(const FrameHeader& header, std::span<const ByteView> body, std::byte* to) {
  store_le<uint32_t>(to, frame_magic);
  store_le<uint32_t>(to + 8, header.body_bytes);
  store_le<uint32_t>(to + 12, header.generation);
  store_le<uint64_t>(to + 16, header.position.value);
  store_le<uint64_t>(to + 24, header.durable_before.value);
  store_le<uint32_t>(to + 32, header.key.partition.value);
  store_le<uint32_t>(to + 36, static_cast<uint32_t>(header.key.kind));
  store_le<int64_t>(to + 40, header.key.first_offset);
  store_le<int64_t>(to + 48, header.key.last_offset);
  store_le<int64_t>(to + 56, header.key.max_timestamp_ms);
  uint32_t crc = crc32c({to + 8, frame_header_bytes - 8});
  for (const ByteView part : body) crc = crc32c(part, crc);
  constexpr std::byte zeroes[frame_alignment] = {};
  const uint64_t padding = frame_bytes(header.body_bytes) - frame_header_bytes - header.body_bytes;
  store_le<uint32_t>(to + 4, crc32c({zeroes, padding}, crc));
}

std::optional<FrameHeader> decode_frame_header(const std::byte* from) {
  if (load_le<uint32_t>(from) != frame_magic) return std::nullopt;
  FrameHeader header;
  header.body_bytes = load_le<uint32_t>(from + 8);
  header.generation = load_le<uint32_t>(from + 12);
  header.position = {load_le<uint64_t>(from + 16)};
  header.durable_before = {load_le<uint64_t>(from + 24)};
  header.key.partition = {load_le<uint32_t>(from + 32)};
  header.key.kind = static_cast<FrameKind>(load_le<uint8_t>(from + 36));
  header.key.first_offset = load_le<int64_t>(from + 40);
  header.key.last_offset = load_le<int64_t>(from + 48);
  header.key.max_timestamp_ms = load_le<int64_t>(from + 56);
  return header;
}

bool frame_checks(ByteView frame) {
  return load_le<uint32_t>(frame.data() + 4) == crc32c(frame.subspan(8));
}

std::string encode_meta() {
  std::string bytes(meta_bytes, '\0');
  const MutableBytes view(reinterpret_cast<std::byte*>(bytes.data()), bytes.size());
  begin_header(view, meta_magic);
  close_header(view);
  return bytes;
}

Status check_meta(ByteView bytes) {
  return check_header(bytes, meta_bytes, meta_magic);
}

ByteBuffer encode(const Checkpoint& checkpoint, ByteView state) {
  ByteBuffer bytes(checkpoint_header_bytes + state.size());
  begin_header(bytes, checkpoint_magic);
  store_le<uint64_t>(bytes.data() + 16, checkpoint.upto.value);
  store_le<uint64_t>(bytes.data() + 24, checkpoint.durable.value);
  store_le<uint64_t>(bytes.data() + 32, state.size());
  if (!state.empty())
    std::memcpy(bytes.data() + checkpoint_header_bytes, state.data(), state.size());
  close_header(bytes);
  return bytes;
}

Result<Checkpoint> decode_checkpoint(ByteView bytes) {
  HOLDFAST_CHECKED(check_header(bytes, checkpoint_header_bytes, checkpoint_magic));
  if (load_le<uint64_t>(bytes.data() + 32) != bytes.size() - checkpoint_header_bytes) {
    return fail(ErrorCode::invalid, "wrong length");
  }
  return Checkpoint{.upto = {load_le<uint64_t>(bytes.data() + 16)},
                    .durable = {load_le<uint64_t>(bytes.data() + 24)}};
}

ByteBuffer encode(const Manifest& manifest) {
  ByteBuffer bytes(manifest_header_bytes + settled_entry_bytes * manifest.settled.size() +
                   cleaned_entry_bytes * manifest.cleaned.size());
  begin_header(bytes, manifest_magic);
  store_le<uint64_t>(bytes.data() + 16, manifest.next_number);
  store_le<uint64_t>(bytes.data() + 24, manifest.raw_from);
  store_le<uint32_t>(bytes.data() + 32, static_cast<uint32_t>(manifest.settled.size()));
  store_le<uint32_t>(bytes.data() + 36, static_cast<uint32_t>(manifest.cleaned.size()));
  std::byte* to = bytes.data() + manifest_header_bytes;
  for (const auto& settled : manifest.settled) {
    store_le<uint64_t>(to, settled.number);
    store_le<uint32_t>(to + 8, settled.generation);
    to += settled_entry_bytes;
  }
  for (const auto& cleaned : manifest.cleaned) {
    store_le<int64_t>(to, cleaned.upto);
    store_le<uint32_t>(to + 8, cleaned.partition.value);
    store_le<int64_t>(to + 16, cleaned.horizon_ms);
    to += cleaned_entry_bytes;
  }
  close_header(bytes);
  return bytes;
}

Result<Manifest> decode_manifest(ByteView bytes) {
  HOLDFAST_CHECKED(check_header(bytes, manifest_header_bytes, manifest_magic));
  Manifest manifest;
  manifest.next_number = load_le<uint64_t>(bytes.data() + 16);
  manifest.raw_from = load_le<uint64_t>(bytes.data() + 24);
  const uint64_t settled_count = load_le<uint32_t>(bytes.data() + 32);
  const uint64_t cleaned_count = load_le<uint32_t>(bytes.data() + 36);
  if (bytes.size() != manifest_header_bytes + settled_entry_bytes * settled_count +
                          cleaned_entry_bytes * cleaned_count)
    return fail(ErrorCode::invalid, "wrong length");
  manifest.settled.resize(settled_count);
  manifest.cleaned.resize(cleaned_count);
  const std::byte* from = bytes.data() + manifest_header_bytes;
  for (auto& settled : manifest.settled) {
    settled = {load_le<uint64_t>(from), load_le<uint32_t>(from + 8)};
    from += settled_entry_bytes;
  }
  for (auto& cleaned : manifest.cleaned) {
    cleaned = {{load_le<uint32_t>(from + 8)}, load_le<int64_t>(from), load_le<int64_t>(from + 16)};
    from += cleaned_entry_bytes;
  }
  return manifest;
}

std::string segment_name(uint64_t sequence) {
  return fmt::format("{:020}.seg", sequence);
}
std::string index_name(uint64_t sequence) {
  return fmt::format("{:020}.idx", sequence);
}
std::string settled_name(uint64_t number) {
  return fmt::format("settled-{:020}.seg", number);
}
std::string settled_index_name(uint64_t number) {
  return fmt::format("settled-{:020}.idx", number);
}
std::string spare_name(uint64_t number) {
  return fmt::format("spare-{:020}.seg", number);
}
std::string preparing_name(uint64_t number) {
  return fmt::format("{:020}.preparing", number);
}

std::optional<uint64_t> number_in(std::string_view name, std::string_view prefix,
                                  std::string_view suffix) {
  if (!name.starts_with(prefix) || !name.ends_with(suffix)) return std::nullopt;
  if (name.size() != prefix.size() + 20 + suffix.size()) return std::nullopt;
  const std::string_view digits = name.substr(prefix.size(), 20);
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return number;
}

}  // namespace holdfast::log::format
