#include "audit/compare.h"

#include <algorithm>

namespace holdfast::audit {
namespace {

using event::FindingKind;

Intervals below(int64_t end) {
  return end > 0 ? Intervals{{0, end - 1}} : Intervals{};
}

class Comparison {
 public:
  Comparison(const Stream& stream, const Known& known, const Places& places, size_t findings_max)
      : stream_(stream), known_(known), places_(places), findings_max_(findings_max) {}

  Judged run() {
    const Intervals& topics = known_.topics.intervals();
    const int64_t end = stamped_end();
    const Intervals expected = below(end);
    result_.balance.captured = count(expected);
    result_.balance.in_topics = count(topics);
    judge_missing_from_topics(subtract(expected, topics));
    judge_doubled_in_topics();
    result_.balance.refused = known_.refused.set().count();
    if (known_.store != nullptr) judge_store(topics, end);
    return std::move(result_);
  }

 private:
  /// Behind the last sequence that anybody saw stamped. The store counts only where the topics were
  /// trimmed: otherwise a stamp that is in the store alone is the very thing to find.
  int64_t stamped_end() const {
    int64_t end = known_.captured ? known_.captured->next_sequence : 0;
    if (auto last = known_.topics.set().last()) end = std::max(end, *last + 1);
    if (known_.topics_trimmed && known_.store != nullptr) {
      if (auto last = known_.store->set().last()) end = std::max(end, *last + 1);
    }
    return end;
  }

  void judge_missing_from_topics(Intervals missing) {
    if (known_.captured) {
      const Intervals shipped = below(known_.captured->shipped_sequence);
      result_.balance.in_flight += count(subtract(missing, shipped));
      missing = intersect(missing, shipped);
    }
    if (known_.topics_trimmed) {
      if (known_.store != nullptr) {
        missing = subtract(missing, known_.store->intervals());
        missing = subtract(missing, excused());
      }
      report(FindingKind::unknown, missing, places_.topics,
             "the beginning of the topic was removed by retention");
      result_.balance.unknown += count(missing);
      return;
    }
    // What is in the store though never in a topic is no loss; it is reported as unknown below.
    if (known_.store != nullptr) missing = subtract(missing, known_.store->intervals());
    report(FindingKind::lost, missing, places_.topics, "stamped, but not in the topic");
    result_.balance.lost += count(missing);
  }

  void judge_doubled_in_topics() {
    const Intervals doubled = known_.topics.doubled();
    result_.balance.doubled_in_topics = count(doubled);
    if (known_.store == nullptr)
      result_.balance.doubled = count(doubled);  // nobody behind it absorbs them
    report(FindingKind::doubled, doubled, places_.topics, "more than once in the topic");
  }

  void judge_store(const Intervals& topics, int64_t end) {
    const Intervals& store = known_.store->intervals();
    const Intervals present = known_.topics_trimmed ? below(end) : topics;
    Balance& balance = result_.balance;
    balance.delivered = count(intersect(present, store));
    balance.filtered = known_.filtered.set().count();
    balance.refused = count(subtract(known_.refused.intervals(), store));

    const Intervals absent = subtract(subtract(topics, store), excused());
    Intervals on_its_way = known_.waiting.intervals();
    if (known_.repaired != nullptr) on_its_way = subtract(on_its_way, known_.repaired->intervals());
    const Intervals lost = subtract(absent, on_its_way);
    balance.in_flight += count(absent) - count(lost);
    balance.lost += count(lost);
    report(FindingKind::lost, lost, places_.store, "in the topic, but not in the store");

    const Intervals doubled = known_.store->doubled();
    balance.doubled = count(doubled);
    report(FindingKind::doubled, doubled, places_.store,
           known_.store->further_copies() > balance.doubled
               ? "more than twice in the store, some of them"
               : "more than once in the store");

    const Intervals strange = subtract(store, present);
    balance.unknown += count(strange);
    report(FindingKind::unknown, strange, places_.store, "in the store, but never in a topic");
    const Intervals denied = intersect(store, known_.filtered.intervals());
    balance.unknown += count(denied);
    report(FindingKind::unknown, denied, places_.store,
           "in the store, though noted as left out by the transform");
  }

  Intervals excused() const {
    return unite(known_.filtered.intervals(), known_.refused.intervals());
  }

  void report(FindingKind kind, const Intervals& which, const std::string& where,
              const char* note) {
    for (const Interval& interval : which) {
      if (result_.findings.size() >= findings_max_) {
        ++result_.findings_unnamed;
        continue;
      }
      result_.findings.push_back({kind, stream_.source, stream_.epoch, interval, where, note});
    }
  }

  const Stream& stream_;
  const Known& known_;
  const Places& places_;
  const size_t findings_max_;
  Judged result_;
};

}  // namespace

Balance& Balance::operator+=(const Balance& other) {
  captured += other.captured;
  in_topics += other.in_topics;
  delivered += other.delivered;
  lost += other.lost;
  doubled += other.doubled;
  doubled_in_topics += other.doubled_in_topics;
  unknown += other.unknown;
  refused += other.refused;
  filtered += other.filtered;
  in_flight += other.in_flight;
  return *this;
}

Judged compare(const Stream& stream, const Known& known, const Places& places,
               size_t findings_max) {
  return Comparison(stream, known, places, findings_max).run();
}

}  // namespace holdfast::audit
