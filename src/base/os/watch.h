#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace holdfast::os {

/// Which file it is, whatever its name is now. Numbers may be given again after the file is gone.
struct FileIdentity {
  uint64_t device = 0;
  uint64_t inode = 0;
  bool operator==(const FileIdentity&) const = default;
};

struct FileInfo {
  FileIdentity identity;
  uint64_t size = 0;
  int64_t modified_us = 0;
  bool regular = false;
};

/// `not_found` when nothing has that name.
Result<FileInfo> file_info(const std::string& path);

/// A file of somebody else's, open for reading: it stays the same file though its name moves or
/// goes.
class ForeignFile {
 public:
  static Result<std::unique_ptr<ForeignFile>> open(const std::string& path);
  virtual ~ForeignFile() = default;
  virtual Result<FileInfo> info() = 0;
  /// Reads up to `to.size()` bytes; fewer only at the end of the file as it is now.
  virtual Result<size_t> read_at(uint64_t offset, MutableBytes to) = 0;
};

/// Waits for changes of one name in a folder (inotify). Where that is not to be had it just waits,
/// shorter: callers look themselves after every wait, since network file systems tell nothing.
///
/// Threads: `wait` from one, `interrupt` from any.
class FileWatch {
 public:
  static Result<std::unique_ptr<FileWatch>> create(const std::string& path);
  virtual ~FileWatch() = default;
  /// Returns after a change of the name or its contents, an `interrupt` (also an earlier one that
  /// no wait has seen), or the time.
  virtual void wait(int64_t timeout_ms) = 0;
  virtual void interrupt() = 0;
};

}  // namespace holdfast::os
