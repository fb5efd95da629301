#include "control/failures.h"

#include <fmt/format.h>
#include <set>

#include "audit/topic_reader.h"
#include "control/kafka_access.h"
#include "event/failure_record.h"

namespace holdfast::control {
namespace {

std::vector<std::string> queues(const settings::Config& config) {
  std::set<std::string> topics{config.failures.topic};
  for (const auto& pipeline : config.pipelines) topics.insert(config.failure_topic(pipeline));
  return {topics.begin(), topics.end()};
}

std::string place_of(const event::FailureRecord& record) {
  if (!record.file.empty()) return fmt::format("{}:{}", record.file, record.line);
  if (record.origin.partition < 0) return std::string(record.store);
  return fmt::format("{} (from {}/{}/{})", record.store, record.origin.topic,
                     record.origin.partition, record.origin.offset);
}

Failure describe(const event::FailureRecord& record, std::string id) {
  const event::Stamp& stamp = record.event.stamp;
  return {std::move(id),
          event::name(record.kind),
          event::name(record.stage),
          fmt::format("{} {}-{}", stamp.source, stamp.epoch, stamp.sequence),
          place_of(record),
          std::string(record.cause_code),
          std::string(record.cause),
          event::to_json(record, true)};
}

/// Calls `visit` for each failure record; answers how many records there were, and how many of them
/// were none.
Result<FailureList> read_queues(
    const settings::Config& config, const std::vector<std::string>& topics,
    const std::function<void(std::string id, const event::FailureRecord&)>& visit) {
  const KafkaAccess access =
      HOLDFAST_TRY(KafkaAccess::open(config.kafka, KafkaAccess::Purpose::visit));
  FailureList list;
  std::vector<kafka::HeaderView> raw;
  std::vector<event::Header> headers;
  const auto read = [&](const kafka::Message& message, audit::TopicRange&) {
    message.read_headers(raw);
    headers.clear();
    for (const auto& header : raw) {
      headers.push_back(
          {header.name, header.value ? std::optional(as_text(*header.value)) : std::nullopt});
    }
    const auto text = [](const std::optional<ByteView>& bytes) {
      return bytes ? std::optional(as_text(*bytes)) : std::nullopt;
    };
    const auto record = event::parse_failure(headers, text(message.key), text(message.value));
    ++(record ? list.total : list.foreign);
    if (record)
      visit(fmt::format("{}/{}/{}", message.topic, message.partition, message.offset), *record);
  };
  HOLDFAST_TRY(audit::read_topics({access.client(), topics}, read));
  return list;
}

}  // namespace

Result<FailureList> list_failures(const settings::Config& config, const std::string& topic,
                                  uint64_t limit) {
  std::vector<Failure> failures;
  FailureList list =
      HOLDFAST_TRY(read_queues(config, topic.empty() ? queues(config) : std::vector{topic},
                               [&](std::string id, const event::FailureRecord& record) {
                                 if (failures.size() < limit)
                                   failures.push_back(describe(record, std::move(id)));
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
  std::optional<Failure> found;
  HOLDFAST_TRY(read_queues(config, {id.substr(0, end)},
                           [&](std::string at, const event::FailureRecord& record) {
                             if (at == id) found = describe(record, std::move(at));
                           }));
  if (!found) return fail(ErrorCode::not_found, fmt::format("there is no refused event {}", id));
  return std::move(*found);
}

}  // namespace holdfast::control
