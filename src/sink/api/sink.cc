#include "sink/api/sink.h"

#include <algorithm>
#include <map>

#include "event/interval_set.h"

namespace holdfast::sink {

const char* name(Outcome outcome) {
  switch (outcome) {
    case Outcome::applied:
      return "applied";
    case Outcome::superseded:
      return "superseded";
    case Outcome::unavailable:
      return "unavailable";
    case Outcome::rejected:
      return "rejected";
    case Outcome::unknown:
      return "unknown";
  }
  return "?";
}

const char* name(Held held) {
  switch (held) {
    case Held::present:
      return "present";
    case Held::superseded:
      return "superseded";
    case Held::missing:
      return "missing";
  }
  return "?";
}

Result<std::vector<Held>> Sink::confirm(const Batch& batch) {
  const auto has_row = [](const Entry& entry) { return entry.row >= 0; };
  std::map<std::pair<uint32_t, int64_t>, Window> windows;  // by source and epoch
  for (const Entry& entry : batch.entries) {
    if (!has_row(entry)) continue;
    const auto [window, fresh] = windows.try_emplace({entry.source, entry.epoch});
    Window& wanted = window->second;
    if (fresh) wanted = {batch.sources[entry.source], entry.epoch, entry.sequence, entry.sequence};
    wanted.first = std::min(wanted.first, entry.sequence);
    wanted.last = std::max(wanted.last, entry.sequence);
  }
  const auto its_reader = HOLDFAST_TRY(reader());
  std::map<std::pair<uint32_t, int64_t>, event::IntervalSet> found;
  for (const auto& [stream, window] : windows)
    HOLDFAST_CHECKED(its_reader->read_back(window, [&](std::span<const StoredRun> runs) -> Status {
      for (const StoredRun& run : runs) found[stream].add(event::Interval{run.first, run.last});
      return {};
    }));
  std::vector<Held> held;
  for (const Entry& entry : batch.entries)
    held.push_back(!has_row(entry) || found[{entry.source, entry.epoch}].contains(entry.sequence)
                       ? Held::present
                       : Held::missing);
  return held;
}

bool Written::has(Outcome outcome) const {
  return std::ranges::find(outcomes, outcome) != outcomes.end();
}

bool Written::complete() const {
  return std::ranges::all_of(
      outcomes, [](Outcome o) { return o == Outcome::applied || o == Outcome::superseded; });
}

std::string Written::why() const {
  return refusals.empty() ? "no reason given" : refusals.front().cause.message;
}

Written Written::all(size_t entries, Outcome outcome, Cause cause) {
  Written written;
  written.outcomes.assign(entries, outcome);
  written.refusals.push_back({0, std::move(cause)});
  return written;
}

}  // namespace holdfast::sink
