#pragma once

#include <set>
#include <string>
#include <vector>

#include "settings/load.h"
#include "settings/visitor.h"

namespace YAML {
class Node;
}

namespace holdfast::settings {

/// Fills the settings from one YAML mapping. A child parser works on each nested mapping; all write to the same `Loaded`.
/// Not for use outside of this module: yaml-cpp throws, and `load_text` is the edge that catches.
class Parser final : public Visitor {
 public:
  /// `path` is empty for the whole file. `node` must be a mapping.
  Parser(const YAML::Node& node, std::string path, const Environment& environment, Loaded& loaded);

  void text(const Key& key, std::string& value) override;
  void optional_text(const Key& key, std::optional<std::string>& value) override;
  void identifier(const Key& key, std::string& value) override;
  void number(const Key& key, int64_t& value, int64_t least, int64_t most) override;
  void size(const Key& key, uint64_t& bytes, uint64_t least, uint64_t most) override;
  void duration(const Key& key, int64_t& ms, int64_t least_ms, int64_t most_ms) override;
  void choice(const Key& key, size_t& index, std::span<const std::string_view> names) override;
  void identifiers(const Key& key, std::vector<std::string>& values) override;
  void entries(const Key& key, std::map<std::string, std::string>& values) override;
  bool object(const Key& key, const Inside& inside) override;
  void list(const Key& key, const Inside& element) override;
  void exactly_one(std::initializer_list<std::string_view> names) override;

  /// Reports the keys that no call asked for. Call it when the table has been walked through.
  void finish();

 private:
  struct Entry;

  /// The entry of a key, or null; reports a required one that is missing.
  const Entry* find(const Key& key);
  std::string path_of(std::string_view name) const;
  /// The text of a scalar with variables replaced; nothing (and a fault) if it is none.
  std::optional<std::string> scalar(const YAML::Node& node, const std::string& path, std::string_view expected);
  std::optional<std::string> scalar(const Key& key, std::string_view expected);
  bool check_identifier(const YAML::Node& node, const std::string& path, const std::string& value);
  void walk(const YAML::Node& node, const std::string& path, const Inside& inside);
  void fault(Place place, const std::string& path, std::string message);

  std::vector<Entry> entries_;
  std::string path_;
  Place place_;
  const Environment& environment_;
  Loaded& loaded_;
  std::vector<std::string> known_;
};

}  // namespace holdfast::settings
