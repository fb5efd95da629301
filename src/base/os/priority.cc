#include "base/os/priority.h"

#include <algorithm>
#include <sys/resource.h>

namespace holdfast::os {

void let_others_go_first() {
  // With 0 Linux means the calling thread, not the whole process.
  (void)::setpriority(PRIO_PROCESS, 0, std::min(::getpriority(PRIO_PROCESS, 0) + 10, 19));
}

}  // namespace holdfast::os
