#include "source/file/position.h"

#include <array>
#include <charconv>
#include <fmt/core.h>

#include "base/crc32c.h"

namespace holdfast::source::file {
namespace {

constexpr std::string_view magic = "file1";

Result<Fingerprint> fingerprint_at(os::ForeignFile& file, uint64_t offset, uint32_t bytes) {
  std::array<std::byte, Fingerprint::bytes_max> buffer;
  const size_t got = HOLDFAST_TRY(file.read_at(offset, MutableBytes(buffer).first(bytes)));
  return fingerprint(ByteView(buffer).first(got));
}

}  // namespace

Fingerprint fingerprint(ByteView bytes) {
  return {.bytes = static_cast<uint32_t>(bytes.size()), .crc = crc32c(bytes)};
}

std::string encode(const FilePosition& position) {
  return fmt::format("{} {} {} {} {} {} {} {} {}", magic, position.identity.device,
                     position.identity.inode, position.offset, position.line, position.head.bytes,
                     position.head.crc, position.tail.bytes, position.tail.crc);
}

Result<FilePosition> parse_position(ByteView bytes) {
  std::string_view text = as_text(bytes);
  const auto wrong = [&] {
    return fail(ErrorCode::invalid, fmt::format("not a position of a file: \"{}\"", text));
  };
  if (!text.starts_with(magic)) return wrong();
  const char* at = text.data() + magic.size();
  const char* const end = text.data() + text.size();
  std::array<uint64_t, 8> numbers{};
  for (uint64_t& number : numbers) {
    if (at == end || *at++ != ' ') return wrong();
    const auto [next, error] = std::from_chars(at, end, number);
    if (error != std::errc()) return wrong();
    at = next;
  }
  const bool in_range = numbers[3] >= 1 && numbers[3] < INT64_MAX &&
                        numbers[4] <= Fingerprint::bytes_max &&
                        numbers[6] <= Fingerprint::bytes_max && numbers[6] <= numbers[2] &&
                        numbers[5] <= UINT32_MAX && numbers[7] <= UINT32_MAX;
  if (at != end || !in_range) return wrong();
  return FilePosition{.identity = {.device = numbers[0], .inode = numbers[1]},
                      .offset = numbers[2],
                      .line = static_cast<int64_t>(numbers[3]),
                      .head = {.bytes = static_cast<uint32_t>(numbers[4]),
                               .crc = static_cast<uint32_t>(numbers[5])},
                      .tail = {.bytes = static_cast<uint32_t>(numbers[6]),
                               .crc = static_cast<uint32_t>(numbers[7])}};
}

Result<bool> matches(os::ForeignFile& file, const FilePosition& position) {
  const Fingerprint head = HOLDFAST_TRY(fingerprint_at(file, 0, position.head.bytes));
  if (head != position.head) return false;
  const Fingerprint tail = HOLDFAST_TRY(
      fingerprint_at(file, position.offset - position.tail.bytes, position.tail.bytes));
  return tail == position.tail;
}

}  // namespace holdfast::source::file
