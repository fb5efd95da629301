#include "cli/demo/folder.h"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>

#include "base/os/files.h"

namespace holdfast::cli::demo {
namespace {

namespace fs = std::filesystem;

/// Each demo writes its configuration first and removes it last.
constexpr std::string_view configs[] = {"flights.yaml", "datacentres.yaml"};

bool plain(char c) {
  constexpr std::string_view marks = "/._-+=~ ";
  return std::isalnum(static_cast<unsigned char>(c)) || static_cast<unsigned char>(c) >= 0x80 ||
         marks.find(c) != std::string_view::npos;
}

bool holds_a_demo(const std::string& folder) {
  std::error_code error;
  return std::ranges::any_of(
      configs, [&](std::string_view name) { return fs::exists(fs::path(folder) / name, error); });
}

}  // namespace

Status prepare_folder(const std::string& folder, std::span<const std::string_view> names) {
  if (folder.empty() || !std::ranges::all_of(folder, plain))
    return fail(
        ErrorCode::invalid,
        fmt::format("\"{}\" goes into a configuration: choose a --folder with plain letters",
                    folder));
  std::error_code error;
  if (fs::exists(folder, error) && !fs::is_empty(folder, error) && !holds_a_demo(folder))
    return fail(ErrorCode::invalid,
                fmt::format("{} holds other things, which a demo might remove; choose an empty "
                            "folder with --folder",
                            folder));
  for (const std::string_view name : names) {
    fs::remove_all(fs::path(folder) / name, error);
    if (error)
      return fail(ErrorCode::io, fmt::format("cannot remove {}/{} of an earlier run: {}", folder,
                                             name, error.message()));
  }
  return os::real_files().create_directories(folder);
}

Status write_config(const std::string& folder, const std::string& name, std::string text,
                    std::string_view variable) {
  for (size_t at = 0; (at = text.find(variable, at)) != std::string::npos; at += folder.size())
    text.replace(at, variable.size(), folder);
  return os::replace_file(os::real_files(), folder + "/" + name, as_bytes(text));
}

}  // namespace holdfast::cli::demo
