#include "wire/messages/alter_replica_log_dirs.h"

#include "broker/context.h"
#include "broker/handlers/handlers.h"

namespace holdfast::broker {

/// AlterReplicaLogDirs: there is one folder. To stay in it is granted; another is not there.
void handle(const wire::AlterReplicaLogDirsRequest& request, Context& context) {
  using Code = wire::ErrorCode;
  wire::AlterReplicaLogDirsResponse response;
  for (const auto& dir : request.dirs) {
    const bool here = dir.path == std::string_view(context.settings().data_folder);
    for (const auto& wanted : dir.topics) {
      auto& answer = response.results.emplace_back();
      answer.topic_name = wanted.name;
      const Topic* topic = context.state().topic(wanted.name);
      for (const int32_t partition : wanted.partitions) {
        const bool known = topic && topic->partition(partition);
        const Code code =
            !here ? Code::log_dir_not_found : (known ? Code::none : Code::replica_not_available);
        answer.partitions.push_back({partition, code});
      }
    }
  }
  context.reply(response);
}

}  // namespace holdfast::broker
