#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "sink/api/sink.h"

namespace holdfast::sink::postgres {

/// Which columns follow those of the schema.
struct RowShape {
  bool order = false;     // first of all: the entry's number, int4
  bool version = false;   // behind the stamp: int8
  bool deletion = false;  // behind the version: bool
};

/// Writes rows of a batch in the form of COPY ... (FORMAT binary), a quarter of a MiB at a time.
/// Threads: a value; it borrows all that it is given.
class RowWriter {
 public:
  /// `json_binary`: JSON columns are of the type jsonb, one flag a column.
  RowWriter(const Batch& batch, std::span<const uint32_t> entries, RowShape shape,
            std::span<const bool> json_binary);
  /// Adds the next piece; false when it was the last.
  bool fill(std::string& piece);

 private:
  void add_row(uint32_t entry, std::string& to);
  void add_column(const event::Column& column, size_t row, bool jsonb, std::string& to);

  const Batch& batch_;
  std::span<const uint32_t> entries_;
  const RowShape shape_;
  std::span<const bool> json_binary_;
  size_t next_ = 0;
};

}  // namespace holdfast::sink::postgres
