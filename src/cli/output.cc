#include "cli/output.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fmt/format.h>
#include <unistd.h>

#include "base/log_output.h"
#include "cli/cli.h"
#include "settings/load.h"

namespace holdfast::cli {

bool print(std::string_view text) {
  return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() &&
         std::fflush(stdout) == 0;
}

void complain(std::string_view text) {
  fmt::print(stderr, "holdfast: {}\n", text);
}

int failed(const Error& error) {
  complain(error.message);
  return exit_failed;
}

std::optional<settings::Config> load_config(const std::string& path, int& code) {
  auto loaded = settings::load_file(os::real_files(), path, settings::process_environment());
  if (!loaded) {
    code = failed(loaded.error());
    return std::nullopt;
  }
  for (const settings::Fault& fault : loaded->faults)
    fmt::print(stderr, "{}\n", format(fault, loaded->file));
  if (!loaded->usable()) {
    code = exit_configuration;
    return std::nullopt;
  }
  const settings::Log& log = loaded->config.log;
  const Status output = set_log_output({.level = static_cast<LogLevel>(log.level),
                                        .json = log.format == settings::LogFormat::json,
                                        .pattern = log.pattern,
                                        .file = log.file,
                                        .bytes_max = log.bytes_max,
                                        .files_max = static_cast<uint64_t>(log.files_max)});
  if (!output) {
    code = failed(output.error());
    return std::nullopt;
  }
  return std::move(loaded->config);
}

bool on_terminal() {
  const char* terminal = std::getenv("TERM");
  return isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr &&
         (terminal == nullptr || std::strcmp(terminal, "dumb") != 0);
}

std::string grouped(int64_t number) {
  std::string digits = std::to_string(number);
  const size_t sign = number < 0 ? 1 : 0;
  for (size_t at = digits.size(); at > sign + 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

std::string readable_bytes(uint64_t bytes) {
  if (bytes < 10'000) return fmt::format("{} bytes", bytes);
  double amount = static_cast<double>(bytes);
  const char* const units[] = {"KiB", "MiB", "GiB", "TiB"};
  size_t unit = 0;
  for (amount /= 1024; amount >= 1024 && unit < 3; ++unit) amount /= 1024;
  return fmt::format("{:.1f} {}", amount, units[unit]);
}

}  // namespace holdfast::cli
