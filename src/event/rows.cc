#include "event/rows.h"

namespace holdfast::event {

const char* name(ColumnType type) {
  switch (type) {
    case ColumnType::boolean:
      return "boolean";
    case ColumnType::int16:
      return "int16";
    case ColumnType::int32:
      return "int32";
    case ColumnType::int64:
      return "int64";
    case ColumnType::float64:
      return "float64";
    case ColumnType::text:
      return "text";
    case ColumnType::json:
      return "json";
    case ColumnType::timestamp:
      return "timestamp";
    case ColumnType::timestamp_tz:
      return "timestamp_tz";
    case ColumnType::date:
      return "date";
  }
  return "?";
}

size_t width(ColumnType type) {
  switch (type) {
    case ColumnType::boolean:
      return 1;
    case ColumnType::int16:
      return 2;
    case ColumnType::int32:
    case ColumnType::date:
      return 4;
    case ColumnType::int64:
    case ColumnType::float64:
    case ColumnType::timestamp:
    case ColumnType::timestamp_tz:
      return 8;
    case ColumnType::text:
    case ColumnType::json:
      return 0;
  }
  return 0;
}

void Column::set_null(size_t row) {
  if (row / 64 >= nulls_.size()) nulls_.resize(row / 64 + 1);
  nulls_[row / 64] |= 1ull << (row % 64);
}

void Column::add_null() {
  if (width_ == 0) {
    ends_.push_back(static_cast<uint32_t>(texts_.size()));
  } else {
    fixed_.resize(fixed_.size() + width_);
  }
  set_null(rows_++);
}

void Column::clear() {
  rows_ = 0;
  nulls_.clear();
  fixed_.clear();
  texts_.clear();
  ends_.clear();
}

}  // namespace holdfast::event
