#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "log/log.h"

namespace holdfast::log {

/// For each key of some partitions the newest offset, in bounded memory. Keys are kept as 128-bit
/// keyed hashes (SipHash-2-4, with a secret of its own for each table): that two keys of a table
/// meet is less likely than a broken memory cell, and nobody can choose keys that do.
class KeyTable {
 public:
  /// At most so much memory, also while it grows.
  explicit KeyTable(uint64_t bytes_max);

  /// False, and nothing happened: the table is full. Offsets come in ascending order.
  bool put(PartitionId partition, ByteView key, int64_t offset);
  /// The newest offset of the key.
  std::optional<int64_t> find(PartitionId partition, ByteView key) const;
  /// Room for so many more keys, for whoever must not stop half-way.
  bool has_room_for(uint64_t keys) const;
  uint64_t size() const { return used_; }

 private:
  struct Hash {
    uint64_t low = 0;
    uint64_t high = 0;
    bool operator==(const Hash&) const = default;
  };
  struct Slot {
    Hash hash;
    int64_t offset = -1;  // -1: free
  };
  Hash hash_of(PartitionId partition, ByteView key) const;
  size_t place_of(const Hash& hash) const;
  bool grow();

  uint64_t secret_[2];
  uint64_t slots_max_;
  uint64_t used_ = 0;
  std::vector<Slot> slots_;
};

}  // namespace holdfast::log
