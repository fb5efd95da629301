#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/os/watch.h"
#include "base/result.h"

namespace holdfast::source::file {

/// Some bytes of a file, to know it again: numbers of inodes come back, names move, contents are
/// cut.
struct Fingerprint {
  static constexpr size_t bytes_max = 256;
  uint32_t bytes = 0;
  uint32_t crc = 0;
  bool operator==(const Fingerprint&) const = default;
};
Fingerprint fingerprint(ByteView bytes);

/// Where reading goes on: which file, and where in it.
struct FilePosition {
  os::FileIdentity identity;
  uint64_t offset = 0;  // of the next byte to read
  int64_t line = 1;     // the number of the line there
  Fingerprint head;     // of the first bytes
  Fingerprint tail;     // of the last bytes before `offset`
  bool operator==(const FilePosition&) const = default;
};

/// As text: "file1 DEVICE INODE OFFSET LINE HEAD-BYTES HEAD-CRC TAIL-BYTES TAIL-CRC", in decimals.
std::string encode(const FilePosition& position);
/// `invalid` when the text is no position of ours.
Result<FilePosition> parse_position(ByteView bytes);

/// Whether what was read up to the position is what the file holds there.
Result<bool> matches(os::ForeignFile& file, const FilePosition& position);

}  // namespace holdfast::source::file
