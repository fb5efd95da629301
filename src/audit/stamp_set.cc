#include "audit/stamp_set.h"

namespace holdfast::audit {

void Seen::add(Interval range, uint64_t copies) {
  if (copies == 0) return;
  std::vector<Interval> again;
  set_.add(range, &again);
  for (const Interval& part : again) repeat(part, 1);
  if (copies > 1) repeat(range, copies - 1);
}

void Seen::repeat(Interval range, uint64_t times) {
  further_copies_ += range.size() * times;
  for (uint64_t i = 0; i < times; ++i) {
    if (!repeats_.empty() &&
        repeats_.back().last + 1 == range.first) {  // a run that comes again, one by one
      repeats_.back().last = range.last;
      continue;
    }
    if (repeats_.size() >= repeats_named_max) {
      names_cut_ = true;
      return;
    }
    repeats_.push_back(range);
  }
}

Seen& StampSet::find_stream(std::string_view source, int64_t epoch) {
  last_ = &*streams_.try_emplace(Stream{std::string(source), epoch}).first;
  return last_->second;
}

const Seen& StampSet::of(const Stream& stream) const {
  static const Seen nothing;
  auto found = streams_.find(stream);
  return found == streams_.end() ? nothing : found->second;
}

}  // namespace holdfast::audit
