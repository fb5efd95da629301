#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "settings/config.h"

namespace holdfast::cli {

/// Writes to standard output and flushes. False when the reader is gone.
bool print(std::string_view text);
/// "holdfast: TEXT" on standard error.
void complain(std::string_view text);
/// Complains about an error; answers exit_failed.
int failed(const Error& error);

/// Reads a configuration for a verb that needs a good one: otherwise its faults are printed on
/// standard error and `code` is set.
std::optional<settings::Config> load_config(const std::string& path, int& code);

/// Whether a person looks at standard output, so that bars and colours are welcome (not with
/// NO_COLOR or TERM=dumb).
bool on_terminal();

/// 1234567 -> "1,234,567".
std::string grouped(int64_t number);
/// 67108864 -> "64.0 MiB".
std::string readable_bytes(uint64_t bytes);

}  // namespace holdfast::cli
