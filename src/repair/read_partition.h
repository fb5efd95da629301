#pragma once

#include "kafka/ranges.h"

namespace holdfast::repair {

/// Reads what a partition holds from an offset on, to its end as it is now. `visit` gets whole
/// batches (and may keep them); false ends it. Fails with `timeout` when nothing comes for so long.
Status read_partition(const kafka::ClientSettings& client, const kafka::TopicPartition& partition,
                      int64_t from, int timeout_ms, const kafka::VisitBatch& visit);

}  // namespace holdfast::repair
