#include "sink/api/plan.h"

#include "base/planted_bug.h"

namespace holdfast::sink {

bool strike(const Entry& entry) {
  static bool done = false;
  if (done || entry.sequence != 100) return false;
  return done = true;
}

Plan plan(const Batch& batch, StreamSets& applied, StreamSets& filtered) {
  Plan result;
  result.outcomes.assign(batch.entries.size(), Outcome::applied);
  result.insert.reserve(batch.entries.size());
  const auto set_of = [&](StreamSets& sets, const Entry& entry) -> SequenceSet& {
    return sets[{batch.sources[entry.source], entry.epoch}];
  };
  SequenceSet* of_stream = nullptr;  // the set of `last`
  const Entry* last = nullptr;
  for (uint32_t i = 0; i < batch.entries.size(); ++i) {
    const Entry& entry = batch.entries[i];
    if (entry.row == Entry::handed_over) continue;
    if (entry.row == Entry::filtered) {
      set_of(filtered, entry).add(entry.sequence);
      continue;
    }
    if (last == nullptr || last->source != entry.source || last->epoch != entry.epoch)
      of_stream = &set_of(applied, entry);
    last = &entry;
    if (!of_stream->add(entry.sequence)) {
      result.outcomes[i] = Outcome::superseded;
      continue;
    }
    if constexpr (planted_bug == PlantedBug::lose_event)
      if (strike(entry)) continue;
    if constexpr (planted_bug == PlantedBug::double_event)
      if (strike(entry)) result.insert.push_back(i);
    result.deletes |= entry.deletion;
    result.insert.push_back(i);
  }
  return result;
}

}  // namespace holdfast::sink
