#include "pipeline/fill_batch.h"

#include <unordered_map>

namespace holdfast::pipeline {

using sink::Entry;
using transform::Output;

void fill_batch(const transform::EventBatch& events, Output& output, sink::Batch& batch) {
  // Names are kept once in an EventBatch: the place tells them apart.
  std::unordered_map<const char*, uint32_t> sources;
  batch.sources.clear();
  batch.entries.clear();
  batch.entries.reserve(events.size());
  const char* last = nullptr;
  uint32_t source = 0;
  for (uint32_t i = 0; i < events.size(); ++i) {
    const event::Event& event = events.events()[i].event;
    if (event.stamp.source.data() != last || i == 0) {
      last = event.stamp.source.data();
      const auto [known, fresh] = sources.emplace(last, batch.sources.size());
      if (fresh) batch.sources.emplace_back(event.stamp.source);
      source = known->second;
    }
    const int32_t made = output.row_of[i];
    const int32_t row = made == Output::filtered   ? Entry::filtered
                        : made == Output::rejected ? Entry::handed_over
                                                   : made;
    batch.entries.push_back({.source = source,
                             .row = row,
                             .epoch = event.stamp.epoch,
                             .sequence = event.stamp.sequence,
                             .version = event.version,
                             .deletion = !event.value.has_value()});
  }
  batch.events = events.events();
  std::swap(batch.rows, output.rows);
}

}  // namespace holdfast::pipeline
