#include "base/os/random.h"

#include <sys/random.h>

#include <cerrno>

#include "base/check.h"

namespace holdfast::os {

void random_bytes(MutableBytes to) {
  while (!to.empty()) {
    const ssize_t got = ::getrandom(to.data(), to.size(), 0);
    HOLDFAST_CHECK(got >= 0 || errno == EINTR);
    if (got > 0) to = to.subspan(static_cast<size_t>(got));
  }
}

}  // namespace holdfast::os
