#include "settings/load.h"

#include <algorithm>
#include <fmt/format.h>

#include "settings/parser.h"

namespace holdfast::settings {

constexpr uint64_t file_bytes_max = 4ull << 20;

std::string format(const Fault& fault, std::string_view file) {
  const char* kind = fault.kind == Fault::Kind::warning ? "warning: " : "";
  if (fault.place.line == 0) return fmt::format("{}: {}{}", file, kind, fault.message);
  return fmt::format("{}:{}:{}: {}{}", file, fault.place.line, fault.place.column, kind,
                     fault.message);
}

bool Loaded::usable() const {
  return std::none_of(faults.begin(), faults.end(),
                      [](const Fault& f) { return f.kind == Fault::Kind::error; });
}

Loaded load_text(std::string_view text, std::string file, const Environment& environment) {
  Loaded loaded;
  loaded.file = std::move(file);
  parse_yaml(text, environment, loaded);
  check_references(loaded);
  std::stable_sort(loaded.faults.begin(), loaded.faults.end(), [](const Fault& a, const Fault& b) {
    return std::pair(a.place.line, a.place.column) < std::pair(b.place.line, b.place.column);
  });
  return loaded;
}

Result<Loaded> load_file(os::Files& files, const std::string& path,
                         const Environment& environment) {
  auto bytes = os::read_file(files, path, file_bytes_max);
  if (!bytes)
    return fail(bytes.error().code,
                fmt::format("cannot read the configuration {}: {}", path, bytes.error().message));
  return load_text(as_text(*bytes), path, environment);
}

}  // namespace holdfast::settings
