#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "base/result.h"
#include "event/interval_set.h"
#include "kafka/producer.h"
#include "kafka/settings.h"

namespace holdfast::repair {

/// What became of the records of one partition of a failure queue, by offset. Sets: to add the same
/// again changes nothing, so no record is ever counted twice.
struct PartitionMarks {
  event::IntervalSet repaired;    // read back where they were missing
  event::IntervalSet superseded;  // their key had a newer write
  struct Note {
    int32_t attempts = 0;
    std::string code, why;
  };
  std::map<int64_t, Note> failing;      // tried and failed so often; they keep their place
  std::map<int64_t, Note> quarantined;  // given up: they wait for a person
  struct Drop {
    std::string who, why;
    int64_t time_us = 0;
  };
  std::map<int64_t, Drop> dropped;

  /// Nothing more is to be done by itself.
  bool done(int64_t offset) const {
    return repaired.contains(offset) || superseded.contains(offset) || dropped.contains(offset);
  }
};

/// The marks beside a failure queue: the topic "QUEUE.marks", one partition, one message for each
/// change, in the Kafka of the queue. docs/formats/repair-marks.md.
struct Marks {
  std::map<int32_t, PartitionMarks> partitions;
  // Of the repaired and superseded, how many somebody was told of.
  uint64_t told_repaired = 0, told_superseded = 0;
  /// The run that repairs just now, by its last sign of life; without a `run`: none.
  struct Holder {
    std::string run, host;
    int process = 0;
    int64_t signs = 0;
  };
  Holder holder;

  uint64_t repaired() const;
  uint64_t superseded() const;
  /// Takes over what one message says. `invalid` when it is none of ours.
  Status apply(std::string_view json);
};

std::string marks_topic(const std::string& queue);
/// All of them; none when the topic does not exist yet.
Result<Marks> read_marks(const kafka::ClientSettings& client, const std::string& queue);

/// One message: partition -> what is new.
std::string to_json(const std::map<int32_t, PartitionMarks>& changes);
std::string told_json(uint64_t repaired, uint64_t superseded);
std::string holder_json(const Marks::Holder& holder);

/// Makes marks durable, one after the other, for whoever has no lease: what a person drops.
/// Threads: one at a time.
class MarkWriter {
 public:
  static Result<std::unique_ptr<MarkWriter>> open(const kafka::ClientSettings& client,
                                                  const std::string& queue);
  /// Answers when the mark is durable. After an error it may be there or not: the records are found
  /// present by the next run then.
  Status write(const std::string& json);

 private:
  std::string topic_;
  std::unique_ptr<kafka::Producer> producer_;
};

}  // namespace holdfast::repair
