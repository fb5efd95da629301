#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "base/bytes.h"

namespace holdfast::wire {

/// Encoded bytes, ready for writev: runs of bytes of its own (one allocation) between views of
/// bytes that belong to others. Views are at least `copy_below` long; anything shorter was copied,
/// and so were neighbours joined. A message without record views is one single piece.
///
/// The bytes behind the views must stay alive and unchanged until the last piece has been sent.
/// Movable; the addresses of the pieces survive a move.
class Gather {
 public:
  /// Views shorter than this are copied: an entry of a writev costs more than copying a few cache
  /// lines.
  static constexpr size_t copy_below = 512;

  Gather() = default;
  Gather(Gather&& other) noexcept { *this = std::move(other); }
  Gather& operator=(Gather&& other) noexcept {
    owned_ = std::move(other.owned_);
    only_ = std::exchange(other.only_, {});
    many_ = std::exchange(other.many_, {});
    size_ = std::exchange(other.size_, 0);
    return *this;
  }

  /// In the order in which they go out. None is empty.
  std::span<const ByteView> pieces() const {
    if (!many_.empty()) return many_;
    return {&only_, only_.empty() ? 0u : 1u};
  }
  size_t size() const { return size_; }

  /// All bytes in one buffer: for tests and small tools.
  ByteBuffer flattened() const {
    ByteBuffer all;
    all.reserve(size_);
    for (ByteView piece : pieces()) append(all, piece);
    return all;
  }

 private:
  friend class Writer;

  std::unique_ptr<std::byte[]> owned_;
  ByteView only_;               // the one piece, if there is just one
  std::vector<ByteView> many_;  // otherwise all of them
  size_t size_ = 0;
};

}  // namespace holdfast::wire
