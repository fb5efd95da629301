#pragma once

#include <cstddef>
#include <memory>
#include <new>

#include "log/format.h"

namespace holdfast::log {

/// Memory that frames are written from and read into: whole pages, at the address that O_DIRECT
/// wants. Its bytes are not zeroed.
class Chunk {
 public:
  explicit Chunk(size_t bytes)
      : data_(static_cast<std::byte*>(::operator new[](bytes, alignment))), size_(bytes) {}
  std::byte* data() const { return data_.get(); }
  size_t size() const { return size_; }

 private:
  static constexpr std::align_val_t alignment{format::page_bytes};
  struct Release {
    void operator()(std::byte* data) const { ::operator delete[](data, alignment); }
  };
  std::unique_ptr<std::byte[], Release> data_;
  size_t size_;
};

}  // namespace holdfast::log
