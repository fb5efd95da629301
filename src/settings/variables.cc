#include <algorithm>
#include <cctype>
#include <cstdlib>

#include "settings/parser.h"

namespace holdfast::settings {
namespace {

bool is_name(std::string_view name) {
  auto legal = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; };
  return !name.empty() && std::isdigit(static_cast<unsigned char>(name[0])) == 0 &&
         std::all_of(name.begin(), name.end(), legal);
}

/// The value of what stands between `${` and `}`.
Result<std::string> resolve(std::string_view inside, const Environment& environment) {
  const size_t split = inside.find(":-");
  const std::string name(inside.substr(0, split));
  if (!is_name(name)) {
    return fail(ErrorCode::invalid,
                "\"${" + std::string(inside) + "}\" names no variable; write $${ for a plain ${");
  }
  auto value = environment(name);
  // As in a shell, `:-` also replaces a variable that is set but empty.
  if (split != std::string_view::npos && (!value || value->empty()))
    return std::string(inside.substr(split + 2));
  if (!value) {
    return fail(
        ErrorCode::not_found,
        "variable " + name + " is not set; set it, or give a default: ${" + name + ":-default}");
  }
  return std::move(*value);
}

}  // namespace

Result<std::string> replace_variables(std::string_view text, const Environment& environment) {
  std::string result;
  while (true) {
    const size_t at = text.find("${");
    if (at == std::string_view::npos) return result.append(text);
    if (at > 0 && text[at - 1] == '$') {  // $${ stands for ${
      result.append(text.substr(0, at - 1)).append("${");
      text.remove_prefix(at + 2);
      continue;
    }
    const size_t end = text.find('}', at);
    if (end == std::string_view::npos)
      return fail(ErrorCode::invalid, "\"${\" without its \"}\"; write $${ for a plain ${");
    result.append(text.substr(0, at));
    result += HOLDFAST_TRY(resolve(text.substr(at + 2, end - at - 2), environment));
    text.remove_prefix(end + 1);
  }
}

Environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  };
}

}  // namespace holdfast::settings
