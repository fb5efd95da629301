#include "testing/history/check.h"

#include <algorithm>
#include <array>

#include "testing/history/index.h"

namespace holdfast::history {

const char* name(Kind kind) {
  static constexpr std::array<const char*, kinds> names = {
      "lost_write",      "duplicate",         "inconsistent_offset", "unsent_value",
      "aborted_read",    "precommitted_read", "poll_skip",           "nonmonotonic_poll",
      "reordered_write", "torn_transaction",  "stale_read",          "stale_offset",
      "unsent_offset",   "double_effect",     "lost_effect",         "stale_key"};
  return names[static_cast<size_t>(kind)];
}

uint64_t Report::count(Kind kind) const {
  return static_cast<uint64_t>(std::ranges::count(findings, kind, &Finding::kind));
}

Report check(const History& history) {
  const Index index(history);
  Report report;
  check_writes(index, report);
  check_reads(index, report);
  check_ends(index, report);
  check_transactions(index, report);
  check_keys(index, report);
  check_offsets(index, report);
  return report;
}

}  // namespace holdfast::history
