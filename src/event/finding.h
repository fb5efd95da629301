#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "event/interval_set.h"

namespace holdfast::event {

enum class FindingKind {
  lost,     // stamped, and surely not there
  doubled,  // there more than once
  unknown,  // could not be judged; the note says why
};

const char* name(FindingKind kind);

/// What the audit found wrong: which events of which source, and where.
struct Finding {
  FindingKind kind = FindingKind::unknown;
  std::string source;
  int64_t epoch = 0;
  Interval sequences;  // inclusive
  std::string where;   // the topic or store in which it was looked for, for example "topic
                       // flights.ewr", "store warehouse"
  std::string note;    // for people
  bool operator==(const Finding&) const = default;
};

/// One line of JSON: {"kind","source","epoch","first","last","count","where","note"}.
std::string to_json(const Finding& finding);
Result<Finding> parse_finding(std::string_view json);

}  // namespace holdfast::event
