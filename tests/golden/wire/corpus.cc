#include "tests/golden/wire/corpus.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/check.h"

namespace holdfast::golden {
namespace {

ByteBuffer from_hex(const std::string& hex) {
  if (hex == "-") return {};
  ByteBuffer bytes(hex.size() / 2);
  for (size_t i = 0; i < bytes.size(); ++i) {
    unsigned value = 0;
    auto end = std::from_chars(hex.data() + 2 * i, hex.data() + 2 * i + 2, value, 16);
    HOLDFAST_CHECK(end.ptr == hex.data() + 2 * i + 2);
    bytes[i] = static_cast<std::byte>(value);
  }
  return bytes;
}

}  // namespace

std::string Entry::label() const {
  return direction + " version " + std::to_string(version) + " " + variant;
}

std::vector<Entry> entries_of(const std::string& api) {
  std::vector<Entry> entries;
  std::ifstream file(HOLDFAST_GOLDEN_CORPUS "/" + api + ".txt");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with('#')) continue;
    std::istringstream words(line);
    Entry entry;
    std::string hex;
    words >> entry.direction >> entry.version >> entry.variant >> hex >> std::ws;
    std::getline(words, entry.text);
    entry.bytes = from_hex(hex);
    entries.push_back(std::move(entry));
  }
  return entries;
}

std::vector<std::string> apis_in_corpus() {
  std::vector<std::string> names;
  for (const auto& file : std::filesystem::directory_iterator(HOLDFAST_GOLDEN_CORPUS)) {
    names.push_back(file.path().stem());
  }
  std::ranges::sort(names);
  return names;
}

}  // namespace holdfast::golden
