#include <algorithm>
#include <map>

#include "testing/history/index.h"

/// A group's position in a partition, as a register that is written and read.
namespace holdfast::history {
namespace {

struct Written {
  Time completed;
  Time invoked;  // once sorted: the greatest of all that had completed by then
};

struct Register {
  std::vector<Written> certain;  // commits that did happen, by completion
  std::map<int64_t, Time>
      written;  // offset -> the latest completion of a commit of it (never: nobody knows)
  std::map<int64_t, Time> first_invoked;  // offset -> when it was first asked for
};

using Registers = std::map<std::pair<std::string, uint32_t>, Register>;

Outcome outcome_of(const Index& index, const OffsetCommit& commit) {
  if (commit.transaction == none) return commit.outcome;
  if (commit.outcome == Outcome::failed) return Outcome::failed;
  return index.history.transactions[commit.transaction].outcome;
}

Registers make_registers(const Index& index) {
  Registers registers;
  for (const OffsetCommit& commit : index.history.commits) {
    const Outcome outcome = outcome_of(index, commit);
    if (outcome == Outcome::failed) continue;
    Register& at = registers[{commit.group, commit.place.partition}];
    const Time completed = outcome == Outcome::ok ? commit.completed : never;
    if (completed != never) at.certain.push_back({completed, commit.invoked});
    Time& latest = at.written.try_emplace(commit.place.offset, completed).first->second;
    latest = std::max(latest, completed);
    Time& first = at.first_invoked.try_emplace(commit.place.offset, commit.invoked).first->second;
    first = std::min(first, commit.invoked);
  }
  for (auto& [name, at] : registers) {
    std::ranges::sort(at.certain, {}, &Written::completed);
    Time most = INT64_MIN;
    for (Written& write : at.certain) most = write.invoked = std::max(most, write.invoked);
  }
  return registers;
}

void check_read(const Register& at, const OffsetRead& read, Report& report) {
  const auto add = [&](Kind kind, std::string text) {
    report.add(
        {kind, read.place.partition, read.place.offset, 0, "group " + read.group + ": " + text});
  };
  // The latest start of a commit that was through before the read began: what had ended before that
  // is history.
  const auto after = std::ranges::lower_bound(at.certain, read.invoked, {}, &Written::completed);
  const Time newest = after == at.certain.begin() ? INT64_MIN : std::prev(after)->invoked;
  if (read.place.offset == no_offset) {
    if (newest != INT64_MIN)
      add(Kind::stale_offset, "a position had been committed, and none was found");
    return;
  }
  const auto written = at.written.find(read.place.offset);
  if (written == at.written.end() || at.first_invoked.at(read.place.offset) > read.completed)
    return add(Kind::unsent_offset, "nobody had committed that");
  if (written->second < newest) add(Kind::stale_offset, "a later commit was through before");
}

}  // namespace

void check_offsets(const Index& index, Report& report) {
  const Registers registers = make_registers(index);
  static const Register untouched;
  for (const OffsetRead& read : index.history.offset_reads) {
    const auto found = registers.find({read.group, read.place.partition});
    check_read(found == registers.end() ? untouched : found->second, read, report);
  }
}

}  // namespace holdfast::history
