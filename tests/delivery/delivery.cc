#include "tests/delivery/delivery.h"

#include <gtest/gtest.h>

#include "duckdb/duckdb.h"
#include "event/cloud_event.h"
#include "event/failure_record.h"
#include "kafka/admin.h"
#include "kafka/consumer.h"
#include "kafka/producer.h"
#include "sink/duckdb/duckdb_sink.h"

namespace holdfast::pipeline {
namespace {

constexpr int timeout_ms = 30'000;

std::unique_ptr<kafka::Producer> producer_for(const kafka::ClientSettings& client,
                                              const std::string& topic, int32_t partitions) {
  auto admin = kafka::Admin::create(client);
  EXPECT_TRUE(admin && (*admin)->ensure_topic(
                           {.name = topic, .partitions = partitions, .configs = {}}, timeout_ms));
  auto producer = kafka::Producer::create(client);
  EXPECT_TRUE(producer);
  return std::move(*producer);
}

void finish(kafka::Producer& producer) {
  producer.flush(timeout_ms);
  EXPECT_EQ(producer.in_flight(), 0u);
}

}  // namespace

void send(const kafka::ClientSettings& client, const std::string& topic,
          const std::vector<Sent>& events, int32_t partitions) {
  auto producer = producer_for(client, topic, partitions);
  event::CloudEventFormatter formatter;
  std::vector<kafka::HeaderView> headers;
  for (const Sent& sent : events) {
    event::Event event;
    event.stamp = {sent.source, sent.epoch, sent.sequence};
    event.type = "row";
    event.content_type = "application/json";
    event.version = sent.sequence;
    headers.clear();
    for (const event::Header& header : formatter.format(event))
      headers.push_back({header.name, as_bytes(*header.value)});
    EXPECT_TRUE(producer->send(
        topic, {.partition = sent.partition, .value = as_bytes(sent.payload), .headers = headers}));
  }
  finish(*producer);
}

void send_foreign(const kafka::ClientSettings& client, const std::string& topic,
                  const std::string& value,
                  const std::vector<std::pair<std::string, std::string>>& headers) {
  auto producer = producer_for(client, topic, 1);
  std::vector<kafka::HeaderView> views;
  for (const auto& [name, text] : headers) views.push_back({name, as_bytes(text)});
  EXPECT_TRUE(producer->send(topic, {.partition = 0, .value = as_bytes(value), .headers = views}));
  finish(*producer);
}

std::vector<Sent> numbered(const std::string& source, int64_t from, int64_t to) {
  std::vector<Sent> events;
  for (int64_t i = from; i < to; ++i)
    events.push_back({.source = source,
                      .sequence = i,
                      .payload = "{\"n\":" + std::to_string(i) + ",\"more\":\"something else\"}"});
  return events;
}

std::unique_ptr<Deliver> make(const Pipe& pipe) {
  auto transform = transform::Transform::open({.sql = pipe.sql, .columns = {{"n", "BIGINT"}}});
  EXPECT_TRUE(transform) << transform.error().message;
  auto sink = sink::DuckdbSink::open(
      {.path = pipe.warehouse, .table = "flights", .pipeline = pipe.settings.name},
      (*transform)->schema());
  EXPECT_TRUE(sink) << sink.error().message;
  auto deliver = Deliver::open(pipe.settings, std::move(*transform), std::move(*sink));
  EXPECT_TRUE(deliver) << deliver.error().message;
  return std::move(*deliver);
}

std::multiset<std::string> rows_of(const std::string& warehouse) {
  auto database = duckdb::Database::open({.path = warehouse});
  EXPECT_TRUE(database) << database.error().message;
  auto connection = database->connect();
  auto cursor = connection->query(
      "SELECT format('{}/{}/{} {} {}', ce_source, ce_epoch, ce_sequence, n, word) FROM flights");
  EXPECT_TRUE(cursor) << cursor.error().message;
  std::multiset<std::string> rows;
  while (const auto chunk = *cursor->next())
    for (size_t row = 0; row < chunk->rows(); ++row)
      rows.emplace(chunk->column(0).as<duckdb::Text>()[row].view());
  return rows;
}

std::multiset<std::string> expected(const std::string& source, int64_t from, int64_t to) {
  std::multiset<std::string> rows;
  for (int64_t i = from; i < to; ++i)
    if (i % 10 != 7)
      rows.insert(source + "/1/" + std::to_string(i) + " " + std::to_string(i) +
                  " a text beyond twelve bytes: " + std::to_string(i));
  return rows;
}

std::vector<Failure> failures_of(const kafka::ClientSettings& client, const std::string& topic) {
  auto tail = kafka::read_tail(client, {topic, 0}, {.count = 1000});
  EXPECT_TRUE(tail) << tail.error().message;
  std::vector<Failure> failures;
  std::vector<kafka::HeaderView> raw;
  std::vector<event::Header> headers;
  for (const kafka::Message& message : tail->batch.messages()) {
    message.read_headers(raw);
    headers.clear();
    for (const kafka::HeaderView& header : raw)
      headers.push_back(
          {header.name, header.value ? std::optional(as_text(*header.value)) : std::nullopt});
    const auto record = event::parse_failure(headers, {}, as_text(*message.value));
    EXPECT_TRUE(record) << record.error().message;
    failures.push_back({std::string(record->event.stamp.source), record->event.stamp.sequence,
                        std::string(record->cause_code), std::string(*record->event.value)});
  }
  return failures;
}

}  // namespace holdfast::pipeline
