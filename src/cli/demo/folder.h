#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace holdfast::cli::demo {

/// Makes a demo's folder ready: creates it, or removes from it what an earlier run left, by these
/// names. A folder with things in it that no demo has been in is refused, whatever they are called:
/// `logs` may be somebody else's. Nor may it have a name that means something in YAML, since it is
/// filled into a configuration.
Status prepare_folder(const std::string& folder, std::span<const std::string_view> names);

/// The configuration in the folder: `text` with the folder's name for each `variable`.
Status write_config(const std::string& folder, const std::string& name, std::string text,
                    std::string_view variable);

}  // namespace holdfast::cli::demo
