#include "sink/api/sink.h"

#include <algorithm>

namespace holdfast::sink {

const char* name(Outcome outcome) {
  switch (outcome) {
    case Outcome::applied:
      return "applied";
    case Outcome::superseded:
      return "superseded";
    case Outcome::unavailable:
      return "unavailable";
    case Outcome::rejected:
      return "rejected";
    case Outcome::unknown:
      return "unknown";
  }
  return "?";
}

const char* name(Held held) {
  switch (held) {
    case Held::present:
      return "present";
    case Held::superseded:
      return "superseded";
    case Held::missing:
      return "missing";
  }
  return "?";
}

Result<std::vector<Held>> Sink::confirm(const Batch&) {
  return fail(ErrorCode::invalid, "this store cannot read single events back");
}

bool Written::has(Outcome outcome) const {
  return std::ranges::find(outcomes, outcome) != outcomes.end();
}

bool Written::complete() const {
  return std::ranges::all_of(
      outcomes, [](Outcome o) { return o == Outcome::applied || o == Outcome::superseded; });
}

}  // namespace holdfast::sink
