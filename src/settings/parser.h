#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "settings/load.h"
#include "settings/visitor.h"

namespace holdfast::settings {

/// Walks the table over the YAML text: fills `loaded.config`, `faults` and `places`. The only part
/// that knows yaml-cpp, whose exceptions end here.
void parse_yaml(std::string_view text, const Environment& environment, Loaded& loaded);

/// Puts variables in: `${NAME}`, `${NAME:-default}`, and `$${` for `${`. Fails with `not_found` for
/// a variable that is not set and has no default, and with `invalid` for a bad form.
Result<std::string> replace_variables(std::string_view text, const Environment& environment);

/// What only several settings together can show: names given twice, topics that nobody fills, paths
/// used by two.
void check_references(Loaded& loaded);

}  // namespace holdfast::settings
