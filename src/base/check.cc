#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace holdfast {

void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: broken invariant: %s (this is a bug in holdfast; the log on disk is safe, please report it)\n", file, line,
               condition);
  std::abort();
}

}  // namespace holdfast
