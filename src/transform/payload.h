#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "event/rows.h"

namespace holdfast::transform {

/// The column type for an SQL type name as the configuration has it (`INTEGER`, `varchar`, ...);
/// `invalid` lists the known ones.
Result<event::ColumnType> parse_type(std::string_view sql_type);

/// JSON objects into typed columns, strictly: a field that is missing or null is null; one that
/// does not fit its type is an error that names the field and shows the value. Numbers and booleans
/// may also come as texts that spell them. The whole document is checked, UTF-8 included. Threads:
/// one at a time.
class PayloadDecoder {
 public:
  explicit PayloadDecoder(const event::Schema& columns);
  ~PayloadDecoder();

  /// Appends one row, also when it fails (nulls then, so that rows stay aligned). No value (a
  /// tombstone) is a row of nulls. `value` must be followed by EventBatch::padding readable bytes.
  Status decode(const std::string_view* value, event::Rows& to);
  /// Only checks that `value` is JSON, for when there are no columns.
  static bool valid_text(std::string_view text);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace holdfast::transform
