#include "cli/demo/screen.h"

#include <fmt/format.h>

#include "base/os/clock.h"
#include "cli/output.h"
#include "cli/progress.h"

namespace holdfast::cli::demo {
namespace {

constexpr int64_t bars_every_ms = 80;
constexpr int64_t line_every_ms = 2'000;

std::string line_of(const Screen::Bar& bar_of) {
  return fmt::format("  {:<9} [{}] {:>3.0f} %  {}", bar_of.name, bar(bar_of.share, 30),
                     100 * bar_of.share, bar_of.text);
}

}  // namespace

Screen::Screen(bool quiet)
    : quiet_(quiet), live_(!quiet && on_terminal()), begun_ms_(os::real_clock().steady_ms()) {}

void Screen::say(const std::string& line) {
  if (quiet_) return;
  wipe();
  print(line + "\n");
  if (!last_.empty()) show(last_);
}

void Screen::show(const std::vector<Bar>& bars) {
  if (quiet_) return;
  last_ = bars;
  const int64_t now_ms = os::real_clock().steady_ms();
  if (now_ms - shown_ms_ < (live_ ? bars_every_ms : line_every_ms) && !(live_ && bars_ == 0))
    return;
  shown_ms_ = now_ms;
  wipe();
  std::string text;
  if (live_) {
    for (const Bar& one : bars) text += line_of(one) + "\n";
    bars_ = bars.size();
  } else {
    text = fmt::format("  {:>7}", elapsed());
    for (const Bar& one : bars) text += fmt::format("  {} {:.0f} %", one.name, 100 * one.share);
    text += "\n";
  }
  print(text);
}

void Screen::settle() {
  last_.clear();
  bars_ = 0;
}

std::string Screen::elapsed() const {
  return fmt::format("{:.1f} s",
                     static_cast<double>(os::real_clock().steady_ms() - begun_ms_) / 1000);
}

void Screen::wipe() {
  if (bars_ > 0) print(fmt::format("\x1b[{}A\x1b[J", bars_));
  bars_ = 0;
}

}  // namespace holdfast::cli::demo
