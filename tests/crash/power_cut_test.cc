// A power cut on a real file system: ext4 in a loop device is shut down by ioctl while a child
// process appends as fast as it can and reports what was acknowledged. After the next mount every
// acknowledged frame must be there, whole and in order. Exit: 0 all was there, 1 something was lost
// or wrong, 77 this machine cannot do it (and why is printed). Argument: the number of cuts, 10 if
// not given.

#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <random>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log/log.h"
#include "testing/temporary_folder.h"

namespace holdfast {
namespace {

using log::Frame;
using log::Log;
using log::Position;

constexpr int skipped = 77;
constexpr unsigned long ext4_shutdown = 0x8004587D;  // EXT4_IOC_SHUTDOWN
constexpr uint32_t without_log_flush =
    2;  // EXT4_GOING_FLAGS_NOLOGFLUSH: the journal, too, stays as it is

int run(const std::string& command) {
  return std::system((command + " >/dev/null 2>&1").c_str());
}

/// ext4 in a file, mounted; unmounted and gone at the end.
class LoopDisk {
 public:
  explicit LoopDisk(const std::string& folder)
      : image_(folder + "/image"), mount_(folder + "/disk") {}
  LoopDisk(const LoopDisk&) = delete;
  LoopDisk& operator=(const LoopDisk&) = delete;
  ~LoopDisk() { unmount(); }

  bool make() {
    return run("mkdir -p " + mount_) == 0 && run("truncate -s 256M " + image_) == 0 &&
           run("mkfs.ext4 -q -F " + image_) == 0 && mount();
  }
  bool mount() { return mounted_ = run("mount -o loop " + image_ + " " + mount_) == 0; }
  void unmount() {
    if (std::exchange(mounted_, false)) run("umount " + mount_);
  }
  bool cut_power() const {
    const int fd = ::open(mount_.c_str(), O_RDONLY | O_DIRECTORY);
    uint32_t flags = without_log_flush;
    const bool done = fd >= 0 && ::ioctl(fd, ext4_shutdown, &flags) == 0;
    if (fd >= 0) ::close(fd);
    return done;
  }
  const std::string& path() const { return mount_; }

 private:
  std::string image_;
  std::string mount_;
  bool mounted_ = false;
};

/// The n-th body ever: its number, then bytes that depend on it.
std::string body_of(uint64_t number) {
  std::mt19937_64 random(number);
  std::string body(8 + random() % 6000, '\0');
  std::memcpy(body.data(), &number, 8);
  for (size_t i = 8; i + 8 <= body.size(); i += 8) {
    const uint64_t word = random();
    std::memcpy(body.data() + i, &word, 8);
  }
  return body;
}

log::LogSettings settings(const LoopDisk& disk) {
  return {.folder = disk.path() + "/log", .segment_bytes = 4 << 20, .pending_bytes_max = 2 << 20};
}

/// In the child: appends until it dies, and writes each acknowledged position to the pipe.
[[noreturn]] void append_until_killed(const LoopDisk& disk, uint64_t next, int pipe) {
  auto opened = Log::open(os::real_files(), settings(disk));
  if (!opened) std::_Exit(3);
  Log& log = **opened;
  const auto started = log.start({.durable =
                                      [pipe](Position upto) {
                                        if (::write(pipe, &upto.value, sizeof upto.value) < 0)
                                          std::_Exit(4);
                                      },
                                  .stalled = {},
                                  .failed = {},
                                  .segment_sealed = {}});
  if (!started) std::_Exit(5);
  for (;;) {
    const std::string body = body_of(next);
    const ByteView part = as_bytes(body);
    const auto appended =
        log.append({.kind = log::FrameKind::state, .partition = {}}, std::span(&part, 1));
    if (appended) ++next;
    if (!appended && appended.error().code == ErrorCode::read_only)
      ::pause();  // the power is gone: wait for the kill
    if (log.durable().value > log.begin().value + (40 << 20)) {
      log.write_checkpoint(log.durable(), {});
      if (log.wait_for_checkpoint()) log.trim({log.durable().value - (20 << 20)});
    }
  }
}

struct Found {
  bool well = false;
  Position begin, end;
  uint64_t next = 0;  // number of the frame to be appended next
};

Found recover(const LoopDisk& disk) {
  Found found;
  auto opened = Log::open(os::real_files(), settings(disk));
  if (!opened) {
    std::printf("cannot open the log again: %s\n", opened.error().message.c_str());
    return found;
  }
  bool first = true;
  const auto replayed = (*opened)->replay({}, [&](const Frame& frame) -> Status {
    uint64_t number = 0;
    if (frame.body.size() >= 8) std::memcpy(&number, frame.body.data(), 8);
    if (!std::exchange(first, false) && number != found.next) {
      return fail(ErrorCode::corrupt,
                  "frame " + std::to_string(number) + " follows " + std::to_string(found.next - 1));
    }
    if (as_text(frame.body) != body_of(number))
      return fail(ErrorCode::corrupt, "contents of frame " + std::to_string(number));
    found.next = number + 1;
    return {};
  });
  if (!replayed) std::printf("wrong after the cut: %s\n", replayed.error().message.c_str());
  found.well = replayed.has_value();
  found.begin = (*opened)->begin();
  found.end = (*opened)->end();
  return found;
}

/// Cuts the power once that much has been acknowledged, and answers the greatest acknowledged
/// position.
Position cut_under_load(const LoopDisk& disk, uint64_t next, uint64_t bytes) {
  int pipe[2];
  if (::pipe(pipe) != 0) return {};
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(pipe[0]);
    append_until_killed(disk, next, pipe[1]);
  }
  ::close(pipe[1]);
  uint64_t first = 0;
  uint64_t acknowledged = 0;
  uint64_t value = 0;
  while (::read(pipe[0], &value, sizeof value) == sizeof value) {
    if (first == 0) first = value;
    acknowledged = value;
    if (acknowledged - first < bytes) continue;
    bytes = UINT64_MAX;
    if (!disk.cut_power()) std::printf("cannot shut the file system down\n");
    ::kill(child, SIGKILL);  // what it had reported before stays in the pipe
  }
  ::close(pipe[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (!WIFSIGNALED(status)) std::printf("the child ended by itself: %d\n", WEXITSTATUS(status));
  return bytes == UINT64_MAX ? Position{acknowledged} : Position{};
}

int test(int cuts) {
  if (::geteuid() != 0) return std::printf("skipped: mounting a loop device needs root\n"), skipped;
  testing::TemporaryFolder folder;
  LoopDisk disk(folder.path());
  if (!disk.make()) return std::printf("skipped: no ext4 on a loop device here\n"), skipped;
  std::random_device random;
  Found found{.well = true, .begin = {}, .end = {}, .next = 0};
  for (int cut = 1; cut <= cuts; ++cut) {
    const Position acknowledged = cut_under_load(disk, found.next, random() % (30 << 20));
    disk.unmount();
    if (acknowledged.value == 0)
      return std::printf("cut %d: nothing was acknowledged: the test tested nothing\n", cut), 1;
    if (!disk.mount()) return std::printf("cut %d: the image cannot be mounted again\n", cut), 1;
    found = recover(disk);
    std::printf("cut %d: acknowledged up to %llu, found %llu to %llu, %llu frames in all\n", cut,
                static_cast<unsigned long long>(acknowledged.value),
                static_cast<unsigned long long>(found.begin.value),
                static_cast<unsigned long long>(found.end.value),
                static_cast<unsigned long long>(found.next));
    if (found.end < acknowledged) std::printf("LOST: acknowledged frames are not there\n");
    if (!found.well || found.end < acknowledged) return 1;
  }
  return 0;
}

}  // namespace
}  // namespace holdfast

int main(int argc, char** argv) {
  return holdfast::test(argc > 1 ? std::atoi(argv[1]) : 10);
}
