#include "settings/suggest.h"

#include <algorithm>
#include <cctype>
#include <vector>

namespace holdfast::settings {
namespace {

/// Edits between two names: insert, delete, change, or swap of two neighbours; upper and lower case
/// are the same.
size_t distance(std::string_view a, std::string_view b) {
  auto same = [](char x, char y) {
    return std::tolower(static_cast<unsigned char>(x)) ==
           std::tolower(static_cast<unsigned char>(y));
  };
  std::vector<size_t> two_back(b.size() + 1), back(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) back[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] =
          std::min({back[j] + 1, row[j - 1] + 1, back[j - 1] + (same(a[i - 1], b[j - 1]) ? 0 : 1)});
      if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1])) {
        row[j] = std::min(row[j], two_back[j - 2] + 1);
      }
    }
    std::swap(two_back, back);
    std::swap(back, row);
  }
  return back[b.size()];
}

}  // namespace

std::string suggestion(std::string_view given, std::span<const std::string> known) {
  if (given.size() > 64) return "";  // a slip of the pen is short
  const std::string* best = nullptr;
  size_t least = std::max<size_t>(1, given.size() / 3) + 1;
  for (const std::string& name : known) {
    // `server` for `bootstrap_servers`: a part of the right name counts as a near miss.
    const bool part = given.size() >= 4 && name.find(given) != std::string::npos;
    const size_t edits = part ? 1 : distance(given, name);
    if (edits < least) {
      least = edits;
      best = &name;
    }
  }
  return best == nullptr ? "" : "; did you mean \"" + *best + "\"?";
}

}  // namespace holdfast::settings
