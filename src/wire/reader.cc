#include "wire/reader.h"

#include <algorithm>
#include <string>

namespace holdfast::wire {

void Reader::fail(const char* problem) {
  if (!problem_) problem_ = problem;
  at_ = end_;
}

uint32_t Reader::read_varint() {
  uint32_t value = 0;
  for (int shift = 0; shift < 35; shift += 7) {
    auto byte = static_cast<uint8_t>(read_number<int8_t>());
    if (shift == 28 && byte > 0x0f) break;
    value |= static_cast<uint32_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  fail("has a varint of more than 32 bits");
  return 0;
}

int64_t Reader::checked_length(int64_t length, bool nullable) {
  if (!ok()) return nullable ? -1 : 0;
  if (length == -1) {
    if (!nullable) fail("has null where no null may be");
    return -1;
  }
  if (length < -1) {
    fail("has a negative length");
    return -1;
  }
  if (static_cast<uint64_t>(length) > left()) {
    fail("has a length beyond its end");
    return -1;
  }
  return length;
}

std::optional<std::string_view> Reader::read_text(bool nullable, bool compact) {
  int64_t length = compact ? int64_t{read_varint()} - 1 : int64_t{read_number<int16_t>()};
  length = checked_length(length, nullable);
  if (length > static_cast<int64_t>(longest_text)) fail("has a string of more than 32767 bytes");
  if (length < 0 || !ok()) return std::nullopt;
  std::string_view text = as_text({at_, static_cast<size_t>(length)});
  at_ += length;
  return text;
}

std::optional<ByteView> Reader::read_bytes(bool nullable) {
  int64_t length = flexible_ ? int64_t{read_varint()} - 1 : int64_t{read_number<int32_t>()};
  length = checked_length(length, nullable);
  if (length < 0 || !ok()) return std::nullopt;
  ByteView bytes(at_, static_cast<size_t>(length));
  at_ += length;
  return bytes;
}

int64_t Reader::array_length(bool nullable, size_t least_bytes, size_t memory_each) {
  int64_t length = flexible_ ? int64_t{read_varint()} - 1 : int64_t{read_number<int32_t>()};
  length = checked_length(length, nullable);
  if (length <= 0 || !ok()) return length;
  auto count = static_cast<size_t>(length);
  if (count > left() / least_bytes) {
    fail("has an array beyond its end");
    return 0;
  }
  if (count > memory_left_ / memory_each) {
    fail("has more array elements than the decoder's memory limit allows");
    return 0;
  }
  memory_left_ -= count * memory_each;
  return length;
}

bool Reader::read_presence(bool nullable) {
  auto mark = read_number<int8_t>();
  if (!ok()) return false;
  if (mark >= 0) return true;
  if (!nullable) fail("has null where no null may be");
  return false;
}

void Reader::read(Uuid& value, bool) {
  if (left() < value.bytes.size()) return fail("ends inside a uuid");
  std::copy_n(at_, value.bytes.size(), value.bytes.begin());
  at_ += value.bytes.size();
}

void Reader::read(RecordParts& value, bool) {
  auto bytes = read_bytes(true);
  value = {};
  value.is_null = !bytes;
  if (bytes && !bytes->empty()) value.parts.push_back(*bytes);
}

const std::byte* Reader::tag_end() {
  uint32_t size = read_varint();
  if (size > left()) fail("has a tag beyond its end");
  return ok() ? at_ + size : end_;
}

void Reader::leave_tag(const std::byte* end) {
  if (!ok()) return;
  if (tag_known_ && at_ != end_) return fail("has a tag longer than its value");
  at_ = end_;
  end_ = end;
}

void Reader::skip_tags() {
  for (uint32_t left = read_varint(); left > 0 && ok(); --left) {
    read_varint();
    at_ = tag_end();
  }
}

std::optional<Error> decode_problem(const ApiSpec& api, int16_t version, const Reader& reader,
                                    size_t size) {
  if (reader.ok()) return std::nullopt;
  return Error{holdfast::ErrorCode::invalid,
               std::string(api.name) + " version " + std::to_string(version) + " of " +
                   std::to_string(size) + " bytes " + reader.problem()};
}

Error version_problem(const ApiSpec& api, int16_t version) {
  return Error{holdfast::ErrorCode::invalid,
               std::string(api.name) + " has no version " + std::to_string(version) + " here"};
}

}  // namespace holdfast::wire
