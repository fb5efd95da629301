#include "sink/api/sequence_set.h"

#include "base/check.h"

namespace holdfast::sink {

void SequenceSet::touch(int64_t first) {
  if (first == last_touched_ && !touched_.empty()) return;
  touched_.insert(first);
  last_touched_ = first;
}

bool SequenceSet::add(int64_t number) {
  auto after = now_.upper_bound(number);
  const bool joins_after = after != now_.end() && after->first == number + 1;
  if (after != now_.begin()) {
    auto before = std::prev(after);
    if (before->second >= number) return false;
    if (before->second + 1 == number) {
      before->second = joins_after ? after->second : number;
      touch(before->first);
      if (joins_after) {
        touch(after->first);
        now_.erase(after);
      }
      return true;
    }
  }
  const int64_t last = joins_after ? after->second : number;
  if (joins_after) {
    touch(after->first);
    now_.erase(after);
  }
  now_.emplace(number, last);
  touch(number);
  return true;
}

bool SequenceSet::load(Interval interval) {
  if (interval.last < interval.first) return false;
  auto after = now_.upper_bound(interval.first);
  if (after != now_.end() && after->first <= interval.last + 1) return false;
  if (after != now_.begin() && std::prev(after)->second + 1 >= interval.first) return false;
  now_.emplace(interval.first, interval.last);
  stored_.emplace(interval.first, interval.last);
  return true;
}

bool SequenceSet::contains(int64_t number) const {
  auto after = now_.upper_bound(number);
  return after != now_.begin() && std::prev(after)->second >= number;
}

std::vector<Interval> SequenceSet::intervals() const {
  std::vector<Interval> result;
  for (const auto& [first, last] : now_) result.push_back({first, last});
  return result;
}

SequenceSet::Changes SequenceSet::changes() const {
  Changes changes;
  for (const int64_t first : touched_) {
    const auto have = now_.find(first);
    const auto had = stored_.find(first);
    if (have != now_.end() && had != stored_.end() && have->second == had->second) continue;
    if (had != stored_.end()) changes.remove.push_back(first);
    if (have != now_.end()) changes.put.push_back({first, have->second});
  }
  return changes;
}

void SequenceSet::stored() {
  for (const int64_t first : touched_) {
    const auto have = now_.find(first);
    if (have == now_.end()) {
      stored_.erase(first);
    } else {
      stored_[first] = have->second;
    }
  }
  touched_.clear();
}

}  // namespace holdfast::sink
