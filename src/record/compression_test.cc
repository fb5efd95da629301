#include "record/compression.h"

#include <gtest/gtest.h>
#include <lz4frame.h>
#include <snappy.h>
#include <zstd.h>

#include <string>

namespace holdfast::record {
namespace {

constexpr Codec all_codecs[] = {Codec::none, Codec::gzip, Codec::snappy, Codec::lz4, Codec::zstd};
constexpr size_t plenty = 64u << 20;

std::string sample_text(size_t size) {
  std::string text;
  for (uint32_t i = 0; text.size() < size; ++i) text += "row " + std::to_string(i * 2654435761u) + " of many; ";
  text.resize(size);
  return text;
}

std::string unpacked(Codec codec, ByteView bytes) {
  Decompressor decompressor;
  ByteBuffer out;
  const auto done = decompressor.decompress(codec, bytes, plenty, out);
  EXPECT_TRUE(done) << name(codec) << ": " << (done ? "" : done.error().message);
  return std::string(as_text(out));
}

ByteBuffer packed(Codec codec, std::string_view text) {
  Compressor compressor;
  ByteBuffer out;
  EXPECT_TRUE(compressor.compress(codec, as_bytes(text), out));
  return out;
}

TEST(Compression, EveryCodecBringsBackEverySize) {
  for (Codec codec : all_codecs)
    for (size_t size : {0, 1, 100, 32768, 32769, 65536, 65537, 1000000}) {
      const std::string text = sample_text(size);
      EXPECT_EQ(unpacked(codec, packed(codec, text)), text) << name(codec) << " " << size;
    }
}

TEST(Compression, ContextsAreReusedAlsoAfterAFailure) {
  Compressor compressor;
  Decompressor decompressor;
  for (int round = 0; round < 3; ++round)
    for (Codec codec : all_codecs) {
      const std::string text = sample_text(50000);
      ByteBuffer bytes, out;
      ASSERT_TRUE(compressor.compress(codec, as_bytes(text), bytes));
      if (codec != Codec::none) {
        EXPECT_FALSE(decompressor.decompress(codec, ByteView(bytes).first(bytes.size() / 2), plenty, out));
      }
      ASSERT_TRUE(decompressor.decompress(codec, bytes, plenty, out));
      EXPECT_EQ(as_text(out), text);
    }
}

TEST(Compression, CompressAppends) {
  for (Codec codec : all_codecs) {
    Compressor compressor;
    ByteBuffer out(3, std::byte{7});
    ASSERT_TRUE(compressor.compress(codec, as_bytes("hello"), out));
    EXPECT_EQ(unpacked(codec, ByteView(out).subspan(3)), "hello");
    EXPECT_EQ(out[2], std::byte{7});
  }
}

TEST(Compression, TheBoundIsExact) {
  for (Codec codec : all_codecs)
    for (size_t size : {1, 1000, 65536, 300000}) {
      const ByteBuffer bytes = packed(codec, std::string(size, 'a'));
      Decompressor decompressor;
      ByteBuffer out;
      EXPECT_TRUE(decompressor.decompress(codec, bytes, size, out)) << name(codec) << " " << size;
      EXPECT_EQ(out.size(), size);
      const auto refused = decompressor.decompress(codec, bytes, size - 1, out);
      ASSERT_FALSE(refused) << name(codec) << " " << size;
      EXPECT_EQ(refused.error().code, ErrorCode::limit) << name(codec) << " " << size;
    }
}

TEST(Compression, ABombStopsAtTheBound) {
  for (Codec codec : {Codec::gzip, Codec::snappy, Codec::lz4, Codec::zstd}) {
    const ByteBuffer bomb = packed(codec, std::string(100u << 20, '\0'));
    Decompressor decompressor;
    ByteBuffer out;
    const auto refused = decompressor.decompress(codec, bomb, 1u << 20, out);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::limit) << name(codec);
    EXPECT_LE(out.capacity(), 4u << 20);
  }
}

TEST(Compression, ReadsRawSnappyAndRefusesALyingLength) {
  const std::string text = sample_text(100000);
  std::string raw;
  snappy::Compress(text.data(), text.size(), &raw);
  EXPECT_EQ(unpacked(Codec::snappy, as_bytes(raw)), text);
  const std::string lie = "\xff\xff\xff\xff\x07 not so much";
  Decompressor decompressor;
  ByteBuffer out;
  EXPECT_EQ(decompressor.decompress(Codec::snappy, as_bytes(lie), plenty, out).error().code, ErrorCode::corrupt);
}

TEST(Compression, ReadsLinkedLz4BlocksWithContentSizeAndChecksum) {
  const std::string text = sample_text(400000);
  LZ4F_preferences_t preferences{};
  preferences.frameInfo.blockSizeID = LZ4F_max256KB;
  preferences.frameInfo.blockMode = LZ4F_blockLinked;
  preferences.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled;
  preferences.frameInfo.contentSize = text.size();
  std::string frame(LZ4F_compressFrameBound(text.size(), &preferences), '\0');
  frame.resize(LZ4F_compressFrame(frame.data(), frame.size(), text.data(), text.size(), &preferences));
  EXPECT_EQ(unpacked(Codec::lz4, as_bytes(frame)), text);
  EXPECT_EQ(unpacked(Codec::lz4, as_bytes(frame + frame)), text + text) << "two frames";
}

TEST(Compression, ReadsStreamedZstdWithoutAContentSize) {
  const std::string text = sample_text(400000);
  std::string frame(ZSTD_compressBound(text.size()) + 1024, '\0');
  ZSTD_CCtx* context = ZSTD_createCCtx();
  ZSTD_outBuffer out{frame.data(), frame.size(), 0};
  for (size_t at = 0; at < text.size(); at += 10000) {
    ZSTD_inBuffer in{text.data() + at, 10000, 0};
    ASSERT_FALSE(ZSTD_isError(ZSTD_compressStream2(context, &out, &in, ZSTD_e_flush)));
  }
  ZSTD_inBuffer nothing{nullptr, 0, 0};
  ASSERT_EQ(ZSTD_compressStream2(context, &out, &nothing, ZSTD_e_end), 0u);
  ZSTD_freeCCtx(context);
  frame.resize(out.pos);
  ASSERT_EQ(ZSTD_getFrameContentSize(frame.data(), frame.size()), ZSTD_CONTENTSIZE_UNKNOWN);
  EXPECT_EQ(unpacked(Codec::zstd, as_bytes(frame)), text);
}

TEST(Compression, ReadsSeveralGzipMembers) {
  ByteBuffer bytes = packed(Codec::gzip, "one, ");
  append(bytes, packed(Codec::gzip, "two"));
  EXPECT_EQ(unpacked(Codec::gzip, bytes), "one, two");
}

TEST(Compression, NamesGoBothWays) {
  for (Codec codec : all_codecs) EXPECT_EQ(*codec_by_name(name(codec)), codec);
  EXPECT_EQ(codec_by_name("brotli").error().code, ErrorCode::invalid);
}

}  // namespace
}  // namespace holdfast::record
