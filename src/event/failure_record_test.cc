#include "event/failure_record.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <vector>

namespace holdfast::event {
namespace {

FailureRecord sample() {
  FailureRecord record;
  record.kind = FailureKind::unavailable;
  record.stage = FailureStage::sink;
  record.event = {.stamp = {.source = "ewr", .epoch = 5, .sequence = 7},
                  .type = "row",
                  .time_us = 1'000'000,
                  .version = 9,
                  .content_type = "application/json",
                  .key = "k",
                  .value = "{\"a\":1}"};
  record.store = "warehouse";
  record.pipeline = "flights";
  record.datacenter = "frankfurt";
  record.tables = "flights,delays";
  record.cause_code = "timeout";
  record.cause = "no answer within 5 s";
  record.first_failure_us = 2'000'000;
  record.last_failure_us = 3'000'000;
  record.attempts = 4;
  record.origin = {.topic = "flights.ewr", .partition = 2, .offset = 11};
  return record;
}

std::string_view value_of(Headers headers, std::string_view name) {
  const Header* header = find(headers, name);
  return header == nullptr ? "<missing>" : header->value.value_or("<null>");
}

TEST(FailureRecord, ComesBackFromItsHeadersAndThePayloadIsTheEventsOwn) {
  FailureFormatter formatter;
  const Headers headers = formatter.format(sample());
  const auto parsed = parse_failure(headers, "k", "{\"a\":1}");
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(parsed->kind, FailureKind::unavailable);
  EXPECT_EQ(parsed->stage, FailureStage::sink);
  EXPECT_EQ(parsed->event.stamp.sequence, 7);
  EXPECT_EQ(parsed->event.version, 9);
  EXPECT_EQ(parsed->store, "warehouse");
  EXPECT_EQ(parsed->pipeline, "flights");
  EXPECT_EQ(parsed->datacenter, "frankfurt");
  EXPECT_EQ(parsed->tables, "flights,delays");
  EXPECT_EQ(parsed->cause_code, "timeout");
  EXPECT_EQ(parsed->cause, "no answer within 5 s");
  EXPECT_EQ(parsed->first_failure_us, 2'000'000);
  EXPECT_EQ(parsed->last_failure_us, 3'000'000);
  EXPECT_EQ(parsed->attempts, 4);
  EXPECT_EQ(parsed->origin.topic, "flights.ewr");
  EXPECT_EQ(parsed->origin.partition, 2);
  EXPECT_EQ(parsed->origin.offset, 11);
  EXPECT_EQ(parsed->event.value, "{\"a\":1}");
}

TEST(FailureRecord, CarriesTheNamesThatKafkaConnectsToolsRead) {
  FailureFormatter formatter;
  const Headers headers = formatter.format(sample());
  EXPECT_EQ(value_of(headers, "__connect.errors.topic"), "flights.ewr");
  EXPECT_EQ(value_of(headers, "__connect.errors.partition"), "2");
  EXPECT_EQ(value_of(headers, "__connect.errors.offset"), "11");
  EXPECT_EQ(value_of(headers, "__connect.errors.connector.name"), "warehouse");
  EXPECT_EQ(value_of(headers, "__connect.errors.task.id"), "0");
  EXPECT_EQ(value_of(headers, "__connect.errors.stage"), "TASK_PUT");
  EXPECT_EQ(value_of(headers, "__connect.errors.class.name"), "holdfast.Sink");
  EXPECT_EQ(value_of(headers, "__connect.errors.exception.class.name"), "timeout");
  EXPECT_EQ(value_of(headers, "__connect.errors.exception.message"), "no answer within 5 s");
}

TEST(FailureRecord, OfARejectedLineSaysFileAndLineInsteadOfATopic) {
  FailureRecord record = sample();
  record.origin = {};
  record.file = "ewr.csv";
  record.line = 17;
  FailureFormatter formatter;
  const Headers headers = formatter.format(record);
  EXPECT_EQ(value_of(headers, "__connect.errors.topic"), "<missing>");
  const auto parsed = parse_failure(headers, {}, "raw");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->file, "ewr.csv");
  EXPECT_EQ(parsed->line, 17);
  EXPECT_EQ(parsed->origin.partition, -1);
}

TEST(FailureRecord, NamesTheHeaderThatIsWrongOrMissing) {
  FailureFormatter formatter;
  const Headers good = formatter.format(sample());
  for (const char* name : {"holdfast_kind", "holdfast_stage", "holdfast_store",
                           "holdfast_cause_code", "holdfast_cause", "holdfast_first_failure",
                           "holdfast_attempts", "holdfast_origin_offset"}) {
    std::vector<Header> headers(good.begin(), good.end());
    std::erase_if(headers, [&](const Header& header) { return header.name == name; });
    const auto parsed = parse_failure(headers, {}, {});
    ASSERT_FALSE(parsed) << name;
    EXPECT_NE(parsed.error().message.find(name), std::string::npos) << parsed.error().message;
  }
}

TEST(FailureRecord, OfAnOlderProgramNamesNoDataCenter) {
  FailureFormatter formatter;
  FailureRecord record = sample();
  record.pipeline = record.datacenter = record.tables = {};
  const Headers headers = formatter.format(record);
  EXPECT_EQ(value_of(headers, "holdfast_datacenter"), "<missing>");
  const auto parsed = parse_failure(headers, {}, "raw");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->datacenter, "");
}

TEST(FailureRecord, IsJsonWithItsPayloadEvenIfThatIsNoText) {
  FailureRecord record = sample();
  record.event.value = "\xff\x01";
  const auto json = nlohmann::json::parse(to_json(record, true));
  EXPECT_EQ(json.at("kind"), "unavailable");
  EXPECT_EQ(json.at("sequence"), 7);
  EXPECT_EQ(json.at("origin").at("offset"), 11);
  EXPECT_EQ(json.at("key"), "k");
  EXPECT_EQ(json.at("value_base64"), "/wE=");
  EXPECT_FALSE(nlohmann::json::parse(to_json(record, false)).contains("key"));
}

}  // namespace
}  // namespace holdfast::event
