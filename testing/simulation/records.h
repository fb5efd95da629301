#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "record/compression.h"

namespace holdfast::simulation {

/// One record as the actors make it: a value that nobody else has, and a key for compaction (0:
/// none). What stands in the record follows from both, so that a reader can tell whether it is
/// whole.
struct Item {
  uint64_t value = 0;
  uint64_t key = 0;
  bool tombstone = false;  // its value stands in the header then
};

struct BatchOf {
  int64_t producer_id = -1;
  int16_t epoch = -1;
  int32_t sequence = -1;
  bool transactional = false;
  int64_t timestamp_ms = 0;
  record::Codec codec = record::Codec::none;
};
ByteBuffer make_batch(const std::vector<Item>& items, const BatchOf& of, uint32_t value_bytes_most);

/// A batch as a reader finds it.
struct FoundBatch {
  int64_t base_offset = 0;
  int64_t last_offset = 0;
  int64_t producer_id = -1;
  int16_t epoch = -1;
  bool transactional = false;
  bool control = false;
  bool commits = false;  // a control batch that does
  struct Found {
    int64_t offset;
    Item item;
  };
  std::vector<Found> records;
};
/// The batches of a fetch answer. Fails with `corrupt` if anything in them is not as it was made.
Result<std::vector<FoundBatch>> read_batches(ByteView records);

}  // namespace holdfast::simulation
