#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace holdfast::duckdb {

/// The physical types we read and write. `other` is everything else: cast it in SQL.
enum class Type : uint8_t {
  boolean,       // bool
  int8,          // int8_t
  int16,         // int16_t
  int32,         // int32_t
  int64,         // int64_t
  float32,       // float
  float64,       // double
  text,          // Text (VARCHAR, JSON)
  blob,          // Text
  timestamp,     // int64_t, microseconds since 1970
  timestamp_tz,  // int64_t, microseconds since 1970 UTC
  date,          // int32_t, days since 1970-01-01
  other,
};

/// A string as DuckDB's vectors hold it: up to 12 bytes inside, longer ones by pointer. `borrow`
/// copies nothing that is longer: the bytes must live until DuckDB has taken the chunk (appender)
/// or the query has ended (virtual table). The bytes of a `text` must be valid UTF-8: DuckDB does
/// not check what comes by this way.
struct Text {
  uint32_t length = 0;
  char inlined[4] = {};
  union {
    char rest[8] = {};
    const char* pointer;
  };

  static Text borrow(std::string_view from) {
    Text text;
    text.length = static_cast<uint32_t>(from.size());
    if (from.size() <= 12) {
      std::memcpy(reinterpret_cast<char*>(&text) + 4, from.data(), from.size());
    } else {
      std::memcpy(text.inlined, from.data(), 4);
      text.pointer = from.data();
    }
    return text;
  }
  std::string_view view() const {
    return {length <= 12 ? reinterpret_cast<const char*>(this) + 4 : pointer, length};
  }
};
static_assert(sizeof(Text) == 16);

/// How many rows a chunk can hold.
inline constexpr size_t rows_per_chunk = 2048;

/// One column of a result chunk. Valid as long as the chunk is. A set bit in `validity` means "not
/// null"; no pointer: no nulls.
struct VectorView {
  const void* data = nullptr;
  const uint64_t* validity = nullptr;

  template <class T>
  const T* as() const {
    return static_cast<const T*>(data);
  }
  bool valid(size_t row) const {
    return validity == nullptr || (validity[row / 64] >> (row % 64) & 1) != 0;
  }
};

/// One column of a chunk to be filled.
class VectorWriter {
 public:
  VectorWriter(void* vector, void* data) : vector_(vector), data_(data) {}
  template <class T>
  T* as() const {
    return static_cast<T*>(data_);
  }
  void set_null(size_t row) {
    if (validity_ == nullptr) make_validity();
    validity_[row / 64] &= ~(1ull << (row % 64));
  }

 private:
  void make_validity();
  void* vector_;
  void* data_;
  uint64_t* validity_ = nullptr;
};

}  // namespace holdfast::duckdb
