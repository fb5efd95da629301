#include "record/rewrite.h"

#include <algorithm>
#include <gtest/gtest.h>

#include "record/batch_builder.h"

namespace holdfast::record {
namespace {

TEST(Recompress, AnyCodecBecomesAnyOtherAndAllElseStays) {
  const std::string text(3000, 'x');
  for (const Codec from : {Codec::none, Codec::gzip, Codec::snappy, Codec::lz4, Codec::zstd}) {
    BatchBuilder builder;
    builder.begin({.base_offset = 70,
                   .leader_epoch = 3,
                   .codec = from,
                   .producer_id = 9,
                   .producer_epoch = 2,
                   .base_sequence = 40,
                   .transactional = true});
    builder.add({.timestamp_ms = 500, .key = as_bytes("a"), .value = as_bytes(text)});
    builder.add({.timestamp_ms = 400, .key = {}, .value = as_bytes("b")});
    const BatchView batch = BatchView::parse(builder.finish().value()).value();
    Decompressor decompressor;
    ByteBuffer plain;
    if (from == Codec::none)
      plain.assign(batch.payload().begin(), batch.payload().end());
    else
      ASSERT_TRUE(decompressor.decompress(from, batch.payload(), 1 << 20, plain));
    for (const Codec to : {Codec::none, Codec::gzip, Codec::snappy, Codec::lz4, Codec::zstd}) {
      Compressor compressor;
      ByteBuffer out;
      ASSERT_TRUE(recompress(batch, plain, to, 0, compressor, out));
      const BatchView again = BatchView::parse(out).value();
      EXPECT_TRUE(again.crc_matches());
      EXPECT_EQ(again.size(), out.size());
      EXPECT_EQ(again.codec(), to);
      EXPECT_EQ(again.attributes() & ~7, batch.attributes() & ~7);
      EXPECT_EQ(validate_client_batch(out), BatchFault::none);
      // Offset and epoch, then everything from the last offset's delta to the count of records.
      EXPECT_TRUE(std::ranges::equal(again.bytes().first(8), batch.bytes().first(8)));
      EXPECT_TRUE(std::ranges::equal(again.bytes().subspan(23, 38), batch.bytes().subspan(23, 38)));
      ByteBuffer unpacked;
      if (to == Codec::none)
        unpacked.assign(again.payload().begin(), again.payload().end());
      else
        ASSERT_TRUE(decompressor.decompress(to, again.payload(), 1 << 20, unpacked));
      EXPECT_EQ(unpacked, plain) << name(from) << " to " << name(to);
    }
  }
}

TEST(Recompress, TheLevelIsHeeded) {
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += std::to_string(i * 7919 % 10'007) + (i % 3 ? "," : ";");
  BatchBuilder builder;
  builder.begin({});
  builder.add({.timestamp_ms = 1, .value = as_bytes(text)});
  const BatchView batch = BatchView::parse(builder.finish().value()).value();
  Compressor compressor;
  ByteBuffer least, most;
  ASSERT_TRUE(recompress(batch, batch.payload(), Codec::gzip, 1, compressor, least));
  ASSERT_TRUE(recompress(batch, batch.payload(), Codec::gzip, 9, compressor, most));
  EXPECT_LT(most.size(), least.size());
}

/// Three records with headers, of which `left` stay.
ByteBuffer without(const std::vector<int>& left, std::optional<int64_t> horizon_ms, Codec codec) {
  const HeaderView headers[] = {{"h", as_bytes(std::string_view("1"))}, {"null", {}}};
  BatchBuilder builder;
  builder.begin({.base_offset = 70, .codec = codec, .producer_id = 9, .producer_epoch = 2});
  builder.add({.timestamp_ms = 500, .key = as_bytes(std::string_view("a")), .headers = headers});
  builder.add({.timestamp_ms = 900, .key = as_bytes(std::string_view("b"))});
  builder.add({.timestamp_ms = 400, .value = as_bytes(std::string_view("c"))});
  const BatchView batch = BatchView::parse(builder.finish().value()).value();
  Decompressor decompressor;
  ByteBuffer scratch, plain, out;
  auto records = batch.records(decompressor, scratch, 1 << 20).value();
  int64_t latest_ms = -1;
  int number = 0;
  for (RecordView record; records.next(record); ++number) {
    if (std::ranges::find(left, number) == left.end()) continue;
    latest_ms = std::max(latest_ms, record.timestamp_ms);
    append_record(plain, record, horizon_ms.value_or(batch.base_timestamp_ms()));
  }
  Compressor compressor;
  EXPECT_TRUE(rewrite(batch, plain,
                      {.codec = codec,
                       .records = static_cast<int32_t>(left.size()),
                       .max_timestamp_ms = latest_ms,
                       .delete_horizon_ms = horizon_ms},
                      compressor, out));
  return out;
}

TEST(Rewrite, RecordsThatStayKeepEverythingOfTheirs) {
  for (const Codec codec : {Codec::none, Codec::zstd}) {
    for (const auto horizon_ms : {std::optional<int64_t>(), std::optional<int64_t>(INT64_MAX)}) {
      const ByteBuffer made = without({0, 2}, horizon_ms, codec);
      const BatchView batch = BatchView::parse(made).value();
      EXPECT_TRUE(batch.crc_matches());
      EXPECT_EQ(batch.codec(), codec);
      EXPECT_EQ(batch.record_count(), 2);
      EXPECT_EQ(batch.last_offset(), 72);
      EXPECT_EQ(batch.max_timestamp_ms(), 500);
      EXPECT_EQ(batch.has_delete_horizon(), horizon_ms.has_value());
      EXPECT_EQ(batch.base_timestamp_ms(), horizon_ms.value_or(500));
      Decompressor decompressor;
      ByteBuffer scratch;
      auto records = batch.records(decompressor, scratch, 1 << 20).value();
      RecordView record;
      ASSERT_TRUE(records.next(record));
      EXPECT_EQ(record.offset, 70);
      EXPECT_EQ(record.timestamp_ms, 500);
      EXPECT_EQ(as_text(*record.key), "a");
      EXPECT_FALSE(record.value);
      EXPECT_EQ(record.header_count, 2);
      HeaderView header;
      auto headers = record.headers();
      ASSERT_TRUE(headers.next(header) && header.name == "h" && headers.next(header));
      EXPECT_EQ(header.name, "null");
      EXPECT_FALSE(header.value);
      ASSERT_TRUE(records.next(record));
      EXPECT_EQ(record.offset, 72);
      EXPECT_EQ(record.timestamp_ms, 400);
      EXPECT_FALSE(record.key);
      EXPECT_EQ(as_text(*record.value), "c");
      EXPECT_FALSE(records.next(record));
      EXPECT_FALSE(records.damaged());
    }
  }
}

TEST(Rewrite, ABatchWithoutRecordsKeepsItsPlace) {
  const ByteBuffer made = without({}, {}, Codec::gzip);
  const BatchView batch = BatchView::parse(made).value();
  EXPECT_EQ(made.size(), batch_header_bytes);
  EXPECT_TRUE(batch.crc_matches());
  EXPECT_EQ(batch.codec(), Codec::none);
  EXPECT_EQ(batch.record_count(), 0);
  EXPECT_EQ(batch.base_offset(), 70);
  EXPECT_EQ(batch.last_offset(), 72);
  EXPECT_EQ(batch.producer_id(), 9);
}

}  // namespace
}  // namespace holdfast::record
