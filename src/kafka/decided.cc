#include "kafka/decided.h"

#include <algorithm>
#include <chrono>
#include <thread>
#include <vector>

#include "base/os/clock.h"

namespace holdfast::kafka {
namespace {

constexpr int between_looks_ms = 20;

}  // namespace

Status wait_until_decided(Admin& admin, std::span<const TopicPartition> partitions, int timeout_ms) {
  if (partitions.empty()) return {};
  const int64_t until_ms = os::real_clock().steady_ms() + timeout_ms;
  const auto left_ms = [&] {
    return static_cast<int>(std::max<int64_t>(1, until_ms - os::real_clock().steady_ms()));
  };
  const std::vector<Watermarks> ends =
      HOLDFAST_TRY(admin.watermarks(partitions, left_ms(), Isolation::read_uncommitted));
  for (;;) {
    const std::vector<Watermarks> stable = HOLDFAST_TRY(admin.watermarks(partitions, left_ms()));
    size_t open = 0;
    while (open < ends.size() && stable[open].high >= ends[open].high) ++open;
    if (open == ends.size()) return {};
    if (os::real_clock().steady_ms() + between_looks_ms >= until_ms)
      return fail(ErrorCode::timeout, "a transaction of another producer is open in topic " + partitions[open].topic +
                                          ": what was committed behind it cannot be seen yet");
    constexpr std::chrono::milliseconds pause(between_looks_ms);
    std::this_thread::sleep_for(pause);  // tidy: sleep, because nothing tells when others end
  }
}

}  // namespace holdfast::kafka
