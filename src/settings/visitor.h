#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::settings {

/// One setting: its name, what it is for (one or two sentences, shown in the schema and the
/// reference), whether it must be given.
struct Key {
  std::string_view name;
  std::string_view about;
  bool required = false;
};

/// Walks through the table of all settings (table.cc). The parser fills the values in; the schema
/// and the reference read names, ranges and defaults out of the same calls, so that the three
/// cannot disagree.
///
/// Values come in holding their default. Threads: one at a time.
class Visitor {
 public:
  using Inside = std::function<void(Visitor&)>;

  virtual ~Visitor() = default;
  virtual void text(const Key& key, std::string& value) = 0;
  virtual void optional_text(const Key& key, std::optional<std::string>& value) = 0;
  /// A name of the form [a-zA-Z0-9._-]+, at most 249 characters (Kafka's rule for topics).
  virtual void identifier(const Key& key, std::string& value) = 0;
  virtual void number(const Key& key, int64_t& value, int64_t least, int64_t most) = 0;
  /// Bytes: "64MiB", "1GB", or a bare number.
  virtual void size(const Key& key, uint64_t& bytes, uint64_t least, uint64_t most) = 0;
  /// Milliseconds: "250ms", "10s", "5m", "1h".
  virtual void duration(const Key& key, int64_t& ms, int64_t least_ms, int64_t most_ms) = 0;
  virtual void choice(const Key& key, size_t& index, std::span<const std::string_view> names) = 0;
  virtual void identifiers(const Key& key, std::vector<std::string>& values) = 0;
  /// Names of the user's own choice, each with a text.
  virtual void entries(const Key& key, std::map<std::string, std::string>& values) = 0;
  /// A nested mapping. `inside` runs if it is there, or always when the settings are only listed.
  /// Answers whether it ran.
  virtual bool object(const Key& key, const Inside& inside) = 0;
  /// A list of mappings; `element` runs once for each.
  virtual void list(const Key& key, const Inside& element) = 0;
  /// Of these keys of the current mapping exactly one must be given.
  virtual void exactly_one(std::initializer_list<std::string_view> names) = 0;
};

struct Config;
/// The table: every setting there is.
void describe(Visitor& visitor, Config& config);

}  // namespace holdfast::settings
