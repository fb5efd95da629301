#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "sink/cassandra/cql/statement.h"

namespace holdfast::cql {

/// Walks over rows, with cells by name. Threads: none of its own.
class RowCursor {
 public:
  explicit RowCursor(const Rows& rows) : rows_(rows), cells_(rows.cells()) {}

  bool next() {
    if (done_ == rows_.count) return false;
    ++done_;
    row_.clear();
    for (uint32_t i = 0; i < rows_.column_count; ++i) row_.push_back(cells_.next());
    return true;
  }
  std::optional<ByteView> at(size_t column) const { return row_[column]; }
  /// Nothing: null, or no such column.
  std::optional<ByteView> at(std::string_view column) const {
    for (size_t i = 0; i < rows_.metadata.columns.size(); ++i)
      if (rows_.metadata.columns[i].name == column) return row_[i];
    return std::nullopt;
  }

 private:
  const Rows& rows_;
  CellReader cells_;
  uint32_t done_ = 0;
  std::vector<std::optional<ByteView>> row_;
};

}  // namespace holdfast::cql
