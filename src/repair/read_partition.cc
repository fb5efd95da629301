#include "repair/read_partition.h"

#include <algorithm>

namespace holdfast::repair {

constexpr int ask_timeout_ms = 10'000;
constexpr size_t batch_messages = 1'000;

Status read_partition(const kafka::ClientSettings& client, const kafka::TopicPartition& partition,
                      int64_t from, int timeout_ms, const kafka::VisitBatch& visit) {
  const auto consumer = HOLDFAST_TRY(kafka::Consumer::create(client));
  const kafka::Watermarks marks = HOLDFAST_TRY(consumer->watermarks(partition, ask_timeout_ms));
  const kafka::OffsetRange range{partition, std::max(from, marks.low), marks.high};
  return kafka::read_ranges(*consumer, {&range, 1},
                            {.stall_ms = timeout_ms, .messages_max = batch_messages}, visit);
}

}  // namespace holdfast::repair
