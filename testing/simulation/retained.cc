#include "testing/simulation/retained.h"

#include <array>

namespace holdfast::simulation {
namespace {

constexpr int64_t batch_bytes_most = 200'000;
/// Between two looks of the broker, and until what it decided is durable.
constexpr int64_t late_most_ms = 15'000;

template <size_t n>
int64_t one_of(Scheduler& scheduler, const std::array<int64_t, n>& values) {
  return values[static_cast<size_t>(scheduler.below(n))];
}

struct Kept {
  World& world;
  const SimulatedBroker& broker;
  const TopicPlan& topic;
  int32_t index;
  int64_t start;   // where the partition begins
  int64_t stayed;  // what is below was trimmed on request

  void wrong(const std::string& what) const {
    world.violation(Violation::Kind::retention,
                    fmt::format("{}-{} begins at {}: {}", topic.name, index, start, what));
  }
  void check_bytes() const {
    const auto live = static_cast<int64_t>(broker.live_bytes(topic.name, index));
    if (start > stayed && live < topic.retention_bytes)
      wrong(fmt::format("only {} bytes are kept", live));
    if (live > topic.retention_bytes + batch_bytes_most) wrong(fmt::format("{} bytes are", live));
  }
  void check_age(bool clock_jumps) const {
    const int64_t too_young_ms = broker.latest_wall_ms() - topic.retention_ms;
    const int64_t too_old_ms = world.scheduler.wall_us() / 1000 - topic.retention_ms - late_most_ms;
    const uint32_t number = world.partition(topic.name, index);
    const history::Send* first = nullptr;
    for (const history::Send& send : world.history.sends) {
      if (send.partition != number || send.outcome != history::Outcome::ok || send.offset < stayed)
        continue;
      if (send.offset < start && world.made_ms(send.value) > too_young_ms)
        wrong(fmt::format("the record at {} was too young to go", send.offset));
      if (send.offset >= start && (!first || send.offset < first->offset)) first = &send;
    }
    if (!clock_jumps && first && first->offset == start && world.made_ms(first->value) < too_old_ms)
      wrong("its first record is too old to be there");
  }
};

}  // namespace

TopicPlan compacted_topic(Scheduler& scheduler, uint32_t value_bytes_most) {
  TopicPlan topic{.name = "compacted", .partitions = 2, .compacted = true};
  topic.value_bytes_most = value_bytes_most;
  topic.keys = one_of<3>(scheduler, {12, 60, 2000});
  const int64_t tombstones_ms = one_of<4>(scheduler, {0, 4'000, 86'400'000, 86'400'000});
  topic.tombstones_stay = tombstones_ms == 86'400'000;
  const auto set = [&](const char* key, int64_t value) {
    topic.configs.emplace_back(key, std::to_string(value));
  };
  set("delete.retention.ms", tombstones_ms);
  set("segment.ms", one_of<3>(scheduler, {100, 2'000, 10'000}));
  set("min.compaction.lag.ms", one_of<3>(scheduler, {0, 0, 1'500}));
  if (scheduler.one_in(3)) set("max.compaction.lag.ms", 3'000);
  topic.configs.emplace_back("min.cleanable.dirty.ratio", scheduler.one_in(3) ? "0.3" : "0.01");
  const bool also_deleted = scheduler.one_in(5);
  topic.trims = also_deleted;  // DeleteRecords is refused otherwise
  topic.configs.emplace_back("cleanup.policy", also_deleted ? "compact,delete" : "compact");
  if (also_deleted) set("retention.ms", topic.retention_ms = 20'000);
  topic.alters = !also_deleted && scheduler.one_in(3);
  if (scheduler.one_in(2)) topic.codec = static_cast<record::Codec>(scheduler.below(5));
  return topic;
}

TopicPlan short_lived_topic(Scheduler& scheduler, uint32_t value_bytes_most) {
  TopicPlan topic{.name = "short-lived", .partitions = 2, .value_bytes_most = value_bytes_most};
  if (scheduler.one_in(2)) {
    topic.retention_bytes = scheduler.between(1, 20) * int64_t{value_bytes_most};
    topic.configs.emplace_back("retention.bytes", std::to_string(topic.retention_bytes));
  } else {
    topic.retention_ms = one_of<3>(scheduler, {1'000, 6'000, 30'000});
    topic.configs.emplace_back("retention.ms", std::to_string(topic.retention_ms));
  }
  return topic;
}

void check_retained(World& world, const SimulatedBroker& broker, const TopicPlan& topic,
                    int32_t index, bool clock_jumps) {
  auto& partition = world.history.partitions[world.partition(topic.name, index)];
  const Kept kept{.world = world,
                  .broker = broker,
                  .topic = topic,
                  .index = index,
                  .start = broker.log_start(topic.name, index),
                  .stayed = partition.trimmed_to};
  world.trace("{}-{} begins at {}, {} asked for", topic.name, index, kept.start, kept.stayed);
  if (!topic.retained()) {
    if (kept.start > kept.stayed) kept.wrong("nobody asked for that");
    return;
  }
  // Of a compacted one, records of any age may be gone on either side of where it begins.
  if (topic.retention_ms >= 0 && !topic.compacted)
    kept.check_age(clock_jumps);
  else if (topic.retention_bytes >= 0)
    kept.check_bytes();
  partition.trimmed_to = std::max(partition.trimmed_to, kept.start);
}

}  // namespace holdfast::simulation
