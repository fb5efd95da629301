#pragma once

#include <span>

#include "base/result.h"
#include "kafka/admin.h"

namespace holdfast::kafka {

/// Waits until all that the partitions hold now has been committed or aborted: until the last
/// stable offset of each has passed the end that it had at the call. Only then does a
/// read_committed reader see everything that was committed there before: a transaction of anybody's
/// that is still open hides what others committed behind it.
///
/// Fails with `timeout` when one is open for so long (its coordinator aborts it after its own
/// time-out), `unavailable`, `not_found`.
Status wait_until_decided(Admin& admin, std::span<const TopicPartition> partitions, int timeout_ms);

}  // namespace holdfast::kafka
