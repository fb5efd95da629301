#pragma once

#include <functional>

#include "kafka/consumer.h"

namespace holdfast::repair {

/// Reads what a partition holds from an offset on, to its end as it is now. `visit` gets whole
/// batches (and may keep them); false ends it. Fails with `timeout` when nothing comes for so long.
Status read_partition(const kafka::ClientSettings& client, const kafka::TopicPartition& partition,
                      int64_t from, int64_t timeout_ms,
                      const std::function<Result<bool>(kafka::MessageBatch)>& visit);

}  // namespace holdfast::repair
