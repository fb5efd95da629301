#include "sink/postgres/rows.h"

#include <bit>
#include <cstring>

// The binary form of each type is that of its "send" function in PostgreSQL:
// https://www.postgresql.org/docs/15/sql-copy.html, "Binary Format".

namespace holdfast::sink::postgres {
namespace {

using event::ColumnType;

constexpr size_t piece_bytes = 256 << 10;
constexpr int64_t epoch_us = 946'684'800'000'000;  // 2000-01-01, PostgreSQL's zero
constexpr int32_t epoch_days = 10'957;

template <class T>
T big_endian(T value) {
  if constexpr (sizeof(T) == 2)
    return static_cast<T>(__builtin_bswap16(static_cast<uint16_t>(value)));
  if constexpr (sizeof(T) == 4)
    return static_cast<T>(__builtin_bswap32(static_cast<uint32_t>(value)));
  if constexpr (sizeof(T) == 8)
    return static_cast<T>(__builtin_bswap64(static_cast<uint64_t>(value)));
  return value;
}

template <class T>
void add_raw(T value, std::string& to) {
  const T swapped = big_endian(value);
  to.append(reinterpret_cast<const char*>(&swapped), sizeof swapped);
}

template <class T>
void add_field(T value, std::string& to) {
  char bytes[4 + sizeof(T)];
  const uint32_t size = big_endian<uint32_t>(sizeof(T));
  const T swapped = big_endian(value);
  std::memcpy(bytes, &size, 4);
  std::memcpy(bytes + 4, &swapped, sizeof(T));
  to.append(bytes, sizeof bytes);
}

void add_text(std::string_view text, std::string& to) {
  add_raw<uint32_t>(static_cast<uint32_t>(text.size()), to);
  to.append(text);
}

}  // namespace

RowWriter::RowWriter(const Batch& batch, std::span<const uint32_t> entries, RowShape shape,
                     std::span<const bool> json_binary)
    : batch_(batch), entries_(entries), shape_(shape), json_binary_(json_binary) {}

bool RowWriter::fill(std::string& piece) {
  piece.reserve(piece_bytes + (piece_bytes >> 3));
  if (next_ == 0) piece.append("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19);
  while (next_ < entries_.size() && piece.size() < piece_bytes) add_row(entries_[next_++], piece);
  if (next_ < entries_.size()) return true;
  add_raw<uint16_t>(0xffff, piece);
  return false;
}

void RowWriter::add_row(uint32_t number, std::string& to) {
  const Entry& entry = batch_.entries[number];
  const size_t columns = batch_.rows.columns();
  add_raw<uint16_t>(
      static_cast<uint16_t>(columns + 3 + shape_.order + shape_.version + shape_.deletion), to);
  if (shape_.order) add_field<uint32_t>(number, to);
  const size_t row = static_cast<size_t>(entry.row);
  for (size_t i = 0; i < columns; ++i) add_column(batch_.rows.column(i), row, json_binary_[i], to);
  add_text(batch_.sources[entry.source], to);
  add_field(entry.epoch, to);
  add_field(entry.sequence, to);
  if (shape_.version) add_field(entry.version, to);
  if (shape_.deletion) add_field<uint8_t>(entry.deletion ? 1 : 0, to);
}

void RowWriter::add_column(const event::Column& column, size_t row, bool jsonb, std::string& to) {
  if (column.has_nulls() && column.is_null(row)) return add_raw<uint32_t>(0xffffffff, to);
  switch (column.type()) {
    case ColumnType::boolean:
      return add_field(column.value<uint8_t>(row), to);
    case ColumnType::int16:
      return add_field(column.value<uint16_t>(row), to);
    case ColumnType::int32:
      return add_field(column.value<uint32_t>(row), to);
    case ColumnType::int64:
    case ColumnType::float64:
      return add_field(column.value<uint64_t>(row), to);
    case ColumnType::timestamp:
    case ColumnType::timestamp_tz:
      return add_field(column.value<int64_t>(row) - epoch_us, to);
    case ColumnType::date:
      return add_field(column.value<int32_t>(row) - epoch_days, to);
    case ColumnType::text:
      return add_text(column.text(row), to);
    case ColumnType::json: {
      const std::string_view text = column.text(row);
      add_raw<uint32_t>(static_cast<uint32_t>(text.size() + (jsonb ? 1 : 0)), to);
      if (jsonb) to += '\1';  // the version of its form
      to.append(text);
    }
  }
}

}  // namespace holdfast::sink::postgres
