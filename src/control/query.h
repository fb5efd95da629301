#pragma once

#include <string>

#include "base/result.h"

namespace holdfast::control {

/// The one text that a query over a DuckDB file answers. Read only.
Result<std::string> query_text(const std::string& file, const std::string& sql);

}  // namespace holdfast::control
