#include <fmt/format.h>
#include <string>
#include <vector>

#include "settings/load.h"
#include "settings/units.h"
#include "settings/visitor.h"

// The reference page of all settings, out of the same table as the parser.

namespace holdfast::settings {
namespace {

/// One section a mapping: a table of its settings; nested mappings come after it as sections of
/// their own.
class ReferenceWriter final : public Visitor {
 public:
  explicit ReferenceWriter(std::string path) : path_(std::move(path)) {}

  void text(const Key& key, std::string& value) override { row(key, "text", value); }
  void optional_text(const Key& key, std::optional<std::string>&) override { row(key, "text", ""); }
  void identifier(const Key& key, std::string& value) override { row(key, "name", value); }
  void number(const Key& key, int64_t& value, int64_t least, int64_t most) override {
    row(key, fmt::format("number, {} to {}", least, most), std::to_string(value));
  }
  void size(const Key& key, uint64_t& bytes, uint64_t least, uint64_t most) override {
    row(key, fmt::format("size, {} to {}", format_size(least), format_size(most)),
        format_size(bytes));
  }
  void duration(const Key& key, int64_t& ms, int64_t least_ms, int64_t most_ms) override {
    row(key, fmt::format("duration, {} to {}", format_duration(least_ms), format_duration(most_ms)),
        format_duration(ms));
  }
  void choice(const Key& key, size_t& index, std::span<const std::string_view> names) override {
    std::string list;
    for (auto name : names) list += fmt::format("{}`{}`", list.empty() ? "" : " or ", name);
    row(key, list, std::string(names[index]));
  }
  void identifiers(const Key& key, std::vector<std::string>&) override {
    row(key, "list of names", "");
  }
  void entries(const Key& key, std::map<std::string, std::string>&) override {
    row(key, "mapping of texts", "");
  }
  bool object(const Key& key, const Inside& inside) override {
    nested(key, "mapping", "", inside);
    return true;
  }
  void list(const Key& key, const Inside& element) override {
    nested(key, "list of mappings", "[]", element);
  }
  void exactly_one(std::initializer_list<std::string_view> names) override {
    note_ = fmt::format("\nExactly one of `{}` must be given.\n", fmt::join(names, "`, `"));
  }

  std::string page() const {
    std::string head = path_.empty() ? "" : fmt::format("\n## `{}`\n\n", path_);
    return head + "| setting | what it takes | default | what it is for |\n|---|---|---|---|\n" +
           rows_ + note_ + sections_;
  }

 private:
  void row(const Key& key, const std::string& takes, const std::string& default_value) {
    const std::string standard = key.required            ? "**required**"
                                 : default_value.empty() ? ""
                                                         : "`" + default_value + "`";
    rows_ += fmt::format("| `{}` | {} | {} | {} |\n", key.name, takes, standard, key.about);
  }

  void nested(const Key& key, const std::string& takes, const char* suffix, const Inside& inside) {
    row(key, takes, "");
    ReferenceWriter child(
        fmt::format("{}{}{}{}", path_, path_.empty() ? "" : ".", key.name, suffix));
    inside(child);
    sections_ += child.page();
  }

  std::string path_, rows_, note_, sections_;
};

constexpr const char* introduction = R"(# Configuration

One YAML file says everything. `holdfast check FILE` reports every fault with its line and column; `holdfast check --schema`
prints the JSON Schema for your editor. This page is generated from the program's own table (`holdfast check --reference`).

- An unknown key is an error, so that a slip of the pen cannot pass for a default.
- `${NAME}` and `${NAME:-default}` are replaced inside values by environment variables; `$${` stands for a plain `${`.
- Sizes: `64MiB`, `1GB`, or a number of bytes. Durations carry their unit: `250ms`, `10s`, `5m`, `1h`.
- Relative paths count from the folder in which the program was started.

)";

}  // namespace

std::string reference() {
  Config defaults;
  ReferenceWriter writer("");
  describe(writer, defaults);
  return introduction + writer.page();
}

}  // namespace holdfast::settings
