#include "testing/simulation/position_reader.h"

namespace holdfast::simulation {

void PositionReader::start() {
  wire::OffsetFetchRequest request;
  request.require_stable = true;
  auto& group = request.groups.emplace_back();
  group.group_id = group_;
  auto& topic = group.topics.emplace().emplace_back();
  topic.name = topic_.name;
  for (int32_t i = 0; i < topic_.partitions; ++i) topic.partition_indexes.push_back(i);
  peer_.call<wire::OffsetFetchResponse>(
      request, 8, 4 * seconds, true,
      [this, invoked = world_.stamp()](std::optional<wire::OffsetFetchResponse> answer) {
        finished_ = answer && take(*answer, invoked);
        if (!finished_) later(100 * ms, [this] { start(); });
      });
}

bool PositionReader::take(const wire::OffsetFetchResponse& answer, history::Time invoked) {
  for (const auto& topic : answer.groups.at(0).topics) {
    for (const auto& told : topic.partitions) {
      if (told.error_code != wire::ErrorCode::none) return false;
    }
    for (const auto& told : topic.partitions) {
      const uint32_t partition = world_.partition(topic.name, told.partition_index);
      world_.history.offset_reads.push_back(
          {group_, {partition, told.committed_offset}, invoked, world_.stamp()});
      if (told.committed_offset > 0)
        world_.history.processed.push_back({partition, 0, told.committed_offset});
    }
  }
  return true;
}

}  // namespace holdfast::simulation
