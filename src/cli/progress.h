#pragma once

#include <string>

#include "control/service.h"

namespace holdfast::cli {

/// One line for a person: "captured 112,000  shipped 100,000  delivered 90,000 ...".
std::string progress_line(const control::ServiceProgress& progress);
/// One JSON object for a supervisor; the members are in docs/guide/cli.md.
std::string progress_json(const control::ServiceProgress& progress);

/// A bar of `width` characters for a share between 0 and 1: "######----".
std::string bar(double share, size_t width);

}  // namespace holdfast::cli
