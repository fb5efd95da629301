#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "event/rows.h"
#include "sink/cassandra/cql/type.h"

namespace holdfast::sink {

/// Whether values of that kind can become cells of that type at all. A value may still not fit: out
/// of range, no UUID.
bool convertible(event::ColumnType from, const cql::Type& to);

/// Appends the value as a [value] with its size. `invalid`, with why, when it does not fit.
Status append_cell(ByteBuffer& to, const event::Column& column, size_t row, const cql::Type& type);
/// The same of a text, for elements of lists.
Status append_text_cell(ByteBuffer& to, std::string_view text, const cql::Type& type);

/// The value as conditions compare it: numbers in digits, `true` and `false`, null as "".
std::string text_of_field(const event::Column& column, size_t row);

/// The elements of a JSON list, as texts. `invalid` when it is none, or holds lists or objects.
Result<std::vector<std::string>> list_elements(std::string_view json);

}  // namespace holdfast::sink
