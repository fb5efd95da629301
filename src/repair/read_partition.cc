#include "repair/read_partition.h"

#include <algorithm>

#include "base/os/clock.h"

namespace holdfast::repair {
namespace {

constexpr int ask_timeout_ms = 10'000;
constexpr size_t batch_messages = 1'000;

}  // namespace

Status read_partition(const kafka::ClientSettings& client, const kafka::TopicPartition& partition,
                      int64_t from, int64_t timeout_ms,
                      const std::function<Result<bool>(kafka::MessageBatch)>& visit) {
  const auto consumer = HOLDFAST_TRY(kafka::Consumer::create(client));
  const kafka::Watermarks marks = HOLDFAST_TRY(consumer->watermarks(partition, ask_timeout_ms));
  from = std::max(from, marks.low);
  if (from >= marks.high) return {};
  const kafka::Assignment assignment{partition.topic, partition.partition, from};
  HOLDFAST_CHECKED(consumer->assign({&assignment, 1}));
  int64_t heard_ms = os::real_clock().steady_ms();
  while (os::real_clock().steady_ms() - heard_ms < timeout_ms) {
    kafka::MessageBatch batch =
        HOLDFAST_TRY(consumer->poll({.timeout_ms = 100, .messages_max = batch_messages}));
    bool at_end = false;
    for (const kafka::PartitionEvent& event : batch.events()) {
      at_end |= event.kind == kafka::PartitionEvent::Kind::end_of_partition;
      if (event.kind == kafka::PartitionEvent::Kind::offset_out_of_range)
        return fail(ErrorCode::corrupt, "topic " + partition.topic + " was trimmed meanwhile");
    }
    if (batch.messages().empty()) {
      if (at_end) return {};
      continue;
    }
    heard_ms = os::real_clock().steady_ms();
    at_end |= batch.messages().back().offset + 1 >= marks.high;
    if (!HOLDFAST_TRY(visit(std::move(batch))) || at_end) return {};
    heard_ms = os::real_clock().steady_ms();  // `visit` may have taken its time
  }
  return fail(ErrorCode::timeout, "topic " + partition.topic + " could not be read in time");
}

}  // namespace holdfast::repair
