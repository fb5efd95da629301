// What the judge itself costs, without reading topics and stores: three sources, whose events come
// in runs as a consumer gets them, put into the sets of both sides and compared.

#include <algorithm>
#include <array>
#include <benchmark/benchmark.h>

#include "audit/compare.h"
#include "audit/stamp_set.h"

namespace holdfast::audit {
namespace {

constexpr std::array<std::string_view, 3> sources{"ewr", "jfk", "lga"};

/// `run`: so many events of one source come together. `swapped`: pairs arrive the wrong way round,
/// as from a topic of several partitions.
void fill(StampSet& set, int64_t events, int64_t run, bool swapped) {
  for (int64_t first = 0; first < events; first += run) {
    const int64_t end = std::min(first + run, events);
    for (const std::string_view source : sources) {
      for (int64_t sequence = first; sequence < end; ++sequence) {
        set.add({source, 1, swapped && (sequence ^ 1) < end ? sequence ^ 1 : sequence});
      }
    }
  }
}

void compares(benchmark::State& state) {
  const int64_t events = state.range(0);
  const bool swapped = state.range(1) != 0;
  const Seen none;
  for (auto _ : state) {
    StampSet topics, store;
    fill(topics, events, 500, swapped);
    fill(store, events, 5'000, false);
    uint64_t wrong = 0;
    for (const auto& [stream, seen] : topics.streams()) {
      const Judged judged =
          compare(stream, {seen, &store.of(stream), none, none, none, {}, false}, {}, 100);
      wrong += judged.balance.lost + judged.balance.doubled + judged.balance.unknown;
    }
    if (wrong != 0) state.SkipWithError("a clean run is not clean");
  }
  state.SetItemsProcessed(state.iterations() * events * static_cast<int64_t>(sources.size()));
}
BENCHMARK(compares)->ArgNames({"events", "swapped"})->Args({1'000'000, 0})->Args({1'000'000, 1});

}  // namespace
}  // namespace holdfast::audit
