#pragma once

#include <span>
#include <unordered_map>

#include "testing/history/findings.h"

namespace holdfast::history {

/// A value known to be in a place, because an answer or a reader said so.
struct Known {
  int64_t offset = 0;
  uint64_t value = 0;
  uint32_t send = none;
  auto operator<=>(const Known&) const = default;
};

/// A set of offsets, as intervals.
class Coverage {
 public:
  void add(int64_t from, int64_t to) {
    if (from < to) parts_.push_back({from, to});
  }
  void settle();  // before any question, after the last `add`
  bool has(int64_t offset) const;

 private:
  struct Part {
    int64_t from, to;
    auto operator<=>(const Part&) const = default;
  };
  std::vector<Part> parts_;
};

/// A history, made ready for questions.
class Index {
 public:
  explicit Index(const History& of);

  const History& history;
  std::vector<std::vector<Known>> known;  // of each partition, by offset; no two alike
  std::vector<Coverage> covered;          // of each partition: where any reader has looked
  std::vector<Coverage> covered_committed;
  std::vector<bool> seen;            // of each send: by any reader
  std::vector<bool> seen_committed;  // by a committed-only reader
  std::vector<bool> committed;       // of each transaction: for certain, or because a reader saw it

  const Send* send_of(const Known& entry) const {
    return entry.send == none ? nullptr : &history.sends[entry.send];
  }
  uint32_t send_with(uint64_t value) const;
  /// Whether a reader of this kind was to see it.
  bool visible(const Send& send, bool committed_only) const;
  /// Whether it may be gone without anybody's fault.
  bool may_be_gone(const Send& send, int64_t offset) const;
  /// The same because of the place alone.
  bool trimmed(const Send& send, int64_t offset) const {
    return offset != no_offset && offset < history.partitions[send.partition].trimmed_to;
  }
  /// The newest committed record of a key, for all that anybody knows; no_offset: none.
  int64_t last_of_key(uint32_t partition, uint64_t key) const;
  /// The known values in [from, to) of a partition, in order.
  std::span<const Known> range(uint32_t partition, int64_t from, int64_t to) const;
  std::string at(uint32_t partition, int64_t offset) const;

 private:
  void take_polls();
  void take_keys();
  void take_tombstones();
  bool perhaps_taken_unseen(const Send& send, int64_t offset) const;

  std::unordered_map<uint64_t, uint32_t> by_value_;
  std::unordered_map<uint64_t, int64_t>
      last_of_key_;  // (partition, key) -> the greatest offset known
  std::unordered_map<uint64_t, int64_t>
      perhaps_deleted_;  // likewise: below it a tombstone may have been that nobody ever saw
};

void check_writes(const Index& index, Report& report);
void check_reads(const Index& index, Report& report);
void check_ends(const Index& index, Report& report);
void check_transactions(const Index& index, Report& report);
void check_keys(const Index& index, Report& report);
void check_offsets(const Index& index, Report& report);

}  // namespace holdfast::history
