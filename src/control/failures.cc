#include "control/failures.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <set>

#include "audit/topic_reader.h"
#include "base/os/clock.h"
#include "control/kafka_access.h"
#include "control/repair_target.h"
#include "control/stores.h"
#include "kafka/events/event_reader.h"
#include "pipeline/failure_spool.h"
#include "repair/marks.h"

namespace holdfast::control {
namespace {

constexpr uint64_t drops_in_message = 1'000;

std::string id_of(const std::string& topic, int32_t partition, int64_t offset) {
  return fmt::format("{}/{}/{}", topic, partition, offset);
}

/// The queues of the configuration, or the one that is named.
std::vector<FailurePlace> queues(const settings::Config& config, const kafka::ClientSettings& own,
                                 const std::string& only) {
  std::vector<FailurePlace> places;
  std::set<std::string> topics{config.failures.topic};
  for (const auto& pipeline : config.pipelines) topics.insert(config.failure_topic(pipeline));
  for (const settings::Datacenter& missing : config.datacenters) {
    places.push_back(failure_place(config, own, missing));
    topics.erase(places.back().topic);
  }
  for (const std::string& topic : topics) places.push_back({own, topic});
  if (only.empty()) return places;
  std::erase_if(places, [&](const FailurePlace& place) { return place.topic != only; });
  if (places.empty()) places.push_back({own, only});
  return places;
}

std::string place_of(const event::FailureRecord& record) {
  if (!record.file.empty()) return fmt::format("{}:{}", record.file, record.line);
  std::string place(record.store);
  if (!record.datacenter.empty()) place += fmt::format(" in {}", record.datacenter);
  if (record.origin.partition < 0) return place;
  return fmt::format("{} (from {}/{}/{})", place, record.origin.topic, record.origin.partition,
                     record.origin.offset);
}

/// What the marks beside the queue say of a record.
void add_state(const repair::PartitionMarks& marks, int64_t offset, Failure& failure) {
  failure.state = "waiting";
  const auto noted = [&](const char* state, const repair::PartitionMarks::Note& note) {
    failure.state = state;
    failure.note =
        fmt::format("{} attempts of repair, the last: {}: {}", note.attempts, note.code, note.why);
  };
  if (const auto found = marks.failing.find(offset); found != marks.failing.end())
    noted("failing", found->second);
  if (const auto found = marks.quarantined.find(offset); found != marks.quarantined.end())
    noted("quarantined", found->second);
  if (marks.superseded.contains(offset)) failure.state = "superseded";
  if (marks.repaired.contains(offset)) failure.state = "repaired";
  if (const auto found = marks.dropped.find(offset); found != marks.dropped.end()) {
    failure.state = "dropped";
    failure.note = fmt::format("by {}: {}", found->second.who, found->second.why);
  }
}

Failure describe(const event::FailureRecord& record, std::string id,
                 const repair::PartitionMarks& marks, int64_t offset) {
  const event::Stamp& stamp = record.event.stamp;
  Failure failure{std::move(id),
                  event::name(record.kind),
                  event::name(record.stage),
                  fmt::format("{} {}-{}", stamp.source, stamp.epoch, stamp.sequence),
                  place_of(record),
                  std::string(record.cause_code),
                  std::string(record.cause),
                  "",
                  "",
                  event::to_json(record, true)};
  add_state(marks, offset, failure);
  return failure;
}

bool fits(const FailureFilter& filter, const std::string& id, const event::FailureRecord& record) {
  if (!filter.ids.empty() && std::ranges::find(filter.ids, id) == filter.ids.end()) return false;
  if (!filter.cause.empty() && record.cause_code != filter.cause &&
      record.cause.find(filter.cause) == std::string_view::npos)
    return false;
  if (!filter.key.empty() && record.event.key.value_or("") != filter.key) return false;
  if (!filter.pipeline.empty() && record.pipeline != filter.pipeline) return false;
  return record.last_failure_us >= filter.since_us && record.last_failure_us <= filter.until_us;
}

struct Found {
  const FailurePlace& place;
  const kafka::Message& message;
  const event::FailureRecord& record;
  const repair::PartitionMarks& marks;

  std::string id() const { return id_of(place.topic, message.partition, message.offset); }
};

/// Visits each record that fits. `list` gets the counts.
Status read_queue(const FailurePlace& place, const FailureFilter& filter, FailureList& list,
                  const std::function<void(const Found&)>& visit) {
  repair::Marks marks = HOLDFAST_TRY(repair::read_marks(place.client, place.topic));
  kafka::EventReader reader;
  const auto read = [&](const kafka::Message& message, audit::TopicRange&) {
    const auto record = reader.failure(message);
    if (!record) {
      ++list.foreign;
      return;
    }
    const Found found{place, message, *record, marks.partitions[message.partition]};
    if (!filter.settled_too && found.marks.done(message.offset)) return;
    if (!fits(filter, found.id(), *record)) return;
    ++list.total;
    visit(found);
  };
  HOLDFAST_TRY(audit::read_topics({place.client, {place.topic}}, read));
  return {};
}

Result<FailureList> read_queues(const settings::Config& config, const FailureFilter& filter,
                                const std::function<void(const Found&)>& visit) {
  const KafkaAccess access =
      HOLDFAST_TRY(KafkaAccess::open(config.kafka, KafkaAccess::Purpose::visit));
  FailureList list;
  std::map<std::string, Error> away;  // Kafkas: each is waited for once
  for (const FailurePlace& place : queues(config, access.client(), filter.topic)) {
    const std::string& kafka = place.client.bootstrap_servers;
    if (!away.contains(kafka))
      if (const Status read = read_queue(place, filter, list, visit); !read)
        away.emplace(kafka, read.error());
    if (away.contains(kafka)) list.missing.push_back({place.topic, kafka, away.at(kafka)});
  }
  HOLDFAST_CHECKED(
      pipeline::visit_spooled_failures(os::real_files(), failure_spool_folder(config),
                                       [&](const event::FailureRecord&) { ++list.spooled; }));
  return list;
}

}  // namespace

bool FailureFilter::everything() const {
  return ids.empty() && cause.empty() && key.empty() && pipeline.empty() && since_us == INT64_MIN &&
         until_us == INT64_MAX;
}

Result<FailureList> list_failures(const settings::Config& config, const FailureFilter& filter,
                                  uint64_t limit) {
  std::vector<Failure> failures;
  FailureList list = HOLDFAST_TRY(read_queues(config, filter, [&](const Found& found) {
    if (failures.size() < limit)
      failures.push_back(describe(found.record, found.id(), found.marks, found.message.offset));
  }));
  list.failures = std::move(failures);
  return list;
}

Result<Failure> show_failure(const settings::Config& config, const std::string& id) {
  const size_t end = id.find('/');
  if (end == std::string::npos || id.find('/', end + 1) == std::string::npos) {
    return fail(
        ErrorCode::invalid,
        fmt::format(
            "\"{}\" is no id; give TOPIC/PARTITION/OFFSET, as `holdfast failures list` prints it",
            id));
  }
  FailureList list = HOLDFAST_TRY(
      list_failures(config, {.ids = {id}, .topic = id.substr(0, end), .settled_too = true}, 1));
  if (!list.missing.empty()) return std::unexpected(list.missing.front().why);
  if (list.failures.empty())
    return fail(ErrorCode::not_found, fmt::format("there is no refused event {}", id));
  return std::move(list.failures.front());
}

Result<FailureList> export_failures(const settings::Config& config, const FailureFilter& filter,
                                    const std::function<Status(const Failure&)>& visit) {
  Status status;
  FailureList list = HOLDFAST_TRY(read_queues(config, filter, [&](const Found& found) {
    if (status)
      status = visit(describe(found.record, found.id(), found.marks, found.message.offset));
  }));
  HOLDFAST_CHECKED(status);
  return list;
}

Result<uint64_t> drop_failures(const settings::Config& config, const FailureFilter& filter,
                               const std::string& who, const std::string& why) {
  const KafkaAccess access =
      HOLDFAST_TRY(KafkaAccess::open(config.kafka, KafkaAccess::Purpose::visit));
  const int64_t now_us = os::real_clock().wall_us();
  FailureList list;
  for (const FailurePlace& place : queues(config, access.client(), filter.topic)) {
    std::vector<std::map<int32_t, repair::PartitionMarks>> messages;
    uint64_t count = 0;
    HOLDFAST_CHECKED(read_queue(place, filter, list, [&](const Found& found) {
      if (count++ % drops_in_message == 0) messages.emplace_back();
      messages.back()[found.message.partition].dropped[found.message.offset] = {who, why, now_us};
    }));
    if (messages.empty()) continue;
    const auto writer = HOLDFAST_TRY(repair::MarkWriter::open(place.client, place.topic));
    for (const auto& changes : messages) HOLDFAST_CHECKED(writer->write(repair::to_json(changes)));
  }
  return list.total;
}

Result<std::vector<Replayed>> replay_failures(const settings::Config& config, const Kinds& kinds,
                                              const FailureFilter& filter, repair::Stop& stop) {
  const KafkaAccess access =
      HOLDFAST_TRY(KafkaAccess::open(config.kafka, KafkaAccess::Purpose::visit));
  std::vector<Replayed> all;
  for (const FailurePlace& place : queues(config, access.client(), filter.topic)) {
    repair::RepairSettings settings{.kafka = place.client, .queue = place.topic};
    settings.by_hand = true;
    settings.workers = repair_workers(config);
    settings.open = [&](const event::FailureRecord& record, size_t worker) {
      return open_repair_target(config, kinds, access.client(), record, worker);
    };
    settings.wanted = [&](const repair::Place& at, const event::FailureRecord& record) {
      return record.stage != event::FailureStage::capture &&
             fits(filter, id_of(place.topic, at.partition, at.offset), record);
    };
    auto report = repair::run(settings, stop);
    Replayed replayed{place.topic, {}};
    if (report) replayed.report = std::move(*report);
    if (!report) replayed.report.failure = report.error();
    replayed.report.lease.reset();
    if (replayed.report.waiting > 0 || replayed.report.failure) all.push_back(std::move(replayed));
  }
  return all;
}

}  // namespace holdfast::control
