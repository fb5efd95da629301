#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "record/batch.h"
#include "record/batch_builder.h"

namespace holdfast::record {
namespace {

constexpr Codec all_codecs[] = {Codec::none, Codec::gzip, Codec::snappy, Codec::lz4, Codec::zstd};

/// A record with its own bytes.
struct Row {
  int64_t timestamp_ms = 0;
  std::optional<std::string> key;
  std::optional<std::string> value;
  std::vector<std::pair<std::string, std::optional<std::string>>> headers;
  bool operator==(const Row&) const = default;
};

std::vector<Row> few() {
  return {{1000, "k0", "v0", {{"h1", "v1"}, {"h2", std::nullopt}, {"", ""}}},
          {990, std::nullopt, "x", {}},
          {5000000000, "", std::nullopt, {}}};
}

std::vector<Row> many() {
  std::vector<Row> rows;
  for (int i = 0; i < 300; ++i) {
    std::string value;
    for (int j = 0; j < 20; ++j) value += "row " + std::to_string(i) + " of many; ";
    rows.push_back({1000 + i, "key-" + std::to_string(i), value, {}});
  }
  return rows;
}

ByteBuffer golden(const std::string& file) {
  std::ifstream in(std::string(GOLDEN_RECORD_CORPUS "/") + file + ".bin", std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  EXPECT_FALSE(text.empty()) << file;
  ByteBuffer bytes;
  append(bytes, as_bytes(text));
  return bytes;
}

std::optional<ByteView> view(const std::optional<std::string>& text) {
  return text ? std::optional(as_bytes(*text)) : std::nullopt;
}
std::optional<std::string> text(const std::optional<ByteView>& bytes) {
  return bytes ? std::optional(std::string(as_text(*bytes))) : std::nullopt;
}

ByteBuffer build(const BatchOptions& options, const std::vector<Row>& rows) {
  BatchBuilder builder;
  builder.begin(options);
  for (const Row& row : rows) {
    std::vector<HeaderView> headers;
    for (const auto& [name, value] : row.headers) headers.push_back({name, view(value)});
    builder.add({.timestamp_ms = row.timestamp_ms, .key = view(row.key), .value = view(row.value), .headers = headers});
  }
  const auto built = builder.finish();
  EXPECT_TRUE(built);
  return {built->begin(), built->end()};
}

std::vector<Row> read(ByteView bytes) {
  std::vector<Row> rows;
  const auto batch = BatchView::parse(bytes);
  EXPECT_TRUE(batch && batch->crc_matches());
  Decompressor decompressor;
  ByteBuffer scratch;
  auto records = batch->records(decompressor, scratch, 1 << 20);
  EXPECT_TRUE(records) << (records ? "" : records.error().message);
  RecordView record;
  while (records->next(record)) {
    Row& row = rows.emplace_back(Row{record.timestamp_ms, text(record.key), text(record.value), {}});
    HeaderReader headers = record.headers();
    for (HeaderView header; headers.next(header);) row.headers.emplace_back(header.name, text(header.value));
    EXPECT_FALSE(headers.damaged());
  }
  EXPECT_FALSE(records->damaged());
  return rows;
}

TEST(GoldenRecord, WhatKafkaWroteReadsAsWhatItMeant) {
  for (Codec codec : all_codecs) {
    EXPECT_EQ(read(golden(std::string("few_") + name(codec))), few()) << name(codec);
    if (codec == Codec::none) continue;
    EXPECT_EQ(read(golden(std::string("many_") + name(codec))), many()) << name(codec);
  }
}

TEST(GoldenRecord, WhatKafkaWroteIsValid) {
  Decompressor decompressor;
  ByteBuffer scratch;
  for (Codec codec : all_codecs)
    EXPECT_EQ(validate_client_batch(golden(std::string("few_") + name(codec)),
                                    {.decompressor = &decompressor, .scratch = &scratch}),
              BatchFault::none);
  EXPECT_EQ(validate_client_batch(golden("idempotent")), BatchFault::none);
  EXPECT_EQ(validate_client_batch(golden("transactional")), BatchFault::none);
  EXPECT_EQ(validate_client_batch(golden("control_commit")), BatchFault::control_batch);
}

TEST(GoldenRecord, OursAreTheSameBytes) {
  EXPECT_EQ(build({}, few()), golden("few_none"));
  BatchOptions options{.producer_id = 4711, .producer_epoch = 3, .base_sequence = 2147483646};
  EXPECT_EQ(build(options, few()), golden("idempotent"));
  options.transactional = true;
  options.base_offset = 100;
  options.leader_epoch = 7;
  EXPECT_EQ(build(options, few()), golden("transactional"));
  ByteBuffer stamped = build({}, few());
  set_log_append_time(stamped, 123456);
  EXPECT_EQ(stamped, golden("log_append_time"));
  const ControlBatch control{.base_offset = 77, .leader_epoch = 5, .producer_id = 4711, .producer_epoch = 3,
                             .coordinator_epoch = 9, .timestamp_ms = 123456, .type = ControlType::commit};
  EXPECT_EQ(build_control_batch(control), golden("control_commit"));
}

TEST(GoldenRecord, ControlBatchesAreUnderstood) {
  EXPECT_EQ(control_type(*BatchView::parse(golden("control_abort"))), ControlType::abort);
  EXPECT_EQ(control_type(*BatchView::parse(golden("control_commit"))), ControlType::commit);
}

/// The other direction needs Java: with HOLDFAST_GOLDEN_OUT=DIR our batches are left there for "regenerate check DIR".
TEST(GoldenRecord, OursCanBeLeftForKafkaToRead) {
  const char* folder = std::getenv("HOLDFAST_GOLDEN_OUT");
  if (folder == nullptr) GTEST_SKIP() << "HOLDFAST_GOLDEN_OUT is not set";
  for (Codec codec : all_codecs)
    for (const auto& [kind, rows] : {std::pair("few_", few()), std::pair("many_", many())}) {
      std::ofstream out(std::string(folder) + "/" + kind + name(codec) + ".bin", std::ios::binary);
      out << as_text(build({.codec = codec}, rows));
      ASSERT_TRUE(out.flush());
    }
}

}  // namespace
}  // namespace holdfast::record
