#include "broker/coordinator/partition_transactions.h"

#include <algorithm>

namespace holdfast::broker::coordinator {

void PartitionTransactions::wrote(int64_t producer_id, int64_t offset) {
  if (first_offsets_.try_emplace(producer_id, offset).second) open_.emplace(offset, producer_id);
}

void PartitionTransactions::ended(int64_t producer_id, int64_t offset, bool committed) {
  const auto found = first_offsets_.find(producer_id);
  if (found == first_offsets_.end()) return;  // it had written nothing here
  const int64_t first = found->second;
  first_offsets_.erase(found);
  open_.erase(first);
  if (!committed)
    aborted_.push_back({producer_id, first, offset, first_open().value_or(offset + 1)});
}

void PartitionTransactions::forget_aborted_below(int64_t offset) {
  aborted_.erase(aborted_.begin(), aborted_.begin() + (first_ending_at(offset) - aborted_.begin()));
}

std::optional<int64_t> PartitionTransactions::first_open() const {
  if (open_.empty()) return std::nullopt;
  return open_.begin()->first;
}

std::optional<int64_t> PartitionTransactions::open_since(int64_t producer_id) const {
  const auto found = first_offsets_.find(producer_id);
  if (found == first_offsets_.end()) return std::nullopt;
  return found->second;
}

std::vector<AbortedRange>::const_iterator PartitionTransactions::first_ending_at(
    int64_t offset) const {
  return std::lower_bound(
      aborted_.begin(), aborted_.end(), offset,
      [](const AbortedRange& range, int64_t wanted) { return range.last_offset < wanted; });
}

void PartitionTransactions::write(StateWriter& out) const {
  out.number(static_cast<uint32_t>(open_.size()));
  for (const auto& [first, producer_id] : open_) {
    out.number(first);
    out.number(producer_id);
  }
  out.number(static_cast<uint32_t>(aborted_.size()));
  for (const AbortedRange& range : aborted_) {
    out.number(range.producer_id);
    out.number(range.first_offset);
    out.number(range.last_offset);
    out.number(range.stable_offset);
  }
}

void PartitionTransactions::read(StateReader& in) {
  const uint32_t open = in.count(16);
  for (uint32_t i = 0; i < open && !in.failed(); ++i) {
    const auto first = in.number<int64_t>();
    wrote(in.number<int64_t>(), first);
  }
  const uint32_t aborted = in.count(32);
  for (uint32_t i = 0; i < aborted && !in.failed(); ++i) {
    AbortedRange& range = aborted_.emplace_back();
    range.producer_id = in.number<int64_t>();
    range.first_offset = in.number<int64_t>();
    range.last_offset = in.number<int64_t>();
    range.stable_offset = in.number<int64_t>();
  }
}

}  // namespace holdfast::broker::coordinator
