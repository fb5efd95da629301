#include "wire/writer.h"

#include "base/check.h"

namespace holdfast::wire {

Writer::Writer(int16_t version, bool flexible, size_t owned_bytes, size_t views)
    : Encoder(version, flexible) {
  gather_.owned_ = std::make_unique_for_overwrite<std::byte[]>(owned_bytes);
  if (views > 0) gather_.many_.reserve(2 * views + 1);
  at_ = run_ = gather_.owned_.get();
  end_ = at_ + owned_bytes;
}

void Writer::put_frame_prefix(ByteView prefix, size_t body_size) {
  HOLDFAST_CHECK(prefix.size() >= 4);
  size_t size = prefix.size() - 4 + body_size;
  HOLDFAST_CHECK(size <= INT32_MAX);
  put_number(static_cast<int32_t>(size));
  put_bytes(prefix.subspan(4));
}

void Writer::put_view(ByteView bytes) {
  if (bytes.size() < Gather::copy_below) return put_bytes(bytes);
  close_run();
  gather_.size_ += bytes.size();
  auto& pieces = gather_.many_;
  if (!pieces.empty() && pieces.back().data() + pieces.back().size() == bytes.data()) {
    pieces.back() = {pieces.back().data(), pieces.back().size() + bytes.size()};
  } else {
    pieces.push_back(bytes);
  }
}

void Writer::close_run() {
  if (at_ == run_) return;
  gather_.many_.emplace_back(run_, at_);
  gather_.size_ += static_cast<size_t>(at_ - run_);
  run_ = at_;
}

Gather Writer::finish() && {
  HOLDFAST_CHECK(at_ == end_);
  if (gather_.many_.empty()) {
    gather_.only_ = {run_, at_};
    gather_.size_ = gather_.only_.size();
  } else {
    close_run();
  }
  return std::move(gather_);
}

}  // namespace holdfast::wire
