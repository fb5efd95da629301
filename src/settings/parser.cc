#include "settings/parser.h"

#include <algorithm>
#include <fmt/format.h>
#include <sstream>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include "settings/suggest.h"
#include "settings/units.h"

namespace holdfast::settings {
namespace {

constexpr int depth_max = 16;

Place place_of(const YAML::Node& node) {
  const YAML::Mark mark = node.Mark();
  return mark.is_null() ? Place{} : Place{mark.line + 1, mark.column + 1};
}

const char* kind_of(const YAML::Node& node) {
  switch (node.Type()) {
    case YAML::NodeType::Map:
      return "a mapping";
    case YAML::NodeType::Sequence:
      return "a list";
    case YAML::NodeType::Scalar:
      return "a single value";
    default:
      return "nothing";
  }
}

/// Fills the settings from one YAML mapping; a child works on each nested one, and all write to the
/// same Loaded.
class Parser final : public Visitor {
 public:
  Parser(const YAML::Node& node, std::string path, const Environment& environment, Loaded& loaded)
      : path_(std::move(path)), place_(place_of(node)), environment_(environment), loaded_(loaded) {
    for (const auto& pair : node) add_entry(pair.first, pair.second);
  }

  void text(const Key& key, std::string& value) override {
    if (auto given = scalar(key, "a text")) value = std::move(*given);
  }
  void optional_text(const Key& key, std::optional<std::string>& value) override {
    if (auto given = scalar(key, "a text (in quotes)")) value = std::move(*given);
  }

  void identifier(const Key& key, std::string& value) override {
    auto given = scalar(key, "a name");
    if (given && check_identifier(entry(key.name)->node, path_of(key.name), *given))
      value = std::move(*given);
  }

  void number(const Key& key, int64_t& value, int64_t least, int64_t most) override {
    auto given = scalar(key, "a whole number");
    if (!given) return;
    auto parsed = parse_number(*given);
    if (!parsed) return wrong(key, fmt::format("\"{}\" is not a whole number", *given));
    if (*parsed < least || *parsed > most)
      return wrong(key, fmt::format("{} is not between {} and {}", *parsed, least, most));
    value = *parsed;
  }

  void size(const Key& key, uint64_t& bytes, uint64_t least, uint64_t most) override {
    auto given = scalar(key, "a size, for example 64MiB");
    if (!given) return;
    auto parsed = parse_size(*given);
    if (!parsed)
      return wrong(key, fmt::format("\"{}\" is not a size; write for example 64MiB", *given));
    if (*parsed < least || *parsed > most) {
      return wrong(key, fmt::format("{} is not between {} and {}", *given, format_size(least),
                                    format_size(most)));
    }
    bytes = *parsed;
  }

  void duration(const Key& key, int64_t& ms, int64_t least_ms, int64_t most_ms) override {
    auto given = scalar(key, "a duration, for example 10s");
    if (!given) return;
    auto parsed = parse_duration_ms(*given);
    if (!parsed)
      return wrong(
          key,
          fmt::format("\"{}\" is not a duration; write it with its unit, for example 250ms or 10s",
                      *given));
    if (*parsed < least_ms || *parsed > most_ms) {
      return wrong(key, fmt::format("{} is not between {} and {}", *given,
                                    format_duration(least_ms), format_duration(most_ms)));
    }
    ms = *parsed;
  }

  void choice(const Key& key, size_t& index, std::span<const std::string_view> names) override {
    auto given = scalar(key, "one word");
    if (!given) return;
    auto found = std::find(names.begin(), names.end(), *given);
    if (found == names.end()) {
      const std::vector<std::string> known(names.begin(), names.end());
      return wrong(key, fmt::format("\"{}\" is not one of: {}{}", *given, fmt::join(known, ", "),
                                    suggestion(*given, known)));
    }
    index = static_cast<size_t>(found - names.begin());
  }

  void identifiers(const Key& key, std::vector<std::string>& values) override {
    const Entry* found = find(key);
    if (found == nullptr) return;
    const std::string path = path_of(key.name);
    if (!found->node.IsSequence())
      return wrong(key,
                   fmt::format("expected a list, as in [a, b], found {}", kind_of(found->node)));
    if (key.required && found->node.size() == 0) return wrong(key, "the list is empty");
    for (size_t i = 0; i < found->node.size(); ++i) {
      const YAML::Node element = found->node[i];
      const std::string element_path = fmt::format("{}[{}]", path, i);
      loaded_.places[element_path] = place_of(element);
      auto given = scalar(element, element_path, "a name");
      if (given && check_identifier(element, element_path, *given))
        values.push_back(std::move(*given));
    }
  }

  void entries(const Key& key, std::map<std::string, std::string>& values) override {
    const Entry* found = find(key);
    if (found == nullptr) return;
    if (!found->node.IsMap())
      return wrong(key, fmt::format("expected a mapping, as in {{name: value}}, found {}",
                                    kind_of(found->node)));
    Parser names(found->node, path_of(key.name), environment_, loaded_);
    for (const Entry& entry : names.entries_) {
      auto given = names.scalar(entry.node, names.path_of(entry.name), "a text");
      if (given) values[entry.name] = std::move(*given);
    }
  }

  bool object(const Key& key, const Inside& inside) override {
    const Entry* found = find(key);
    if (found == nullptr) return false;
    walk(found->node, path_of(key.name), inside);
    return true;
  }

  void list(const Key& key, const Inside& element) override {
    const Entry* found = find(key);
    if (found == nullptr) return;
    if (!found->node.IsSequence()) {
      return wrong(key, fmt::format("expected a list (each entry begins with \"- \"), found {}",
                                    kind_of(found->node)));
    }
    if (key.required && found->node.size() == 0) return wrong(key, "the list is empty");
    for (size_t i = 0; i < found->node.size(); ++i) {
      walk(found->node[i], fmt::format("{}[{}]", path_of(key.name), i), element);
    }
  }

  void exactly_one(std::initializer_list<std::string_view> names) override {
    const auto given = std::count_if(names.begin(), names.end(),
                                     [&](auto name) { return entry(name) != nullptr; });
    if (given == 1) return;
    fault(place_, path_,
          fmt::format("{} of {} must be given", given == 0 ? "one" : "only one",
                      fmt::join(names, ", ")));
  }

  /// Reports the keys that no call asked for: after the table has been walked through.
  void finish() {
    for (const Entry& entry : entries_) {
      if (entry.asked_for) continue;
      const std::string where = path_.empty() ? "" : fmt::format(" in {}", path_);
      fault(
          entry.place, path_of(entry.name),
          fmt::format("unknown key \"{}\"{}{}", entry.name, where, suggestion(entry.name, known_)));
    }
  }

 private:
  struct Entry {
    std::string name;
    Place place;
    YAML::Node node;
    bool asked_for = false;
  };

  void add_entry(const YAML::Node& key, const YAML::Node& value) {
    // yaml-cpp reads a bare `null` key as no value; here it is the setting of that name.
    const std::string name = key.IsScalar() ? key.Scalar() : key.IsNull() ? "null" : "";
    if (name.empty())
      return fault(place_of(key), path_, fmt::format("a key must be a word, not {}", kind_of(key)));
    if (entry(name) != nullptr)
      return fault(place_of(key), path_of(name), fmt::format("\"{}\" is given twice", name));
    loaded_.places[path_of(name)] = place_of(key);
    entries_.push_back({name, place_of(key), value});
  }

  Entry* entry(std::string_view name) {
    for (Entry& entry : entries_) {
      if (entry.name == name) return &entry;
    }
    return nullptr;
  }

  const Entry* find(const Key& key) {
    known_.emplace_back(key.name);
    Entry* found = entry(key.name);
    if (found == nullptr) {
      if (key.required)
        fault(place_, path_of(key.name),
              fmt::format("\"{}\" is missing{}", key.name, path_.empty() ? "" : " in " + path_));
      return nullptr;
    }
    found->asked_for = true;
    return found;
  }

  std::string path_of(std::string_view name) const {
    return path_.empty() ? std::string(name) : fmt::format("{}.{}", path_, name);
  }

  std::optional<std::string> scalar(const Key& key, std::string_view expected) {
    const Entry* found = find(key);
    if (found == nullptr) return std::nullopt;
    return scalar(found->node, path_of(key.name), expected);
  }

  /// The text of a value with its variables replaced; nothing, and a fault, if it is not a single
  /// value.
  std::optional<std::string> scalar(const YAML::Node& node, const std::string& path,
                                    std::string_view expected) {
    if (!node.IsScalar()) {
      fault(place_of(node), path, fmt::format("expected {}, found {}", expected, kind_of(node)));
      return std::nullopt;
    }
    auto replaced = replace_variables(node.Scalar(), environment_);
    if (!replaced) {
      fault(place_of(node), path, replaced.error().message);
      return std::nullopt;
    }
    return std::move(*replaced);
  }

  bool check_identifier(const YAML::Node& node, const std::string& path, const std::string& value) {
    auto legal = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
             c == '.' || c == '_' || c == '-';
    };
    const bool good = !value.empty() && value.size() <= 249 && value != "." && value != ".." &&
                      std::all_of(value.begin(), value.end(), legal);
    if (!good) {
      fault(place_of(node), path,
            fmt::format(
                "\"{}\" is not a name: 1 to 249 letters, digits, dots, dashes and underscores",
                value));
    }
    return good;
  }

  void walk(const YAML::Node& node, const std::string& path, const Inside& inside) {
    loaded_.places.try_emplace(path, place_of(node));
    if (!node.IsMap())
      return fault(place_of(node), path,
                   fmt::format("expected a mapping, found {}", kind_of(node)));
    Parser child(node, path, environment_, loaded_);
    inside(child);
    child.finish();
  }

  /// A fault at the value of a key that is there.
  void wrong(const Key& key, std::string message) {
    fault(place_of(entry(key.name)->node), path_of(key.name),
          fmt::format("{}: {}", key.name, message));
  }

  void fault(Place place, const std::string& path, std::string message) {
    loaded_.faults.push_back({Fault::Kind::error, place, path, std::move(message)});
  }

  std::vector<Entry> entries_;
  std::string path_;
  Place place_;
  const Environment& environment_;
  Loaded& loaded_;
  std::vector<std::string> known_;
};

bool too_deep(const YAML::Node& node, int depth) {
  if (depth > depth_max) return true;
  if (node.IsMap()) {
    for (const auto& pair : node) {
      if (too_deep(pair.first, depth + 1) || too_deep(pair.second, depth + 1)) return true;
    }
  } else if (node.IsSequence()) {
    for (const auto& element : node) {
      if (too_deep(element, depth + 1)) return true;
    }
  }
  return false;
}

/// Hears of a document and keeps where it begins; its content is of no interest.
class FirstMark : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark& mark) override { at = mark; }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}

  YAML::Mark at;
};

/// Asks the parser for two documents and no more: there is input (a comma, a line feed, a control
/// character) for which yaml-cpp 0.7 finds documents without end, so its LoadAll would never
/// return.
void refuse_second_document(const std::string& text, Loaded& loaded) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  FirstMark document;
  if (parser.HandleNextDocument(document) && parser.HandleNextDocument(document)) {
    loaded.faults.push_back({Fault::Kind::error,
                             {document.at.line + 1, document.at.column + 1},
                             "",
                             "a second document: one file holds one configuration"});
  }
}

void parse_checked(std::string_view text, const Environment& environment, Loaded& loaded) {
  const YAML::Node document = YAML::Load(std::string(text));
  refuse_second_document(std::string(text), loaded);
  if (document.IsNull()) {
    loaded.faults.push_back(
        {Fault::Kind::error,
         {1, 1},
         "",
         "the file is empty; `holdfast demo --config` prints one to start from"});
    return;
  }
  if (!document.IsMap()) {
    loaded.faults.push_back(
        {Fault::Kind::error, place_of(document), "",
         fmt::format("expected keys such as \"sources:\", found {}", kind_of(document))});
    return;
  }
  if (too_deep(document, 0)) {
    loaded.faults.push_back(
        {Fault::Kind::error, {1, 1}, "", fmt::format("nested deeper than {} levels", depth_max)});
    return;
  }
  Parser parser(document, "", environment, loaded);
  describe(parser, loaded.config);
  parser.finish();
}

}  // namespace

void parse_yaml(std::string_view text, const Environment& environment, Loaded& loaded) {
  try {
    parse_checked(text, environment, loaded);
  } catch (const YAML::Exception& error) {
    const Place place =
        error.mark.is_null() ? Place{1, 1} : Place{error.mark.line + 1, error.mark.column + 1};
    loaded.faults.push_back({Fault::Kind::error, place, "", "not YAML: " + error.msg});
  }
}

}  // namespace holdfast::settings
