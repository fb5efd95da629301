#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/os/watch.h"
#include "base/result.h"
#include "source/file/parser.h"
#include "source/file/position.h"

namespace holdfast::source::file {

/// The part of a file that is being parsed: a few hundred bytes before the place of reading (to
/// know them again), and what was read ahead of it. Readable beyond its end by Parser::padding
/// bytes. Threads: a value.
class Window {
 public:
  /// Begins at an offset of the file. Fails when the bytes before it cannot be read.
  Status begin_at(os::ForeignFile& file, uint64_t offset);

  /// What was read and not yet consumed.
  std::string_view text() const { return std::string_view(buffer_).substr(at_, filled_ - at_); }
  void consume(size_t bytes) { at_ += bytes; }
  /// Reads on. Answers how many bytes came; 0 at the end of the file.
  Result<size_t> fill(os::ForeignFile& file);
  /// Whether the file still holds what was read last: no longer, when it was cut and has grown
  /// again.
  Result<bool> unchanged(os::ForeignFile& file) const;

  uint64_t offset() const { return buffer_offset_ + at_; }
  /// Behind the last byte read.
  uint64_t read_offset() const { return buffer_offset_ + filled_; }
  Fingerprint tail() const;

 private:
  static constexpr size_t chunk_bytes = 256 << 10;

  std::string buffer_;
  size_t at_ = 0;      // consumed up to here
  size_t filled_ = 0;  // read up to here
  uint64_t buffer_offset_ = 0;
};

}  // namespace holdfast::source::file
