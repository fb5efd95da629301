#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "audit/intervals.h"
#include "event/event.h"

namespace holdfast::audit {

/// One dense numbering: everything that a source stamped in one epoch.
struct Stream {
  std::string source;
  int64_t epoch = 0;
  auto operator<=>(const Stream&) const = default;
};

/// The sequences of one stream that were found in one place, with multiplicity: exact, and one
/// interval when all is well.
class Seen {
 public:
  /// Further copies that are remembered by name. Beyond it they are only counted, and `names_cut`
  /// says so.
  static constexpr size_t repeats_named_max = 1'000'000;

  void add(int64_t sequence) {
    if (!set_.add(sequence)) repeat({sequence, sequence}, 1);
  }
  void add(Interval range, uint64_t copies);

  const event::IntervalSet& set() const { return set_; }
  const Intervals& intervals() const { return set_.intervals(); }
  /// Which sequences are there more than once.
  Intervals doubled() const { return normalise(repeats_); }
  /// How many copies there are beyond the first of each.
  uint64_t further_copies() const { return further_copies_; }
  /// Every further copy, in no order; a sequence that is there three times is in here twice.
  const std::vector<Interval>& repeats() const { return repeats_; }
  bool names_cut() const { return names_cut_; }

 private:
  void repeat(Interval range, uint64_t times);

  event::IntervalSet set_;
  std::vector<Interval> repeats_;
  uint64_t further_copies_ = 0;
  bool names_cut_ = false;
};

/// What was found in one place, for all streams. Memory is constant while streams are dense and
/// nothing is doubled. Threads: a value.
class StampSet {
 public:
  /// One event. Fast when events of a stream come together.
  void add(const event::Stamp& stamp) { stream(stamp.source, stamp.epoch).add(stamp.sequence); }
  void add(std::string_view source, int64_t epoch, Interval range, uint64_t copies) {
    stream(source, epoch).add(range, copies);
  }

  const std::map<Stream, Seen>& streams() const { return streams_; }
  /// What was found of a stream; an empty one if nothing was.
  const Seen& of(const Stream& stream) const;

 private:
  Seen& stream(std::string_view source, int64_t epoch) {
    if (last_ != nullptr && last_->first.epoch == epoch && last_->first.source == source)
      return last_->second;
    return find_stream(source, epoch);
  }
  Seen& find_stream(std::string_view source, int64_t epoch);

  std::map<Stream, Seen> streams_;
  std::pair<const Stream, Seen>* last_ = nullptr;  // nodes of a map stay in place
};

}  // namespace holdfast::audit
