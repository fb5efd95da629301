#pragma once

#include <fmt/core.h>

#include <string_view>
#include <utility>

namespace holdfast {

/// Levels say what an operator does: error = data is at risk or work has stopped; warning = look soon; info = a change of
/// state worth a line; debug = for us.
enum class LogLevel { debug, info, warning, error, off };  // off: only as the least level, for simulations

/// One line on standard error: time, level, component, text. Any thread. Standard output belongs to the commands' results.
void log_line(LogLevel level, std::string_view component, std::string_view text);
void set_log_level(LogLevel least);

template <class... Args>
void log_info(std::string_view component, fmt::format_string<Args...> format, Args&&... args) {
  log_line(LogLevel::info, component, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void log_warning(std::string_view component, fmt::format_string<Args...> format, Args&&... args) {
  log_line(LogLevel::warning, component, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void log_error(std::string_view component, fmt::format_string<Args...> format, Args&&... args) {
  log_line(LogLevel::error, component, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace holdfast
