#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "sink/cassandra/cql/bytes.h"

/// Integers of any length, and those of variable length. Pure.
namespace holdfast::cql {

/// Appends a varint: the fewest bytes of two's complement, most significant first.
void append_varint(ByteBuffer& to, int64_t number);
/// The same of decimal digits with or without a sign. False when they are no number, or more than
/// `varint_digits_max`.
inline constexpr size_t varint_digits_max = 4'096;
bool append_varint(ByteBuffer& to, std::string_view digits);
/// The inverse. Nothing when there are no bytes, or more than that many digits take.
std::optional<std::string> digits_of(ByteView varint);

/// The [vint] of durations: zigzag, the first byte's leading ones say how many bytes follow.
void append_signed_vint(ByteBuffer& to, int64_t number);
int64_t read_signed_vint(Reader& from);
/// The [unsigned vint] of lengths within vectors.
void append_unsigned_vint(ByteBuffer& to, uint64_t number);
uint64_t read_unsigned_vint(Reader& from);

}  // namespace holdfast::cql
