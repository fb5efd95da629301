#include "testing/history/index.h"

#include <algorithm>
#include <span>

#include "base/check.h"

namespace holdfast::history {
namespace {

uint64_t slot_of(uint32_t partition, uint64_t key) {
  return key * 0x9E3779B97F4A7C15u + partition;
}

}  // namespace

void Coverage::settle() {
  std::sort(parts_.begin(), parts_.end());
  std::vector<Part> merged;
  for (const Part& part : parts_) {
    if (merged.empty() || merged.back().to < part.from)
      merged.push_back(part);
    else
      merged.back().to = std::max(merged.back().to, part.to);
  }
  parts_ = std::move(merged);
}

bool Coverage::has(int64_t offset) const {
  const auto after = std::upper_bound(parts_.begin(), parts_.end(), offset,
                                      [](int64_t at, const Part& part) { return at < part.from; });
  return after != parts_.begin() && offset < std::prev(after)->to;
}

Index::Index(const History& of)
    : history(of),
      known(of.partitions.size()),
      covered(of.partitions.size()),
      covered_committed(of.partitions.size()),
      seen(of.sends.size()),
      seen_committed(of.sends.size()),
      committed(of.transactions.size()) {
  by_value_.reserve(of.sends.size());
  for (uint32_t i = 0; i < of.sends.size(); ++i) {
    const Send& send = of.sends[i];
    HOLDFAST_CHECK(by_value_.emplace(send.value, i).second);  // the recorder's promise
    if (send.outcome == Outcome::ok && send.offset != no_offset)
      known[send.partition].push_back({send.offset, send.value, i});
  }
  for (size_t i = 0; i < of.transactions.size(); ++i)
    committed[i] = of.transactions[i].outcome == Outcome::ok;
  take_polls();
  for (auto& values : known) {
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
  }
  for (Coverage& coverage : covered) coverage.settle();
  for (Coverage& coverage : covered_committed) coverage.settle();
  take_keys();
  take_tombstones();
}

void Index::take_polls() {
  for (const Poll& poll : history.polls) {
    covered[poll.partition].add(poll.from, poll.to);
    if (poll.committed_only) covered_committed[poll.partition].add(poll.from, poll.to);
    for (const Record& record : poll.records) {
      const uint32_t send = send_with(record.value);
      known[poll.partition].push_back({record.offset, record.value, send});
      if (send == none) continue;
      seen[send] = true;
      if (!poll.committed_only) continue;
      seen_committed[send] = true;
      const uint32_t transaction = history.sends[send].transaction;
      if (transaction != none && history.transactions[transaction].outcome == Outcome::unknown)
        committed[transaction] = true;
    }
  }
}

void Index::take_keys() {
  for (uint32_t partition = 0; partition < history.partitions.size(); ++partition) {
    if (!history.partitions[partition].compacted) continue;
    for (const Known& entry : known[partition]) {
      const Send* send = send_of(entry);
      // What was never committed supersedes nothing.
      if (send && send->key != 0 && visible(*send, true))
        last_of_key_[slot_of(partition, send->key)] = entry.offset;
    }
  }
}

/// A tombstone of which nobody knows whether it counts.
bool Index::perhaps_taken_unseen(const Send& send, int64_t offset) const {
  if (!send.tombstone || (offset != no_offset && visible(send, true))) return false;
  const bool never_counts =
      send.transaction != none && history.transactions[send.transaction].outcome == Outcome::failed;
  return send.outcome != Outcome::failed && !never_counts;
}

/// Such a one may have deleted its key, and have gone itself since. It lies before everything that
/// its producer sent later.
void Index::take_tombstones() {
  std::vector<int64_t> offsets(history.sends.size(), no_offset);
  for (const auto& values : known) {
    for (const Known& entry : values)
      if (entry.send != none) offsets[entry.send] = entry.offset;
  }
  std::unordered_map<uint64_t, int64_t> first_known;  // (partition, producer) -> of later sends
  for (size_t i = history.sends.size(); i-- > 0;) {
    const Send& send = history.sends[i];
    const Partition& partition = history.partitions[send.partition];
    if (!partition.compacted || partition.tombstones_stay) continue;
    int64_t below = never;
    if (send.producer != none) {
      auto [first, is_new] = first_known.try_emplace(slot_of(send.partition, send.producer), never);
      if (offsets[i] != no_offset) first->second = offsets[i];
      below = first->second;
    }
    if (!perhaps_taken_unseen(send, offsets[i])) continue;
    int64_t& most = perhaps_deleted_[slot_of(send.partition, send.key)];
    most = std::max(most, below);
  }
}

uint32_t Index::send_with(uint64_t value) const {
  const auto found = by_value_.find(value);
  return found == by_value_.end() ? none : found->second;
}

bool Index::visible(const Send& send, bool committed_only) const {
  if (send.transaction != none && committed_only) return committed[send.transaction];
  return send.outcome != Outcome::failed;
}

bool Index::may_be_gone(const Send& send, int64_t offset) const {
  if (trimmed(send, offset)) return true;
  const Partition& partition = history.partitions[send.partition];
  if (!partition.compacted || send.key == 0) return false;
  if (send.tombstone && !partition.tombstones_stay) return true;
  if (send.transaction != none && !committed[send.transaction]) return true;
  if (last_of_key(send.partition, send.key) > offset) return true;
  const auto deleted = perhaps_deleted_.find(slot_of(send.partition, send.key));
  return deleted != perhaps_deleted_.end() && deleted->second > offset;
}

int64_t Index::last_of_key(uint32_t partition, uint64_t key) const {
  const auto last = last_of_key_.find(slot_of(partition, key));
  return last == last_of_key_.end() ? no_offset : last->second;
}

std::span<const Known> Index::range(uint32_t partition, int64_t from, int64_t to) const {
  const auto& values = known[partition];
  const auto below = [](const Known& entry, int64_t offset) { return entry.offset < offset; };
  const auto first = std::lower_bound(values.begin(), values.end(), from, below);
  return {first, std::lower_bound(first, values.end(), std::max(from, to), below)};
}

std::string Index::at(uint32_t partition, int64_t offset) const {
  return history.partitions[partition].name + "@" + std::to_string(offset);
}

}  // namespace holdfast::history
