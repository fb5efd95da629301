// A power cut on a real file system: ext4 in a loop device is shut down by ioctl while the real
// broker on it serves idempotent and transactional producers. After the next mount and start, a
// reader of committed records reads on; at the end everything is read whole and the history checker
// judges: nothing acknowledged lost, nothing uncommitted visible, nothing double, no position of a
// group forgotten. Exit: 0 all was well, 1 something was not, 77 this machine cannot do it (and why
// is printed). Arguments: the program, and the number of cuts.

#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <random>
#include <string>
#include <sys/ioctl.h>
#include <unistd.h>

#include "testing/temporary_folder.h"
#include "tests/crash/broker_life.h"
#include "tests/crash/broker_load.h"

namespace holdfast::testing {
namespace {

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
    return run("mkdir -p " + mount_) == 0 && run("truncate -s 1G " + image_) == 0 &&
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
  std::string data() const { return mount_ + "/broker"; }

 private:
  std::string image_;
  std::string mount_;
  bool mounted_ = false;
};

/// One life of the broker, up to the cut. False: the test could not go on.
bool live_and_cut(const std::string& program, LoopDisk& disk, BrokerLoad& load, uint64_t records) {
  BrokerLife broker(program, disk.data());
  if (!broker.ready()) return std::printf("the broker does not start\n"), false;
  if (!load.prepare(broker.address()) || !load.read_on(broker.address()))
    return std::printf("what is there cannot be read\n"), false;
  const uint64_t before = load.acknowledged();
  load.start(broker.address());
  const bool under_load = load.wait_for(before + records);
  const bool cut = disk.cut_power();
  broker.kill();
  load.join();
  if (!under_load) return std::printf("nothing was acknowledged: this tests nothing\n"), false;
  return cut || (std::printf("cannot shut the file system down\n"), false);
}

int test(const std::string& program, int cuts) {
  if (::geteuid() != 0) return std::printf("skipped: mounting a loop device needs root\n"), skipped;
  TemporaryFolder folder;
  LoopDisk disk(folder.path());
  if (!disk.make()) return std::printf("skipped: no ext4 on a loop device here\n"), skipped;
  BrokerLoad load;
  std::random_device random;
  for (int cut = 1; cut <= cuts; ++cut) {
    if (!live_and_cut(program, disk, load, 20 + random() % 400)) return 1;
    disk.unmount();
    if (!disk.mount()) return std::printf("cut %d: the image cannot be mounted again\n", cut), 1;
  }
  BrokerLife broker(program, disk.data());
  const bool well = broker.ready() && load.judge(broker.address());
  broker.kill();
  std::printf("%d cuts: %s\n", cuts, well ? "all was well" : "FAILED");
  return well ? 0 : 1;
}

}  // namespace
}  // namespace holdfast::testing

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  return holdfast::testing::test(argv[1], argc > 2 ? std::atoi(argv[2]) : 50);
}
