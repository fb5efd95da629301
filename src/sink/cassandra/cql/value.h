#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

/// Contents of cells (native_protocol_v4.spec, section 6). Pure. A cell of the wrong size decodes
/// to nothing.
namespace holdfast::cql {

struct Uuid {
  std::array<std::byte, 16> bytes{};
  auto operator<=>(const Uuid&) const = default;
};
/// "01234567-89ab-cdef-0123-456789abcdef", any case.
std::optional<Uuid> parse_uuid(std::string_view text);
std::string text_of(const Uuid& uuid);

std::optional<int64_t> int_of(
    std::optional<ByteView> cell);  // tinyint to bigint, timestamp, varint to 64 bits
std::optional<double> double_of(std::optional<ByteView> cell);  // float and double
std::optional<bool> bool_of(std::optional<ByteView> cell);
std::optional<std::string> text_of(std::optional<ByteView> cell);
std::optional<std::string> host_of(std::optional<ByteView> cell);  // inet, numeric
std::optional<Uuid> uuid_of(std::optional<ByteView> cell);
/// Elements of a list or a set. Nothing when the cell is damaged; null is an empty one.
std::optional<std::vector<ByteView>> elements_of(std::optional<ByteView> cell);
std::optional<std::map<std::string, std::string>> text_map_of(std::optional<ByteView> cell);

/// A decimal of digits, a sign, a point, an exponent: the content of its cell. Nothing when it is
/// no number, or has more than `varint_digits_max` digits.
std::optional<ByteBuffer> decimal_from(std::string_view text);

}  // namespace holdfast::cql
