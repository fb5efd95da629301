#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"

namespace holdfast::event {

/// The types a sink must know. Every other type is turned into one of them before it gets here (see
/// transform/README.md).
enum class ColumnType : uint8_t {
  boolean,       // uint8_t, 0 or 1
  int16,         // int16_t
  int32,         // int32_t
  int64,         // int64_t
  float64,       // double
  text,          // valid UTF-8
  json,          // valid UTF-8, one JSON value
  timestamp,     // int64_t, microseconds since 1970, no time zone
  timestamp_tz,  // int64_t, microseconds since 1970 UTC
  date,          // int32_t, days since 1970-01-01
};

/// "boolean", "int16", ... for messages and files.
const char* name(ColumnType type);
/// Bytes of one value; 0 for text and json.
size_t width(ColumnType type);

struct ColumnSpec {
  std::string name;
  ColumnType type = ColumnType::text;
  bool operator==(const ColumnSpec&) const = default;
};
using Schema = std::vector<ColumnSpec>;

/// One typed column. Values are appended at the end; a null takes a place too (zero bytes, or an
/// empty text).
class Column {
 public:
  explicit Column(ColumnType type) : type_(type), width_(width(type)) {}

  ColumnType type() const { return type_; }
  size_t rows() const { return rows_; }
  bool has_nulls() const { return !nulls_.empty(); }
  bool is_null(size_t row) const {
    return row / 64 < nulls_.size() && (nulls_[row / 64] >> (row % 64) & 1) != 0;
  }

  /// All values of a fixed-width column; T must have the column's width.
  template <class T>
  std::span<const T> values() const {
    HOLDFAST_CHECK(sizeof(T) == width_);
    return {reinterpret_cast<const T*>(fixed_.data()), rows_};
  }
  template <class T>
  T value(size_t row) const {
    return values<T>()[row];
  }
  std::string_view text(size_t row) const {
    const uint32_t begin = row == 0 ? 0 : ends_[row - 1];
    return {texts_.data() + begin, ends_[row] - begin};
  }

  /// Room for `count` more fixed-width values, which the caller fills at once.
  template <class T>
  T* extend(size_t count) {
    HOLDFAST_CHECK(sizeof(T) == width_);
    fixed_.resize(fixed_.size() + count * width_);
    rows_ += count;
    return reinterpret_cast<T*>(fixed_.data() + fixed_.size()) - count;
  }
  template <class T>
  void add(T value) {
    *extend<T>(1) = value;
  }
  void add_text(std::string_view value) {
    HOLDFAST_CHECK(width_ == 0 && texts_.size() + value.size() < UINT32_MAX);
    texts_.append(value);
    ends_.push_back(static_cast<uint32_t>(texts_.size()));
    ++rows_;
  }
  void add_null();
  /// Marks an existing row as null.
  void set_null(size_t row);
  /// Forgets the rows, keeps the memory.
  void clear();

 private:
  ColumnType type_;
  size_t width_;
  size_t rows_ = 0;
  std::vector<uint64_t> nulls_;  // a set bit is a null; may be shorter than the rows
  std::vector<char> fixed_;
  std::string texts_;
  std::vector<uint32_t> ends_;
};

/// Rows by column: what a transform makes and a sink takes. At most 4 GiB of text a column.
/// Threads: none of its own; hand it over whole.
class Rows {
 public:
  Rows() = default;
  explicit Rows(const Schema& schema) {
    for (const ColumnSpec& spec : schema) columns_.emplace_back(spec.type);
  }
  size_t rows() const { return columns_.empty() ? 0 : columns_.front().rows(); }
  size_t columns() const { return columns_.size(); }
  Column& column(size_t index) { return columns_[index]; }
  const Column& column(size_t index) const { return columns_[index]; }
  void clear() {
    for (Column& column : columns_) column.clear();
  }

 private:
  std::vector<Column> columns_;
};

}  // namespace holdfast::event
