#include "source/file/window.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace holdfast::source::file {

Status Window::begin_at(os::ForeignFile& file, uint64_t offset) {
  const size_t before = std::min<uint64_t>(offset, Fingerprint::bytes_max);
  buffer_.resize(before + chunk_bytes + Parser::padding);
  buffer_offset_ = offset - before;
  const MutableBytes to{reinterpret_cast<std::byte*>(buffer_.data()), before};
  const size_t got = HOLDFAST_TRY(file.read_at(buffer_offset_, to));
  if (got != before) return fail(ErrorCode::io, "a file is shorter than what was read of it");
  at_ = filled_ = before;
  return {};
}

Result<size_t> Window::fill(os::ForeignFile& file) {
  const size_t keep_from = at_ - std::min(at_, Fingerprint::bytes_max);
  if (keep_from > 0 && buffer_.size() - Parser::padding - filled_ < chunk_bytes) {
    std::memmove(buffer_.data(), buffer_.data() + keep_from, filled_ - keep_from);
    buffer_offset_ += keep_from;
    at_ -= keep_from;
    filled_ -= keep_from;
  }
  const size_t needed = filled_ + chunk_bytes + Parser::padding;
  if (buffer_.size() < needed) buffer_.resize(std::max(needed, buffer_.size() * 2));
  const MutableBytes to{reinterpret_cast<std::byte*>(buffer_.data()) + filled_, chunk_bytes};
  const size_t got = HOLDFAST_TRY(file.read_at(read_offset(), to));
  filled_ += got;
  return got;
}

Result<bool> Window::unchanged(os::ForeignFile& file) const {
  std::array<std::byte, Fingerprint::bytes_max> now;
  const size_t bytes = std::min(filled_, now.size());
  const size_t got =
      HOLDFAST_TRY(file.read_at(read_offset() - bytes, MutableBytes(now).first(bytes)));
  return got == bytes && std::memcmp(now.data(), buffer_.data() + filled_ - bytes, bytes) == 0;
}

Fingerprint Window::tail() const {
  const size_t bytes = std::min(at_, Fingerprint::bytes_max);
  return fingerprint(as_bytes(std::string_view(buffer_).substr(at_ - bytes, bytes)));
}

}  // namespace holdfast::source::file
