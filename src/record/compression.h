#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace holdfast::record {

/// The codecs of a record batch, with their numbers in its attributes.
enum class Codec : uint8_t { none = 0, gzip = 1, snappy = 2, lz4 = 3, zstd = 4 };

const char* name(Codec codec);
/// By Kafka's names ("none", "gzip", ...). Fails with `invalid`.
Result<Codec> codec_by_name(std::string_view text);

/// Compresses the way Kafka's clients read it: gzip; snappy in xerial framing; lz4 frame with independent blocks (Kafka's Java
/// reader knows no others); zstd. Keeps its contexts between calls. Not for use by two threads at once.
class Compressor {
 public:
  Compressor();
  ~Compressor();
  Compressor(Compressor&&) noexcept;
  Compressor& operator=(Compressor&&) noexcept;

  /// Appends the compressed form of `input` to `out`. `level` is the codec's own; 0 is its default.
  Status compress(Codec codec, ByteView input, ByteBuffer& out, int level = 0);

 private:
  struct Contexts;
  std::unique_ptr<Contexts> contexts_;
};

/// Decompresses what any Kafka client may have written: several gzip members, snappy raw or xerial, lz4 frames of any block
/// mode, zstd with or without content size. Keeps its contexts between calls. Not for use by two threads at once.
class Decompressor {
 public:
  Decompressor();
  ~Decompressor();
  Decompressor(Decompressor&&) noexcept;
  Decompressor& operator=(Decompressor&&) noexcept;

  /// Replaces the contents of `out`. Never makes more than `bytes_max` bytes: a bigger result fails with `limit`, broken
  /// input with `corrupt`. Memory: `out` grows as needed up to that bound; zstd may take up to 128 MiB of window besides.
  Status decompress(Codec codec, ByteView input, size_t bytes_max, ByteBuffer& out);

 private:
  struct Contexts;
  std::unique_ptr<Contexts> contexts_;
};

}  // namespace holdfast::record
