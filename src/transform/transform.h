#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "event/rows.h"
#include "transform/event_batch.h"

namespace holdfast::transform {

struct Settings {
  std::string sql = {};  // empty: every column of `columns`, or key and value as they are
  std::map<std::string, std::string> columns = {};  // field of the JSON payload -> SQL type
  std::map<std::string, std::string> tables =
      {};  // name in the SQL -> path of a .csv, .json, .jsonl or .parquet file
  uint64_t memory_bytes_max = 128ull << 20;
};

/// What a transform made of a batch.
struct Output {
  static constexpr int32_t filtered = -1;
  static constexpr int32_t rejected = -2;
  struct Rejection {
    uint32_t event;
    std::string code;     // "payload", "sql" or "several_rows"
    std::string message;  // for people
  };

  event::Rows rows;
  std::vector<int32_t> row_of;  // per event: its row, or `filtered`, or `rejected`
  std::vector<Rejection> rejections;
};

/// SQL over a micro-batch of events, run by an in-memory DuckDB of its own on the calling thread.
///
/// Each event becomes one row, or none (filtered), or is rejected with its cause; it never stops
/// the others. When the SQL fails on a batch, the batch is cut in parts until the culprits are
/// alone: k culprits among n events cost about 8 k log8(n) runs, never more than 8/7 n.
///
/// NOT promised: that rows keep the order of the events (`row_of` tells), or that SQL which looks
/// at other events (window functions) or at the clock answers the same when events are delivered
/// again in other batches. Threads: one at a time.
class Transform {
 public:
  /// Reads the tables and prepares the SQL; `invalid` with DuckDB's words when something is wrong
  /// with it: this is the check.
  static Result<std::unique_ptr<Transform>> open(const Settings& settings);
  ~Transform();

  /// Of the rows it makes. Fixed.
  const event::Schema& schema() const;
  /// Fails only when DuckDB itself does (out of memory, fatal error), never because of an event.
  /// Reuses `output`'s memory.
  Status run(const EventBatch& batch, Output& output);

 private:
  struct Impl;
  explicit Transform(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace holdfast::transform
