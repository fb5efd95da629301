#include "record/compression.h"

#include <array>

#include "record/codecs.h"

namespace holdfast::record {
namespace {
constexpr std::array<const char*, 5> codec_names = {"none", "gzip", "snappy", "lz4", "zstd"};
}

const char* name(Codec codec) {
  const auto number = static_cast<size_t>(codec);
  return number < codec_names.size() ? codec_names[number] : "?";
}

Result<Codec> codec_by_name(std::string_view text) {
  for (size_t i = 0; i < codec_names.size(); ++i)
    if (text == codec_names[i]) return static_cast<Codec>(i);
  return fail(ErrorCode::invalid, "unknown compression \"" + std::string(text) +
                                      "\"; use none, gzip, snappy, lz4 or zstd");
}

struct Compressor::Contexts {
  codecs::Lz4Writer lz4;
  codecs::ZstdWriter zstd;
};

struct Decompressor::Contexts {
  codecs::Lz4Reader lz4;
  codecs::ZstdReader zstd;
};

Compressor::Compressor() = default;
Compressor::~Compressor() = default;
Compressor::Compressor(Compressor&&) noexcept = default;
Compressor& Compressor::operator=(Compressor&&) noexcept = default;

Status Compressor::compress(Codec codec, ByteView input, ByteBuffer& out, int level) {
  if (!contexts_) contexts_ = std::make_unique<Contexts>();
  switch (codec) {
    case Codec::none: append(out, input); return {};
    case Codec::gzip: return codecs::gzip_compress(input, out, level);
    case Codec::snappy: return codecs::snappy_compress(input, out);
    case Codec::lz4: return contexts_->lz4.compress(input, out, level);
    case Codec::zstd: return contexts_->zstd.compress(input, out, level);
  }
  return fail(ErrorCode::invalid, "unknown codec");
}

Decompressor::Decompressor() = default;
Decompressor::~Decompressor() = default;
Decompressor::Decompressor(Decompressor&&) noexcept = default;
Decompressor& Decompressor::operator=(Decompressor&&) noexcept = default;

Status Decompressor::decompress(Codec codec, ByteView input, size_t bytes_max, ByteBuffer& out) {
  if (!contexts_) contexts_ = std::make_unique<Contexts>();
  codecs::BoundedOutput bounded(out, bytes_max);
  switch (codec) {
    case Codec::none: return bounded.append(input);
    case Codec::gzip: return codecs::gzip_decompress(input, bounded);
    case Codec::snappy: return codecs::snappy_decompress(input, bounded);
    case Codec::lz4: return contexts_->lz4.decompress(input, bounded);
    case Codec::zstd: return contexts_->zstd.decompress(input, bounded);
  }
  return fail(ErrorCode::invalid, "unknown codec");
}

}  // namespace holdfast::record
