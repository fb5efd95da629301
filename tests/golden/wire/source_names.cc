#include "tests/golden/wire/source_names.h"

#include <cctype>
#include <fstream>
#include <map>
#include <vector>

#include "base/check.h"

namespace holdfast::golden {
namespace {

const std::vector<std::string>& lines_of(const std::string& path) {
  static std::map<std::string, std::vector<std::string>> files;
  auto [found, is_new] = files.try_emplace(path);
  if (is_new) {
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) found->second.push_back(line);
    HOLDFAST_CHECK(!found->second.empty());
  }
  return found->second;
}

}  // namespace

std::string member_at(const std::source_location& place) {
  const std::string& line = lines_of(place.file_name()).at(place.line() - 1);
  // One field a line: "codec.field(m.NAME" or "codec.tagged(3, m.NAME".
  size_t start = line.find("m.", line.find("codec.") + 6);
  HOLDFAST_CHECK(start != std::string::npos);
  size_t end = start += 2;
  while (end < line.size() &&
         (std::isalnum(static_cast<unsigned char>(line[end])) || line[end] == '_'))
    ++end;
  return line.substr(start, end - start);
}

}  // namespace holdfast::golden
