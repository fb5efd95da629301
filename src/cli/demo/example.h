#pragma once

#include <string_view>

namespace holdfast::cli::demo {

/// examples/flights.yaml, as it was when the program was built.
extern const std::string_view example_config;

}  // namespace holdfast::cli::demo
