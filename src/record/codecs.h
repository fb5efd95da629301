#pragma once

#include <memory>

#include "base/bytes.h"
#include "base/result.h"

// One small wrapper for each compression library; only compression.cc uses them.
struct ZSTD_CCtx_s;
struct ZSTD_DCtx_s;
struct LZ4F_cctx_s;
struct LZ4F_dctx_s;

namespace holdfast::record::codecs {

/// A buffer that grows towards a bound, and no further: compressed input from a stranger may unpack to anything.
/// `out` holds exactly what was written once the object is gone.
class BoundedOutput {
 public:
  BoundedOutput(ByteBuffer& out, size_t bytes_max);
  ~BoundedOutput();
  BoundedOutput(const BoundedOutput&) = delete;
  BoundedOutput& operator=(const BoundedOutput&) = delete;

  /// Room to write to, at least `wanted` bytes (or 1 if 0) and as much as there is; fails with `limit`.
  Result<MutableBytes> room(size_t wanted);
  /// So much of the last `room` has been written.
  void wrote(size_t bytes);
  Status append(ByteView bytes);
  /// True when nothing more can be written.
  bool full() const { return used_ == bytes_max_; }

 private:
  ByteBuffer& out_;
  size_t bytes_max_;
  size_t used_ = 0;
};

Status gzip_compress(ByteView input, ByteBuffer& out, int level);
Status gzip_decompress(ByteView input, BoundedOutput& out);

Status snappy_compress(ByteView input, ByteBuffer& out);
Status snappy_decompress(ByteView input, BoundedOutput& out);

struct FreeContext {
  void operator()(ZSTD_CCtx_s* context) const;
  void operator()(ZSTD_DCtx_s* context) const;
  void operator()(LZ4F_cctx_s* context) const;
  void operator()(LZ4F_dctx_s* context) const;
};

class Lz4Writer {
 public:
  Status compress(ByteView input, ByteBuffer& out, int level);

 private:
  std::unique_ptr<LZ4F_cctx_s, FreeContext> context_;
};

class Lz4Reader {
 public:
  Status decompress(ByteView input, BoundedOutput& out);

 private:
  std::unique_ptr<LZ4F_dctx_s, FreeContext> context_;
};

class ZstdWriter {
 public:
  Status compress(ByteView input, ByteBuffer& out, int level);

 private:
  std::unique_ptr<ZSTD_CCtx_s, FreeContext> context_;
};

class ZstdReader {
 public:
  Status decompress(ByteView input, BoundedOutput& out);

 private:
  std::unique_ptr<ZSTD_DCtx_s, FreeContext> context_;
};

}  // namespace holdfast::record::codecs
