#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/os/files.h"
#include "base/result.h"
#include "settings/config.h"

namespace holdfast::settings {

/// A place in the configuration file; both count from 1, as editors do. 0 = the file as a whole.
struct Place {
  int line = 0;
  int column = 0;
};

/// Something wrong in the file. A warning is legal but surely not meant.
struct Fault {
  enum class Kind { error, warning };
  Kind kind = Kind::error;
  Place place;
  std::string path;     // for example "pipelines[0].batch.events"
  std::string message;  // with a hint where there is one
};

/// "flights.yaml:14:7: unknown key "tranform" ...": the form that editors and terminals make
/// clickable.
std::string format(const Fault& fault, std::string_view file);

/// What became of a file: the values, and everything that is wrong with them - all faults, not just
/// the first.
struct Loaded {
  Config config;  // to be used only if `usable()`
  std::string file;
  std::vector<Fault> faults;            // by place
  std::map<std::string, Place> places;  // of every key that was given, by path

  bool usable() const;
};

/// How `${NAME}` is looked up.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;
Environment process_environment();

/// Reads YAML (or JSON, which is YAML). Never throws and never stops at the first fault. Pure:
/// touches no file.
///
/// `${NAME}` and `${NAME:-default}` are replaced inside values after the YAML was read, so that a
/// variable's text can never change the structure; `$${` stands for `${`. Does NOT look whether
/// files exist or servers answer: see `holdfast check`.
Loaded load_text(std::string_view text, std::string file, const Environment& environment);

/// The same for a file. Fails only when the file cannot be read, or is larger than 4 MiB.
Result<Loaded> load_file(os::Files& files, const std::string& path, const Environment& environment);

/// The JSON Schema (draft 2020-12) of the configuration, for editors. Ends with a newline.
std::string json_schema();
/// The reference page of every setting, as Markdown: docs/guide/config.md is this text.
std::string reference();

}  // namespace holdfast::settings
