#include "record/recompress.h"

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

}  // namespace
}  // namespace holdfast::record
