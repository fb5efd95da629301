#pragma once

#include <string>
#include <string_view>

namespace holdfast::audit {

/// SHA-256 of `first` followed by `second`, as 64 lower-case hexadecimal digits.
std::string sha256(std::string_view first, std::string_view second = {});

}  // namespace holdfast::audit
