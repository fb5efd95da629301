#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace holdfast::os {

/// A part of a file mapped into memory, read only. What is written to the file later shows in it. Lives on after the File is
/// closed or removed.
class Mapping {
 public:
  virtual ~Mapping() = default;
  virtual ByteView bytes() const = 0;
};

/// One open file. Every offset and size is in bytes. No member may be called from two threads at once on overlapping ranges,
/// but for reads.
class File {
 public:
  virtual ~File() = default;

  /// Reads up to `to.size()` bytes; fewer only at the end of the file.
  virtual Result<size_t> read_at(uint64_t offset, MutableBytes to) = 0;
  /// The same into whole pages (see `write_pages`), past the page cache where the file system has a way: for what nobody will
  /// read again. By one thread at a time.
  virtual Result<size_t> read_pages(uint64_t offset, MutableBytes to) { return read_at(offset, to); }
  /// Writes all parts one behind the other, or fails; after a failure any part of the range may have changed.
  /// `disk_full` when there is no space. NOT durable before `sync_data` returned well.
  virtual Status write_at(uint64_t offset, std::span<const ByteView> parts) = 0;
  /// The same of whole pages (4096 bytes; `offset` and the address are multiples of it too), past the page cache where the file
  /// system has a way: what was in it of this range goes, and mappings show what was written. Just as little durable. By one
  /// thread at a time.
  virtual Status write_pages(uint64_t offset, ByteView pages) { return write_at(offset, pages); }
  /// fdatasync(2). A failure is final for everything written since the last good one: the kernel may have dropped those
  /// pages, so calling again proves nothing. The caller must stop acknowledging.
  virtual Status sync_data() = 0;
  virtual Result<uint64_t> size() = 0;
  virtual Status truncate(uint64_t size) = 0;
  /// Reserves blocks up to `size` and sets the size (fallocate(2)). `disk_full` when there is no space.
  virtual Status allocate(uint64_t size) = 0;
  /// Makes [from, to) zero bytes in written extents, past the page cache where that is possible, so that a later overwrite
  /// plus sync needs no journal commit. Both bounds are multiples of 1 MiB. Durable only after `sync_data`.
  virtual Status zero_fill(uint64_t from, uint64_t to) = 0;
  virtual Result<std::unique_ptr<Mapping>> map(uint64_t offset, uint64_t length) = 0;

  Status write_at(uint64_t offset, ByteView bytes) { return write_at(offset, std::span(&bytes, 1)); }
};

/// Holds a folder for this process until it goes out of scope or the process ends.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

/// Of a file system.
struct Space {
  uint64_t total_bytes = 0;
  uint64_t usable_bytes = 0;  // by this process
};

enum class OpenMode { read, read_write, create_new, create_or_open };

/// The only door to the file system, so that tests can put a simulated disk behind it (testing/simulated_disk.h).
/// Names created, renamed or removed are durable only after `sync_directory` of their folder.
class Files {
 public:
  virtual ~Files() = default;
  virtual Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) = 0;
  /// Names (not paths) of the entries of a folder, sorted. `not_found` when there is no such folder.
  virtual Result<std::vector<std::string>> list(const std::string& folder) = 0;
  virtual Status create_directories(const std::string& folder) = 0;
  virtual Status rename(const std::string& from, const std::string& to) = 0;
  virtual Status remove(const std::string& path) = 0;
  virtual Status sync_directory(const std::string& folder) = 0;
  virtual Result<bool> exists(const std::string& path) = 0;
  /// Of the file system that holds the folder.
  virtual Result<Space> space(const std::string& folder) = 0;
  /// `locked` with the number of the process that holds it.
  virtual Result<std::unique_ptr<FileLock>> lock(const std::string& path) = 0;
};

/// The real file system.
Files& real_files();

/// Reads a whole file; `limit` when it is larger than `bytes_max`.
Result<ByteBuffer> read_file(Files& files, const std::string& path, uint64_t bytes_max);
/// Replaces a file so that after a crash it holds either the old or the new bytes whole: write beside, sync, rename, sync folder.
Status replace_file(Files& files, const std::string& path, ByteView bytes);

}  // namespace holdfast::os
