#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace holdfast::cli::demo {

/// What the demo shows: lines that stay, and on a terminal bars below them that renew themselves.
/// In a pipe: lines only.
class Screen {
 public:
  struct Bar {
    std::string name;
    double share = 0;
    std::string text;
  };

  explicit Screen(bool quiet);
  /// A line that stays.
  void say(const std::string& line);
  /// The bars as they are now; in a pipe a line every two seconds.
  void show(const std::vector<Bar>& bars);
  /// The bars are done with; the last ones stay.
  void settle();
  /// Seconds since the beginning, "12.3 s".
  std::string elapsed() const;

 private:
  void wipe();

  const bool quiet_;
  const bool live_;
  const int64_t begun_ms_;
  int64_t shown_ms_ = 0;
  size_t bars_ = 0;  // lines on the terminal that the next bars replace
  std::vector<Bar> last_;
};

}  // namespace holdfast::cli::demo
