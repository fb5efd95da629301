#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "sink/cassandra/cql/type.h"

/// Values as texts. Pure.
namespace holdfast::cql {

/// Types whose value is one thing: all but lists, sets, maps, tuples, user types and vectors.
bool is_scalar(TypeCode code);

/// Appends what the text stands for as a [value] of a scalar type. `invalid` when it is no such
/// value. Numbers in digits, `true` and `false`; dates as 2024-02-29, times as 23:59:59.123456789,
/// time stamps as both with a T or a blank between them and Z or +01:00 behind (UTC without);
/// durations as 1y2mo3w4d5h6m7s8ms9us10ns; a blob is the text's own bytes.
Status append_literal(ByteBuffer& to, std::string_view text, const Type& type);

/// The inverse, for all types, as CQL writes them: [1, 2], {a: 1}, (1, null), 0x00ff. Nothing when
/// the cell is damaged. A null is "null".
std::optional<std::string> literal_of(const Type& type, std::optional<ByteView> cell);

}  // namespace holdfast::cql
