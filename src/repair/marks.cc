#include "repair/marks.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "kafka/admin.h"
#include "repair/read_partition.h"

namespace holdfast::repair {
namespace {

using nlohmann::json;

constexpr int request_timeout_ms = 10'000;
constexpr int64_t read_timeout_ms = 30'000;

json intervals_of(const event::IntervalSet& set) {
  json list = json::array();
  for (const event::Interval& one : set.intervals()) list.push_back({one.first, one.last});
  return list;
}

void add_intervals(const json& list, event::IntervalSet& set) {
  for (const json& one : list)
    set.add(event::Interval{one.at(0).get<int64_t>(), one.at(1).get<int64_t>()});
}

json notes_of(const std::map<int64_t, PartitionMarks::Note>& notes) {
  json list = json::array();
  for (const auto& [offset, note] : notes)
    list.push_back({offset, note.attempts, note.code, note.why});
  return list;
}

void add_notes(const json& list, std::map<int64_t, PartitionMarks::Note>& notes) {
  for (const json& one : list)
    notes[one.at(0).get<int64_t>()] = {one.at(1).get<int32_t>(), one.at(2).get<std::string>(),
                                       one.at(3).get<std::string>()};
}

void apply_partition(const json& change, PartitionMarks& to) {
  add_intervals(change.value("repaired", json::array()), to.repaired);
  add_intervals(change.value("superseded", json::array()), to.superseded);
  add_notes(change.value("failing", json::array()), to.failing);
  add_notes(change.value("quarantined", json::array()), to.quarantined);
  for (const json& one : change.value("dropped", json::array()))
    to.dropped[one.at(0).get<int64_t>()] = {one.at(1).get<std::string>(),
                                            one.at(2).get<std::string>(), one.at(3).get<int64_t>()};
  const auto settled = [&](const auto& entry) { return to.done(entry.first); };
  std::erase_if(to.quarantined, settled);
  std::erase_if(to.failing, [&](const auto& entry) {
    return settled(entry) || to.quarantined.contains(entry.first);
  });
}

}  // namespace

uint64_t Marks::repaired() const {
  uint64_t count = 0;
  for (const auto& [number, partition] : partitions) count += partition.repaired.count();
  return count;
}

uint64_t Marks::superseded() const {
  uint64_t count = 0;
  for (const auto& [number, partition] : partitions) count += partition.superseded.count();
  return count;
}

Status Marks::apply(std::string_view text) {
  try {
    const json message = json::parse(text);
    if (message.at("format") != 1) return fail(ErrorCode::version_unknown, "another format");
    for (const json& change : message.value("partitions", json::array()))
      apply_partition(change, partitions[change.at("partition").get<int32_t>()]);
    if (const auto told = message.find("told"); told != message.end()) {
      told_repaired = std::max(told_repaired, told->at(0).get<uint64_t>());
      told_superseded = std::max(told_superseded, told->at(1).get<uint64_t>());
    }
    if (const auto now = message.find("holder"); now != message.end())
      holder = {now->at("run").get<std::string>(), now->at("host").get<std::string>(),
                now->at("process").get<int>(), now->at("signs").get<int64_t>()};
  } catch (const json::exception& error) {
    return fail(ErrorCode::invalid, error.what());
  }
  return {};
}

std::string marks_topic(const std::string& queue) {
  return queue + ".marks";
}

std::string to_json(const std::map<int32_t, PartitionMarks>& changes) {
  json partitions = json::array();
  for (const auto& [number, marks] : changes) {
    json change{{"partition", number}};
    if (!marks.repaired.empty()) change["repaired"] = intervals_of(marks.repaired);
    if (!marks.superseded.empty()) change["superseded"] = intervals_of(marks.superseded);
    if (!marks.failing.empty()) change["failing"] = notes_of(marks.failing);
    if (!marks.quarantined.empty()) change["quarantined"] = notes_of(marks.quarantined);
    for (const auto& [offset, drop] : marks.dropped)
      change["dropped"].push_back({offset, drop.who, drop.why, drop.time_us});
    partitions.push_back(std::move(change));
  }
  return json{{"format", 1}, {"partitions", std::move(partitions)}}.dump(
      -1, ' ', false, json::error_handler_t::replace);
}

std::string told_json(uint64_t repaired, uint64_t superseded) {
  return json{{"format", 1}, {"told", {repaired, superseded}}}.dump();
}

std::string holder_json(const Marks::Holder& holder) {
  return json{{"format", 1},
              {"holder",
               {{"run", holder.run},
                {"host", holder.host},
                {"process", holder.process},
                {"signs", holder.signs}}}}
      .dump(-1, ' ', false, json::error_handler_t::replace);
}

Result<Marks> read_marks(const kafka::ClientSettings& client, const std::string& queue) {
  Marks marks;
  const std::string topic = marks_topic(queue);
  const auto admin = HOLDFAST_TRY(kafka::Admin::create(client));
  const auto there = admin->topic(topic, request_timeout_ms);
  if (!there && there.error().code == ErrorCode::not_found) return marks;
  if (!there) return std::unexpected(there.error());
  HOLDFAST_CHECKED(read_partition(
      client, {topic, 0}, 0, read_timeout_ms,
      [&](const kafka::MessageBatch& batch) -> Result<bool> {
        for (const kafka::Message& message : batch.messages()) {
          const Status applied = marks.apply(message.value ? as_text(*message.value) : "");
          if (!applied)
            return fail(ErrorCode::corrupt, "topic " + topic + ", offset " +
                                                std::to_string(message.offset) +
                                                " is no mark: " + applied.error().message);
        }
        return true;
      }));
  return marks;
}

Result<std::unique_ptr<MarkWriter>> MarkWriter::open(const kafka::ClientSettings& client,
                                                     const std::string& queue) {
  auto writer = std::make_unique<MarkWriter>();
  writer->topic_ = marks_topic(queue);
  const auto admin = HOLDFAST_TRY(kafka::Admin::create(client));
  HOLDFAST_CHECKED(admin->ensure_topic(
      {.name = writer->topic_, .configs = {{"retention.ms", "-1"}}}, request_timeout_ms));
  writer->producer_ = HOLDFAST_TRY(kafka::Producer::create(client, {.linger_ms = 0}));
  return writer;
}

Status MarkWriter::write(const std::string& json) {
  HOLDFAST_CHECKED(producer_->send(topic_, {.partition = 0, .value = as_bytes(json)}));
  Status status;
  while (producer_->in_flight() > 0)
    for (const kafka::Delivery& delivery : producer_->flush(request_timeout_ms))
      if (delivery.outcome != kafka::DeliveryOutcome::delivered)
        status = fail(ErrorCode::unavailable,
                      "topic " + topic_ + " does not take a mark: " + delivery.cause);
  return status;
}

}  // namespace holdfast::repair
