#include "base/os/watch.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/os/clock.h"

namespace holdfast::os {
namespace {

constexpr int64_t wait_without_inotify_ms = 250;

std::unexpected<Error> os_error(const char* what, const std::string& path) {
  const int error = errno;
  const ErrorCode code = error == ENOENT || error == ENOTDIR ? ErrorCode::not_found : ErrorCode::io;
  return fail(code, fmt::format("cannot {} {}: {}", what, path, std::strerror(error)));
}

FileInfo to_info(const struct stat& status) {
  return {.identity = {.device = status.st_dev, .inode = status.st_ino},
          .size = static_cast<uint64_t>(status.st_size),
          .modified_us = status.st_mtim.tv_sec * 1'000'000 + status.st_mtim.tv_nsec / 1000,
          .regular = S_ISREG(status.st_mode)};
}

class PosixForeignFile final : public ForeignFile {
 public:
  PosixForeignFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  PosixForeignFile(const PosixForeignFile&) = delete;
  PosixForeignFile& operator=(const PosixForeignFile&) = delete;
  ~PosixForeignFile() override { ::close(fd_); }

  Result<FileInfo> info() override {
    struct stat status{};
    if (::fstat(fd_, &status) != 0) return os_error("stat", path_);
    return to_info(status);
  }

  Result<size_t> read_at(uint64_t offset, MutableBytes to) override {
    size_t done = 0;
    while (done < to.size()) {
      const ssize_t n =
          ::pread(fd_, to.data() + done, to.size() - done, static_cast<off_t>(offset + done));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return os_error("read", path_);
      if (n == 0) break;
      done += static_cast<size_t>(n);
    }
    return done;
  }

 private:
  int fd_;
  std::string path_;
};

class InotifyWatch final : public FileWatch {
 public:
  InotifyWatch(int wake_fd, int inotify_fd, std::string folder, std::string name)
      : wake_fd_(wake_fd),
        inotify_fd_(inotify_fd),
        folder_(std::move(folder)),
        name_(std::move(name)) {
    watch_folder();
  }
  InotifyWatch(const InotifyWatch&) = delete;
  InotifyWatch& operator=(const InotifyWatch&) = delete;
  ~InotifyWatch() override {
    ::close(wake_fd_);
    if (inotify_fd_ >= 0) ::close(inotify_fd_);
  }

  void wait(int64_t timeout_ms) override {
    if (!watching_) watch_folder();
    if (!watching_) timeout_ms = std::min(timeout_ms, wait_without_inotify_ms);
    const int64_t deadline = real_clock().steady_ms() + timeout_ms;
    for (;;) {
      const int64_t left = std::max<int64_t>(0, deadline - real_clock().steady_ms());
      std::array<pollfd, 2> fds = {pollfd{wake_fd_, POLLIN, 0}, pollfd{inotify_fd_, POLLIN, 0}};
      const int ready = ::poll(fds.data(), watching_ ? 2 : 1, static_cast<int>(left));
      if (ready < 0 && errno == EINTR) continue;
      if (ready <= 0) return;
      if (fds[0].revents != 0) {
        uint64_t ignored = 0;
        static_cast<void>(::read(wake_fd_, &ignored, sizeof ignored) < 0);
        return;
      }
      if (ours_changed()) return;
    }
  }

  void interrupt() override {
    const uint64_t one = 1;
    static_cast<void>(::write(wake_fd_, &one, sizeof one) < 0);
  }

 private:
  void watch_folder() {
    if (inotify_fd_ < 0) return;
    constexpr uint32_t what = IN_MODIFY | IN_CREATE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE |
                              IN_DELETE_SELF | IN_MOVE_SELF;
    watching_ = ::inotify_add_watch(inotify_fd_, folder_.c_str(), what) >= 0;
  }

  /// Reads all waiting notices; whether one is about our name, or about the folder itself.
  bool ours_changed() {
    alignas(inotify_event) std::array<char, 8192> buffer;
    bool ours = false;
    for (;;) {
      const ssize_t n = ::read(inotify_fd_, buffer.data(), buffer.size());
      if (n <= 0) return ours;
      for (ssize_t at = 0; at < n;) {
        inotify_event event;
        std::memcpy(&event, buffer.data() + at, sizeof event);
        const char* name = buffer.data() + at + sizeof event;
        if ((event.mask & (IN_IGNORED | IN_DELETE_SELF | IN_MOVE_SELF)) != 0) watching_ = false;
        if (event.len == 0 || std::string_view(name).starts_with(name_)) ours = true;
        at += static_cast<ssize_t>(sizeof event + event.len);
      }
    }
  }

  int wake_fd_;
  int inotify_fd_;
  std::string folder_;
  std::string name_;
  bool watching_ = false;
};

}  // namespace

Result<FileInfo> file_info(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return os_error("stat", path);
  return to_info(status);
}

Result<std::unique_ptr<ForeignFile>> ForeignFile::open(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return os_error("open", path);
  return std::make_unique<PosixForeignFile>(fd, path);
}

Result<std::unique_ptr<FileWatch>> FileWatch::create(const std::string& path) {
  const int wake = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (wake < 0) return os_error("make an event descriptor for", path);
  const size_t slash = path.rfind('/');
  std::string folder = slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
  return std::make_unique<InotifyWatch>(wake, ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK),
                                        std::move(folder),
                                        slash == std::string::npos ? path : path.substr(slash + 1));
}

}  // namespace holdfast::os
