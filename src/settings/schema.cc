#include <fmt/format.h>
#include <string>
#include <vector>

#include "settings/load.h"
#include "settings/units.h"
#include "settings/visitor.h"

// The JSON Schema of the configuration, out of the same table as the parser.

namespace holdfast::settings {
namespace {

std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + '"';
}

/// Writes one mapping as a schema object; a child writes each nested one.
class SchemaWriter final : public Visitor {
 public:
  explicit SchemaWriter(int depth) : depth_(depth) {}

  void text(const Key& key, std::string& value) override {
    add(key, R"("type": ["string", "number", "boolean"])" + default_of(key, quoted(value)));
  }
  void optional_text(const Key& key, std::optional<std::string>&) override {
    add(key, R"("type": ["string", "number", "boolean"])");
  }
  void identifier(const Key& key, std::string& value) override {
    add(key, std::string(name_schema) + default_of(key, quoted(value)));
  }
  void number(const Key& key, int64_t& value, int64_t least, int64_t most) override {
    add(key, fmt::format(R"("anyOf": [{{"type": "integer", "minimum": {}, "maximum": {}}}, {}])",
                         least, most, variable) +
                 default_of(key, std::to_string(value)));
  }
  void size(const Key& key, uint64_t& bytes, uint64_t, uint64_t) override {
    add(key,
        fmt::format(
            R"("anyOf": [{{"type": "integer", "minimum": 0}}, {{"type": "string", "pattern": "^[0-9_]+ *([kKmMgGtT]i?)?[bB]?$"}}, {}])",
            variable) +
            default_of(key, quoted(format_size(bytes))));
  }
  void duration(const Key& key, int64_t& ms, int64_t, int64_t) override {
    add(key,
        fmt::format(
            R"("anyOf": [{{"const": 0}}, {{"type": "string", "pattern": "^(0|[0-9_]+ *(ms|s|m|h|d))$"}}, {}])",
            variable) +
            default_of(key, quoted(format_duration(ms))));
  }
  void choice(const Key& key, size_t& index, std::span<const std::string_view> names) override {
    std::string list;
    for (auto name : names) list += (list.empty() ? "" : ", ") + quoted(name);
    add(key, fmt::format(R"("anyOf": [{{"enum": [{}]}}, {}])", list, variable) +
                 default_of(key, quoted(names[index])));
  }
  void identifiers(const Key& key, std::vector<std::string>&) override {
    add(key, fmt::format(R"("type": "array", "items": {{{}}})", name_schema) +
                 (key.required ? R"(, "minItems": 1)" : ""));
  }
  void entries(const Key& key, std::map<std::string, std::string>&) override {
    add(key,
        R"("type": "object", "additionalProperties": {"type": ["string", "number", "boolean"]})");
  }
  bool object(const Key& key, const Inside& inside) override {
    SchemaWriter child(depth_ + 1);
    inside(child);
    add(key, child.body());
    return true;
  }
  void list(const Key& key, const Inside& element) override {
    SchemaWriter child(depth_ + 1);
    element(child);
    add(key, fmt::format(R"("type": "array", "items": {{{}}})", child.body()) +
                 (key.required ? R"(, "minItems": 1)" : ""));
  }
  void exactly_one(std::initializer_list<std::string_view> names) override {
    for (auto name : names)
      one_of_ +=
          fmt::format(R"({}{{"required": [{}]}})", one_of_.empty() ? "" : ", ", quoted(name));
  }

  std::string body() const {
    const std::string margin(static_cast<size_t>(depth_) * 2, ' ');
    std::string result = R"("type": "object", "additionalProperties": false, )";
    if (!required_.empty()) result += fmt::format(R"("required": [{}], )", required_);
    if (!one_of_.empty()) result += fmt::format(R"("oneOf": [{}], )", one_of_);
    return result + fmt::format("\"properties\": {{\n{}\n{}}}", properties_, margin);
  }

 private:
  static constexpr std::string_view variable = R"({"type": "string", "pattern": "\\$\\{"})";
  static constexpr std::string_view name_schema =
      R"("type": ["string", "integer"], "pattern": "^([a-zA-Z0-9._-]{1,249}|.*\\$\\{.*)$")";

  static std::string default_of(const Key& key, const std::string& json) {
    return key.required ? "" : R"(, "default": )" + json;
  }

  void add(const Key& key, const std::string& schema) {
    const std::string margin(static_cast<size_t>(depth_) * 2 + 2, ' ');
    if (key.required) required_ += (required_.empty() ? "" : ", ") + quoted(key.name);
    properties_ +=
        fmt::format("{}{}{}: {{\"description\": {}, {}}}", properties_.empty() ? "" : ",\n", margin,
                    quoted(key.name), quoted(key.about), schema);
  }

  int depth_;
  std::string properties_, required_, one_of_;
};

}  // namespace

std::string json_schema() {
  Config defaults;
  SchemaWriter writer(0);
  describe(writer, defaults);
  return "{\"$schema\": \"https://json-schema.org/draft/2020-12/schema\", \"title\": \"Holdfast "
         "configuration\",\n" +
         writer.body() + "}\n";
}

}  // namespace holdfast::settings
