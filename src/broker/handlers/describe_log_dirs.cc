#include "wire/messages/describe_log_dirs.h"

#include <algorithm>

#include "broker/context.h"
#include "broker/core.h"
#include "broker/handlers/handlers.h"

namespace holdfast::broker {

namespace {

/// KIP-827. They stay unknown when the file system does not tell.
void describe_volume(const log::Log& log, wire::DescribeLogDirsResponse::LogDir& folder) {
  const auto space = log.space();
  if (!space) return;
  const auto told = [](uint64_t bytes) {
    return static_cast<int64_t>(std::min<uint64_t>(bytes, INT64_MAX));
  };
  folder.total_bytes = told(space->total_bytes);
  folder.usable_bytes = told(space->usable_bytes);
}

}  // namespace

/// DescribeLogDirs: the data folder and who is in it. All partitions lie mixed in one log; the size
/// of each is that of its batches which are still of use.
void handle(const wire::DescribeLogDirsRequest& request, Context& context) {
  wire::DescribeLogDirsResponse response;
  auto& folder = response.results.emplace_back();
  folder.log_dir = context.settings().data_folder;
  describe_volume(context.core.log(), folder);
  const auto describe = [&](const Topic& topic, auto&& wanted) {
    auto& described = folder.topics.emplace_back();
    described.name = topic.name;
    for (const auto& partition : topic.partitions) {
      if (!wanted(partition->index)) continue;
      const auto size = static_cast<int64_t>(context.core.log().live_bytes(partition->log_id));
      described.partitions.push_back(
          {.partition_index = partition->index, .partition_size = size});
    }
  };
  if (!request.topics) {
    for (const auto& [name, topic] : context.state().topics())
      describe(*topic, [](int32_t) { return true; });
  } else {
    for (const auto& wanted : *request.topics) {
      const Topic* topic = context.state().topic(wanted.topic);
      if (!topic) continue;
      const bool some = std::any_of(wanted.partitions.begin(), wanted.partitions.end(),
                                    [&](int32_t index) { return topic->partition(index); });
      if (!some) continue;
      describe(*topic, [&](int32_t index) {
        return std::find(wanted.partitions.begin(), wanted.partitions.end(), index) !=
               wanted.partitions.end();
      });
    }
  }
  context.reply(response);
}

}  // namespace holdfast::broker
