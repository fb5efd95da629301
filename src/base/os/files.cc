#include "base/os/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace holdfast::os {
namespace {

std::unexpected<Error> os_error(const char* what, const std::string& path) {
  const int error = errno;
  ErrorCode code = ErrorCode::io;
  if (error == ENOSPC || error == EDQUOT) code = ErrorCode::disk_full;
  if (error == ENOENT) code = ErrorCode::not_found;
  if (error == EEXIST) code = ErrorCode::exists;
  return fail(code, fmt::format("cannot {} {}: {}", what, path, std::strerror(error)));
}

class PosixMapping final : public Mapping {
 public:
  PosixMapping(void* address, size_t length) : address_(address), length_(length) {}
  PosixMapping(const PosixMapping&) = delete;
  PosixMapping& operator=(const PosixMapping&) = delete;
  ~PosixMapping() override { ::munmap(address_, length_); }
  ByteView bytes() const override { return {static_cast<const std::byte*>(address_), length_}; }

 private:
  void* address_;
  size_t length_;
};

class PosixFile final : public File {
 public:
  PosixFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  PosixFile(const PosixFile&) = delete;
  PosixFile& operator=(const PosixFile&) = delete;
  ~PosixFile() override {
    close_direct();
    ::close(fd_);
  }

  Result<size_t> read_at(uint64_t offset, MutableBytes to) override {
    size_t done = 0;
    while (done < to.size()) {
      const ssize_t n = ::pread(fd_, to.data() + done, to.size() - done, static_cast<off_t>(offset + done));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return os_error("read", path_);
      if (n == 0) break;
      done += static_cast<size_t>(n);
    }
    return done;
  }

  Result<size_t> read_pages(uint64_t offset, MutableBytes to) override {
    size_t done = 0;
    while (done < to.size() && done % page_bytes == 0 && open_direct()) {
      const ssize_t n = ::pread(direct_, to.data() + done, to.size() - done, static_cast<off_t>(offset + done));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0 && errno != EINVAL) return os_error("read", path_);
      if (n == 0) return done;
      if (n < 0) close_direct();
      done += static_cast<size_t>(std::max<ssize_t>(n, 0));
    }
    return done + HOLDFAST_TRY(read_at(offset + done, to.subspan(done)));
  }

  Status write_at(uint64_t offset, std::span<const ByteView> parts) override {
    constexpr size_t parts_max = 256;
    std::array<iovec, parts_max> vectors;
    size_t part = 0;
    size_t skip = 0;  // bytes of parts[part] already written
    while (part < parts.size()) {
      size_t count = 0;
      for (size_t i = part; i < parts.size() && count < parts_max; ++i, ++count) {
        const size_t from = i == part ? skip : 0;
        vectors[count] = {const_cast<std::byte*>(parts[i].data()) + from, parts[i].size() - from};
      }
      const ssize_t n = ::pwritev(fd_, vectors.data(), static_cast<int>(count), static_cast<off_t>(offset));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return os_error("write", path_);
      offset += static_cast<uint64_t>(n);
      skip += static_cast<size_t>(n);
      while (part < parts.size() && skip >= parts[part].size()) skip -= parts[part++].size();
    }
    return {};
  }

  Status write_pages(uint64_t offset, ByteView pages) override {
    while (!pages.empty() && open_direct()) {
      const ssize_t n = ::pwrite(direct_, pages.data(), pages.size(), static_cast<off_t>(offset));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0 && errno != EINVAL) return os_error("write", path_);
      if (n <= 0 || n % page_bytes != 0) close_direct();
      if (n <= 0) continue;
      offset += static_cast<uint64_t>(n);
      pages = pages.subspan(static_cast<size_t>(n));
    }
    return File::write_at(offset, pages);
  }

  Status sync_data() override {
    if (::fdatasync(fd_) != 0) return os_error("sync", path_);
    return {};
  }

  Result<uint64_t> size() override {
    struct stat status {};
    if (::fstat(fd_, &status) != 0) return os_error("stat", path_);
    return static_cast<uint64_t>(status.st_size);
  }

  Status truncate(uint64_t size) override {
    if (::ftruncate(fd_, static_cast<off_t>(size)) != 0) return os_error("truncate", path_);
    return {};
  }

  Status allocate(uint64_t size) override {
    const int error = ::posix_fallocate(fd_, 0, static_cast<off_t>(size));
    if (error == 0) return {};
    errno = error;
    return os_error("reserve space for", path_);
  }

  Status zero_fill(uint64_t from, uint64_t to) override {
    constexpr size_t chunk = 1 << 20;
    static const std::unique_ptr<std::byte, decltype(&std::free)> zeroes = [] {
      std::unique_ptr<std::byte, decltype(&std::free)> made(static_cast<std::byte*>(std::aligned_alloc(page_bytes, chunk)), &std::free);
      std::memset(made.get(), 0, chunk);
      return made;
    }();
    for (uint64_t at = from; at < to; at += chunk)
      HOLDFAST_CHECKED(write_pages(at, ByteView(zeroes.get(), std::min<uint64_t>(chunk, to - at))));
    return {};
  }

  Result<std::unique_ptr<Mapping>> map(uint64_t offset, uint64_t length) override {
    void* address = ::mmap(nullptr, length, PROT_READ, MAP_SHARED, fd_, static_cast<off_t>(offset));
    if (address == MAP_FAILED) return os_error("map", path_);
    return std::make_unique<PosixMapping>(address, length);
  }

 private:
  /// A second descriptor of the same file, which may have another name by now; false where there can be none.
  bool open_direct() {
    if (direct_ == not_opened) {
      const int access = ::fcntl(fd_, F_GETFL) & O_ACCMODE;
      direct_ = ::open(fmt::format("/proc/self/fd/{}", fd_).c_str(), access | O_CLOEXEC | O_DIRECT);
    }
    return direct_ >= 0;
  }
  /// From now on the usual way: the file system wants other addresses, or has stopped within a page.
  void close_direct() {
    if (direct_ >= 0) ::close(direct_);
    direct_ = refused;
  }

  static constexpr int not_opened = -2;
  static constexpr int refused = -1;
  static constexpr ssize_t page_bytes = 4096;
  int fd_;
  int direct_ = not_opened;
  std::string path_;
};

class PosixLock final : public FileLock {
 public:
  explicit PosixLock(int fd) : fd_(fd) {}
  PosixLock(const PosixLock&) = delete;
  PosixLock& operator=(const PosixLock&) = delete;
  ~PosixLock() override { ::close(fd_); }

 private:
  int fd_;
};

class PosixFiles final : public Files {
 public:
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override {
    int flags = O_CLOEXEC;
    switch (mode) {
      case OpenMode::read: flags |= O_RDONLY; break;
      case OpenMode::read_write: flags |= O_RDWR; break;
      case OpenMode::create_new: flags |= O_RDWR | O_CREAT | O_EXCL; break;
      case OpenMode::create_or_open: flags |= O_RDWR | O_CREAT; break;
    }
    const int fd = ::open(path.c_str(), flags, 0644);
    if (fd < 0) return os_error("open", path);
    return std::make_unique<PosixFile>(fd, path);
  }

  Result<std::vector<std::string>> list(const std::string& folder) override {
    DIR* directory = ::opendir(folder.c_str());
    if (directory == nullptr) return os_error("list", folder);
    std::vector<std::string> names;
    while (const dirent* entry = ::readdir(directory)) {
      const std::string name = entry->d_name;
      if (name != "." && name != "..") names.push_back(name);
    }
    ::closedir(directory);
    std::ranges::sort(names);
    return names;
  }

  Status create_directories(const std::string& folder) override {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) return fail(ErrorCode::io, fmt::format("cannot create folder {}: {}", folder, error.message()));
    return {};
  }

  Status rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) return os_error("rename", from);
    return {};
  }

  Status remove(const std::string& path) override {
    if (::unlink(path.c_str()) != 0) return os_error("remove", path);
    return {};
  }

  Status sync_directory(const std::string& folder) override {
    const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return os_error("open folder", folder);
    PosixFile directory(fd, folder);
    if (::fsync(fd) != 0) return os_error("sync folder", folder);
    return {};
  }

  Result<bool> exists(const std::string& path) override {
    struct stat status {};
    if (::stat(path.c_str(), &status) == 0) return true;
    if (errno == ENOENT || errno == ENOTDIR) return false;
    return os_error("stat", path);
  }

  Result<Space> space(const std::string& folder) override {
    struct statvfs status {};
    if (::statvfs(folder.c_str(), &status) != 0) return os_error("ask for the space of", folder);
    return Space{.total_bytes = status.f_blocks * status.f_frsize, .usable_bytes = status.f_bavail * status.f_frsize};
  }

  Result<std::unique_ptr<FileLock>> lock(const std::string& path) override {
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0) return os_error("open lock", path);
    if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
      std::array<char, 32> holder{};
      const ssize_t n = ::pread(fd, holder.data(), holder.size() - 1, 0);
      ::close(fd);
      return fail(ErrorCode::locked, fmt::format("process {} has it open", n > 0 ? holder.data() : "?"));
    }
    const std::string mine = std::to_string(::getpid());
    if (::ftruncate(fd, 0) != 0 || ::pwrite(fd, mine.data(), mine.size(), 0) < 0) {
      const auto error = os_error("write lock", path);
      ::close(fd);
      return error;
    }
    return std::make_unique<PosixLock>(fd);
  }
};

}  // namespace

Files& real_files() {
  static PosixFiles files;
  return files;
}

Result<ByteBuffer> read_file(Files& files, const std::string& path, uint64_t bytes_max) {
  auto file = HOLDFAST_TRY(files.open(path, OpenMode::read));
  const uint64_t size = HOLDFAST_TRY(file->size());
  if (size > bytes_max) {
    return fail(ErrorCode::limit, fmt::format("{} is {} bytes, more than the {} allowed", path, size, bytes_max));
  }
  ByteBuffer bytes(size);
  const size_t got = HOLDFAST_TRY(file->read_at(0, bytes));
  bytes.resize(got);
  return bytes;
}

Status replace_file(Files& files, const std::string& path, ByteView bytes) {
  const std::string beside = path + ".new";
  {
    auto file = HOLDFAST_TRY(files.open(beside, OpenMode::create_or_open));
    HOLDFAST_CHECKED(file->truncate(0));
    HOLDFAST_CHECKED(file->write_at(0, bytes));
    HOLDFAST_CHECKED(file->sync_data());
  }
  HOLDFAST_CHECKED(files.rename(beside, path));
  const size_t slash = path.rfind('/');
  return files.sync_directory(slash == std::string::npos ? "." : path.substr(0, slash));
}

}  // namespace holdfast::os
