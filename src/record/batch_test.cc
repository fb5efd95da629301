#include "record/batch.h"

#include <gtest/gtest.h>

#include "base/crc32c.h"
#include "record/batch_builder.h"
#include "record/varint.h"

namespace holdfast::record {
namespace {

ByteBuffer three_records(BatchOptions options = {}) {
  BatchBuilder builder;
  builder.begin(options);
  const HeaderView headers[] = {{"h1", as_bytes("v1")}, {"h2", std::nullopt}, {"", as_bytes("")}};
  builder.add({.timestamp_ms = 1000, .key = as_bytes("k0"), .value = as_bytes("v0"), .headers = headers});
  builder.add({.timestamp_ms = 990, .key = as_bytes("k1"), .value = std::nullopt, .headers = {}});
  builder.add({.timestamp_ms = 5000000000, .key = as_bytes(""), .value = as_bytes("v2"), .headers = {}});
  const auto built = builder.finish();
  return built ? ByteBuffer(built->begin(), built->end()) : ByteBuffer();
}

/// Changes bytes and makes the CRC right again, so that the fault behind it shows.
template <class T>
ByteBuffer with(ByteBuffer batch, size_t place, T value) {
  store_be<T>(batch.data() + place, value);
  store_be<uint32_t>(batch.data() + 17, crc32c(ByteView(batch).subspan(21)));
  return batch;
}

TEST(Varint, SizesAndValuesAgreeAtEveryPowerOfTwo) {
  for (int shift = 0; shift < 63; ++shift) {
    for (int64_t value : {(int64_t{1} << shift) - 1, int64_t{1} << shift, -(int64_t{1} << shift)}) {
      std::byte bytes[varlong_bytes_max];
      const auto written = static_cast<size_t>(write_varint(bytes, value) - bytes);
      EXPECT_EQ(written, varint_size(value)) << value;
      int64_t back = 0;
      EXPECT_EQ(read_varlong(bytes, bytes + written, back), bytes + written);
      EXPECT_EQ(back, value);
      EXPECT_EQ(read_varlong(bytes, bytes + written - 1, back), nullptr);
    }
  }
}

TEST(Varint, ElevenBytesAndTooLargeValuesAreRefused) {
  std::byte endless[11];
  std::fill(std::begin(endless), std::end(endless), std::byte{0xff});
  int64_t wide = 0;
  EXPECT_EQ(read_varlong(endless, std::end(endless), wide), nullptr);
  std::byte bytes[varlong_bytes_max];
  const std::byte* end = write_varint(bytes, int64_t{1} << 31);
  int32_t narrow = 0;
  EXPECT_EQ(read_varint(bytes, end, narrow), nullptr);
}

TEST(Batch, ReadsBackWhatWasBuilt) {
  const ByteBuffer bytes = three_records({.base_offset = 100,
                                          .leader_epoch = 7,
                                          .producer_id = 9,
                                          .producer_epoch = 3,
                                          .base_sequence = 2147483646,
                                          .transactional = true});
  const auto batch = BatchView::parse(bytes);
  ASSERT_TRUE(batch);
  EXPECT_EQ(batch->base_offset(), 100);
  EXPECT_EQ(batch->last_offset(), 102);
  EXPECT_EQ(batch->leader_epoch(), 7);
  EXPECT_EQ(batch->base_timestamp_ms(), 1000);
  EXPECT_EQ(batch->max_timestamp_ms(), 5000000000);
  EXPECT_EQ(batch->producer_id(), 9);
  EXPECT_EQ(batch->producer_epoch(), 3);
  EXPECT_EQ(batch->base_sequence(), 2147483646);
  EXPECT_EQ(batch->last_sequence(), 0) << "sequences wrap";
  EXPECT_EQ(batch->record_count(), 3);
  EXPECT_TRUE(batch->transactional());
  EXPECT_FALSE(batch->control());
  EXPECT_TRUE(batch->crc_matches());

  RecordReader records = batch->records();
  RecordView record;
  ASSERT_TRUE(records.next(record));
  EXPECT_EQ(record.offset, 100);
  EXPECT_EQ(record.timestamp_ms, 1000);
  EXPECT_EQ(as_text(*record.key), "k0");
  EXPECT_EQ(as_text(*record.value), "v0");
  HeaderReader headers = record.headers();
  HeaderView header;
  ASSERT_TRUE(headers.next(header));
  EXPECT_EQ(header.name, "h1");
  EXPECT_EQ(as_text(*header.value), "v1");
  ASSERT_TRUE(headers.next(header));
  EXPECT_EQ(header.name, "h2");
  EXPECT_FALSE(header.value);
  ASSERT_TRUE(headers.next(header));
  EXPECT_EQ(header.name, "");
  EXPECT_EQ(header.value->size(), 0u);
  EXPECT_FALSE(headers.next(header));
  EXPECT_FALSE(headers.damaged());
  ASSERT_TRUE(records.next(record));
  EXPECT_EQ(record.timestamp_ms, 990);
  EXPECT_FALSE(record.value);
  ASSERT_TRUE(records.next(record));
  EXPECT_EQ(record.timestamp_ms, 5000000000);
  EXPECT_EQ(record.key->size(), 0u);
  EXPECT_FALSE(records.next(record));
  EXPECT_FALSE(records.damaged());
}

TEST(Batch, ABuilderStartsAfresh) {
  BatchBuilder builder;
  builder.begin({});
  builder.add({.timestamp_ms = 1, .key = {}, .value = as_bytes(std::string(100000, 'x')), .headers = {}});
  ASSERT_TRUE(builder.finish());
  builder.begin({});
  builder.add({.timestamp_ms = 77, .key = {}, .value = as_bytes("y"), .headers = {}});
  const auto second = builder.finish();
  ASSERT_TRUE(second);
  const auto batch = BatchView::parse(*second);
  ASSERT_TRUE(batch);
  EXPECT_EQ(batch->size(), second->size());
  EXPECT_EQ(batch->max_timestamp_ms(), 77);
  EXPECT_EQ(batch->record_count(), 1);
  EXPECT_EQ(validate_client_batch(*second), BatchFault::none);
}

TEST(Batch, EveryTruncationFailsCleanly) {
  for (Codec codec : {Codec::none, Codec::gzip, Codec::snappy, Codec::lz4, Codec::zstd}) {
    const ByteBuffer bytes = three_records({.codec = codec});
    ASSERT_EQ(validate_client_batch(bytes), BatchFault::none) << name(codec);
    for (size_t size = 0; size < bytes.size(); ++size) {
      // A copy of its own size, so that a sanitizer sees any read behind it.
      const ByteBuffer cut(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(size));
      EXPECT_FALSE(BatchView::parse(cut)) << size;
      EXPECT_EQ(validate_client_batch(cut), BatchFault::bad_size) << size;
    }
  }
}

TEST(Batch, EveryTruncationOfTheRecordsIsSeen) {
  for (Codec codec : {Codec::none, Codec::gzip, Codec::snappy, Codec::lz4, Codec::zstd}) {
    const ByteBuffer bytes = three_records({.codec = codec});
    Decompressor decompressor;
    ByteBuffer scratch;
    for (size_t size = batch_header_bytes; size < bytes.size(); ++size) {
      ByteBuffer cut(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(size));
      cut = with(cut, 8, static_cast<int32_t>(size - batch_prefix_bytes));  // a header that fits what is left
      const auto fault = validate_client_batch(cut, {.decompressor = &decompressor, .scratch = &scratch});
      EXPECT_TRUE(fault == BatchFault::wrong_records || fault == BatchFault::bad_compression)
          << name(codec) << " " << size << " " << name(fault);
    }
  }
}

TEST(Batch, EveryFlippedByteBehindTheCrcIsSeen) {
  const ByteBuffer good = three_records();
  for (size_t place = 17; place < good.size(); ++place) {
    ByteBuffer bad = good;
    bad[place] ^= std::byte{0x10};
    EXPECT_EQ(validate_client_batch(bad), BatchFault::bad_crc) << place;
  }
}

TEST(Batch, EachFaultHasItsName) {
  const ByteBuffer good = three_records();
  EXPECT_EQ(validate_client_batch(good), BatchFault::none);
  EXPECT_EQ(validate_client_batch(with<int8_t>(good, 16, 1)), BatchFault::bad_magic);
  EXPECT_EQ(validate_client_batch(with<int32_t>(good, 8, -1)), BatchFault::bad_size);
  EXPECT_EQ(validate_client_batch(with<int32_t>(good, 8, 2147483647)), BatchFault::bad_size);
  EXPECT_EQ(validate_client_batch(with<int32_t>(good, 8, 48)), BatchFault::bad_size);
  EXPECT_EQ(validate_client_batch(with<uint16_t>(good, 21, 5)), BatchFault::unknown_codec);
  EXPECT_EQ(validate_client_batch(with<uint16_t>(good, 21, 32)), BatchFault::control_batch);
  EXPECT_EQ(validate_client_batch(with<int32_t>(good, 57, 0)), BatchFault::bad_record_count);
  EXPECT_EQ(validate_client_batch(with<int32_t>(good, 57, -3)), BatchFault::bad_record_count);
  EXPECT_EQ(validate_client_batch(with<int32_t>(good, 23, 3)), BatchFault::bad_record_count);
  EXPECT_EQ(validate_client_batch(with<int64_t>(good, 43, 5)), BatchFault::bad_producer);
  EXPECT_EQ(validate_client_batch(with<uint16_t>(good, 21, 16)), BatchFault::bad_producer);
  for (int32_t count : {2, 4}) {
    const auto miscounted = with<int32_t>(with<int32_t>(good, 23, count - 1), 57, count);
    EXPECT_EQ(validate_client_batch(miscounted), BatchFault::wrong_records) << count;
  }
  ByteBuffer twice = good;
  append(twice, good);
  EXPECT_EQ(validate_client_batch(twice), BatchFault::more_than_one_batch);
  EXPECT_TRUE(BatchView::parse(twice)) << "parse reads the first of several";
  EXPECT_EQ(validate_client_batch(good, {.keys_required = true}), BatchFault::none);
}

TEST(Batch, ANullKeyIsAFaultOnlyWhereKeysAreRequired) {
  for (Codec codec : {Codec::none, Codec::zstd}) {
    BatchBuilder builder;
    builder.begin({.codec = codec});
    builder.add({.key = {}, .value = as_bytes("v"), .headers = {}});
    const auto batch = builder.finish();
    ASSERT_TRUE(batch);
    Decompressor decompressor;
    ByteBuffer scratch;
    ClientBatchRules rules{.decompressor = &decompressor, .scratch = &scratch};
    EXPECT_EQ(validate_client_batch(*batch, rules), BatchFault::none);
    rules.keys_required = true;
    EXPECT_EQ(validate_client_batch(*batch, rules), BatchFault::null_key);
  }
}

TEST(Batch, OffsetsThatAreNotDenseAreRefused) {
  ByteBuffer batch = three_records();
  // The second record begins behind the first: its length (1 byte), attributes, timestamp delta (1 byte), offset delta.
  const size_t first_length = static_cast<size_t>(batch[61]) / 2 + 1;
  const size_t place = 61 + first_length + 3;
  ASSERT_EQ(batch[place], std::byte{2}) << "offset delta 1, zig-zag";
  EXPECT_EQ(validate_client_batch(with<uint8_t>(batch, place, 4)), BatchFault::wrong_records);
}

TEST(Batch, OffsetAndEpochAreRewrittenOutsideTheCrc) {
  ByteBuffer batch = three_records();
  set_base_offset(batch, 1234567890123);
  set_leader_epoch(batch, 42);
  const auto view = BatchView::parse(batch);
  ASSERT_TRUE(view);
  EXPECT_TRUE(view->crc_matches());
  EXPECT_EQ(view->base_offset(), 1234567890123);
  EXPECT_EQ(view->leader_epoch(), 42);
}

TEST(Batch, LogAppendTimeIsEveryRecordsTime) {
  ByteBuffer batch = three_records();
  set_log_append_time(batch, 123456);
  EXPECT_EQ(validate_client_batch(batch), BatchFault::none);
  const auto view = BatchView::parse(batch);
  ASSERT_TRUE(view);
  EXPECT_TRUE(view->log_append_time());
  EXPECT_EQ(view->max_timestamp_ms(), 123456);
  RecordReader records = view->records();
  RecordView record;
  int seen = 0;
  while (records.next(record)) {
    EXPECT_EQ(record.timestamp_ms, 123456);
    ++seen;
  }
  EXPECT_EQ(seen, 3);
}

TEST(Batch, ControlBatchesSayHowTheTransactionEnded) {
  for (ControlType type : {ControlType::abort, ControlType::commit}) {
    const ByteBuffer bytes = build_control_batch({.base_offset = 8, .producer_id = 4, .producer_epoch = 1, .type = type});
    const auto batch = BatchView::parse(bytes);
    ASSERT_TRUE(batch);
    EXPECT_TRUE(batch->crc_matches());
    EXPECT_TRUE(batch->transactional());
    EXPECT_EQ(batch->last_offset(), 8);
    EXPECT_EQ(control_type(*batch), type);
    EXPECT_EQ(validate_client_batch(bytes), BatchFault::control_batch);
  }
  const auto data = three_records();
  EXPECT_EQ(control_type(*BatchView::parse(data)), std::nullopt);
}

}  // namespace
}  // namespace holdfast::record
