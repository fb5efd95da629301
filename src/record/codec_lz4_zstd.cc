#include <lz4frame.h>
#include <zstd.h>

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "record/codecs.h"

namespace holdfast::record::codecs {

BoundedOutput::BoundedOutput(ByteBuffer& out, size_t bytes_max) : out_(out), bytes_max_(bytes_max) {
  if (out_.size() > bytes_max_) out_.resize(bytes_max_);
}

BoundedOutput::~BoundedOutput() { out_.resize(used_); }

Result<MutableBytes> BoundedOutput::room(size_t wanted) {
  constexpr size_t least_growth = 64 * 1024;
  wanted = std::max(wanted, size_t{1});
  if (wanted > bytes_max_ - used_) return fail(ErrorCode::limit, "more than the bound once decompressed");
  if (out_.size() - used_ < wanted)
    out_.resize(std::min(bytes_max_, std::max({used_ + wanted, out_.size() * 2, least_growth})));
  return MutableBytes(out_).subspan(used_);
}

void BoundedOutput::wrote(size_t bytes) {
  HOLDFAST_CHECK(bytes <= out_.size() - used_);
  used_ += bytes;
}

Status BoundedOutput::append(ByteView bytes) {
  if (bytes.empty()) return {};
  const MutableBytes to = HOLDFAST_TRY(room(bytes.size()));
  std::memcpy(to.data(), bytes.data(), bytes.size());
  wrote(bytes.size());
  return {};
}

void FreeContext::operator()(ZSTD_CCtx_s* context) const { ZSTD_freeCCtx(context); }
void FreeContext::operator()(ZSTD_DCtx_s* context) const { ZSTD_freeDCtx(context); }
void FreeContext::operator()(LZ4F_cctx_s* context) const { LZ4F_freeCompressionContext(context); }
void FreeContext::operator()(LZ4F_dctx_s* context) const { LZ4F_freeDecompressionContext(context); }

Status Lz4Writer::compress(ByteView input, ByteBuffer& out, int level) {
  LZ4F_preferences_t preferences{};
  preferences.frameInfo.blockSizeID = LZ4F_max64KB;
  preferences.frameInfo.blockMode = LZ4F_blockIndependent;
  preferences.compressionLevel = level;
  if (!context_) {
    LZ4F_cctx* made = nullptr;
    if (LZ4F_isError(LZ4F_createCompressionContext(&made, LZ4F_VERSION)))
      return fail(ErrorCode::limit, "lz4: no memory");
    context_.reset(made);
  }
  const size_t before = out.size();
  out.resize(before + LZ4F_HEADER_SIZE_MAX + LZ4F_compressBound(input.size(), &preferences));
  size_t used = before;
  const auto add = [&](size_t made) {
    if (LZ4F_isError(made)) return false;
    used += made;
    return true;
  };
  const bool done =
      add(LZ4F_compressBegin(context_.get(), out.data() + used, out.size() - used, &preferences)) &&
      add(LZ4F_compressUpdate(context_.get(), out.data() + used, out.size() - used, input.data(), input.size(),
                              nullptr)) &&
      add(LZ4F_compressEnd(context_.get(), out.data() + used, out.size() - used, nullptr));
  out.resize(used);
  if (!done) return fail(ErrorCode::invalid, "lz4: the compressor refused");
  return {};
}

Status Lz4Reader::decompress(ByteView input, BoundedOutput& out) {
  if (!context_) {
    LZ4F_dctx* made = nullptr;
    if (LZ4F_isError(LZ4F_createDecompressionContext(&made, LZ4F_VERSION)))
      return fail(ErrorCode::limit, "lz4: no memory");
    context_.reset(made);
  }
  LZ4F_resetDecompressionContext(context_.get());
  size_t at = 0;
  for (;;) {
    std::byte one_more;  // see gzip
    MutableBytes room(&one_more, 1);
    const bool full = out.full();
    if (!full) room = HOLDFAST_TRY(out.room(0));
    size_t made = room.size();
    size_t taken = input.size() - at;
    const size_t hint = LZ4F_decompress(context_.get(), room.data(), &made, input.data() + at, &taken, nullptr);
    if (LZ4F_isError(hint)) return fail(ErrorCode::corrupt, "lz4: damaged");
    at += taken;
    if (full && made > 0) return fail(ErrorCode::limit, "lz4: more than the bound once decompressed");
    if (!full) out.wrote(made);
    if (hint == 0 && at == input.size()) return {};  // a frame's end; another frame may follow
    if (made == 0 && taken == 0) return fail(ErrorCode::corrupt, "lz4: cut short");
  }
}

Status ZstdWriter::compress(ByteView input, ByteBuffer& out, int level) {
  if (!context_) context_.reset(ZSTD_createCCtx());
  if (!context_) return fail(ErrorCode::limit, "zstd: no memory");
  const size_t before = out.size();
  out.resize(before + ZSTD_compressBound(input.size()));
  const size_t made = ZSTD_compressCCtx(context_.get(), out.data() + before, out.size() - before, input.data(),
                                        input.size(), level == 0 ? ZSTD_CLEVEL_DEFAULT : level);
  out.resize(before + (ZSTD_isError(made) ? 0 : made));
  if (ZSTD_isError(made)) return fail(ErrorCode::invalid, "zstd: the compressor refused");
  return {};
}

Status ZstdReader::decompress(ByteView input, BoundedOutput& out) {
  if (!context_) context_.reset(ZSTD_createDCtx());
  if (!context_) return fail(ErrorCode::limit, "zstd: no memory");
  ZSTD_DCtx_reset(context_.get(), ZSTD_reset_session_only);
  ZSTD_inBuffer in{input.data(), input.size(), 0};
  for (;;) {
    std::byte one_more;  // see gzip
    MutableBytes room(&one_more, 1);
    const bool full = out.full();
    if (!full) room = HOLDFAST_TRY(out.room(0));
    ZSTD_outBuffer to{room.data(), room.size(), 0};
    const size_t taken_before = in.pos;
    const size_t hint = ZSTD_decompressStream(context_.get(), &to, &in);
    if (ZSTD_isError(hint)) return fail(ErrorCode::corrupt, "zstd: damaged");
    if (full && to.pos > 0) return fail(ErrorCode::limit, "zstd: more than the bound once decompressed");
    if (!full) out.wrote(to.pos);
    if (hint == 0 && in.pos == in.size) return {};
    if (to.pos == 0 && in.pos == taken_before) return fail(ErrorCode::corrupt, "zstd: cut short");
  }
}

}  // namespace holdfast::record::codecs
