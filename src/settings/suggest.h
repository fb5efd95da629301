#pragma once

#include <span>
#include <string>
#include <string_view>

namespace holdfast::settings {

/// `; did you mean "transform"?` for a name that is likely a slip of one of the known ones, or
/// nothing.
std::string suggestion(std::string_view given, std::span<const std::string> known);

}  // namespace holdfast::settings
