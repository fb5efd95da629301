#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "event/rows.h"
#include "sink/api/sink.h"

namespace holdfast::sink {

struct DuckdbSettings {
  std::string path = {};
  std::string table = {};
  std::string pipeline = {};  // whose positions: part of their key, with `table`
  uint64_t memory_bytes_max = 192ull << 20;
  /// How much log is gathered before it is folded into the file: a checkpoint packs the last,
  /// partial row group anew, so more costs less CPU an event, and a longer replay after a kill.
  uint64_t checkpoint_bytes = 64ull << 20;
};

/// A table of a DuckDB file as a sink. Rows, positions, the applied sequences and the filtered ones
/// change in one transaction.
///
/// Each row carries its stamp (`ce_source`, `ce_epoch`, `ce_sequence`, the last three columns). An
/// event whose stamp is in the set of applied sequences is `superseded` and not inserted again,
/// wherever the double came from. A file that DuckDB cannot read any more is renamed to
/// PATH.damaged-TIME, and a new one begins at the start of the topics.
///
/// NOT promised: that the warehouse can be rebuilt further back than the topics reach.
class DuckdbSink : public Sink {
 public:
  /// Creates file and tables where missing. `invalid` when the table is there with other columns
  /// (the message names them), `locked` when another process has the file (with its number).
  static Result<std::unique_ptr<DuckdbSink>> open(const DuckdbSettings& settings,
                                                  const event::Schema& schema);
  ~DuckdbSink() override;

  Result<Positions> positions() override;
  Written write(const Batch& batch) override;
  HealthReport health() const override;
  Result<std::unique_ptr<Reader>> reader() override;

 private:
  struct Impl;
  explicit DuckdbSink(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// The audit's reader of a file that no pipeline has open: opens it read-only and never changes it.
/// In the process of the pipeline it shares the open file. `not_found` when there is no such file
/// or table.
Result<std::unique_ptr<Reader>> open_duckdb_reader(const DuckdbSettings& settings);

}  // namespace holdfast::sink
