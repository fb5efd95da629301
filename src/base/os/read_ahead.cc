#include "base/os/read_ahead.h"

#include <algorithm>
#include <sys/mman.h>
#include <unistd.h>

namespace holdfast::os {

void read_ahead(ByteView mapped) {
  // Of a larger range Linux takes only the beginning: as much as the device likes to read at once.
  constexpr uintptr_t at_once = 512 << 10;
  static const auto page = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto begin = reinterpret_cast<uintptr_t>(mapped.data());
  const uintptr_t end = begin + mapped.size();
  for (uintptr_t at = begin / page * page; at < end; at += at_once)
    (void)::madvise(reinterpret_cast<void*>(at), std::min(at_once, end - at), MADV_WILLNEED);
}

void expect_no_order(ByteView mapped) {
  (void)::madvise(const_cast<std::byte*>(mapped.data()), mapped.size(), MADV_RANDOM);
}

}  // namespace holdfast::os
