#pragma once

#include <span>
#include <vector>

#include "duckdb/duckdb.h"
#include "event/rows.h"
#include "transform/event_batch.h"

namespace holdfast::transform {

/// What the SQL of a transform sees as `events`: the stamp, where the event was found, key and
/// value, and the payload's typed columns; a part of a batch at a time.
class EventsTable : public duckdb::VirtualTable {
 public:
  explicit EventsTable(const event::Schema& payload);

  /// Shows those events of a batch whose numbers stand in `shown`; `payload` has a row for each
  /// event of the batch. All must live until the query has ended.
  void show(std::span<const InputEvent> events, const event::Rows& payload,
            std::span<const uint32_t> shown);

  const std::vector<duckdb::ColumnInfo>& columns() const override { return columns_; }
  uint64_t rows() const override { return shown_.size(); }
  void fill(size_t column, uint64_t first_row, size_t count, duckdb::VectorWriter& out) override;

 private:
  void fill_attribute(size_t column, std::span<const uint32_t> shown,
                      duckdb::VectorWriter& out) const;
  std::vector<duckdb::ColumnInfo> columns_;
  size_t attributes_ = 0;  // columns before those of the payload
  std::span<const InputEvent> events_;
  const event::Rows* payload_ = nullptr;
  std::span<const uint32_t> shown_;
};

}  // namespace holdfast::transform
