#include <algorithm>
#include <map>
#include <span>

#include "testing/history/index.h"

/// What each reader saw: records that it should not have seen, and such that it passed over.
namespace holdfast::history {
namespace {

void check_record(const Index& index, const Poll& poll, const Record& record, Report& report) {
  const uint32_t number = index.send_with(record.value);
  if (number == none) return;  // named with the writes
  const Send& send = index.history.sends[number];
  const auto add = [&](Kind kind, const char* text) {
    report.add({kind, poll.partition, record.offset, record.value, text});
  };
  if (send.transaction == none || !poll.committed_only) {
    if (send.outcome == Outcome::failed) add(Kind::aborted_read, "its send had failed for certain");
    return;
  }
  const Transaction& transaction = index.history.transactions[send.transaction];
  if (transaction.outcome == Outcome::failed)
    add(Kind::aborted_read, "its transaction was not committed");
  else if (poll.completed < transaction.commit_invoked)
    add(Kind::precommitted_read, "read before its commit was asked for");
}

/// Nobody was told how its transaction ended: then its other parts speak, see torn_transaction.
bool undecided(const Index& index, const Send& send) {
  return send.transaction != none &&
         index.history.transactions[send.transaction].outcome == Outcome::unknown;
}

/// Every record that was there for this reader must be in the poll.
void check_whole(const Index& index, const Poll& poll, Report& report) {
  size_t next = 0;
  for (const Known& entry : index.range(poll.partition, poll.from, poll.to)) {
    while (next < poll.records.size() && poll.records[next].offset < entry.offset) ++next;
    if (next < poll.records.size() && poll.records[next].offset == entry.offset) continue;
    const Send* send = index.send_of(entry);
    if (!send || !index.seen[entry.send]) continue;  // lost for all: named with the writes
    if (!index.visible(*send, poll.committed_only)) continue;
    const bool too_young =
        !poll.committed_only && poll.stable != no_offset && entry.offset >= poll.stable;
    if (too_young ? index.trimmed(*send, entry.offset) : index.may_be_gone(*send, entry.offset))
      continue;
    if (poll.committed_only && undecided(index, *send) && !index.seen_committed[entry.send])
      continue;
    report.add({Kind::poll_skip, poll.partition, entry.offset, entry.value,
                "consumer " + std::to_string(poll.consumer) + " read " + std::to_string(poll.from) +
                    " to " + std::to_string(poll.to) + " without it"});
  }
}

bool check_within(const Poll& poll, Report& report) {
  bool rises = true;
  int64_t last = poll.from - 1;
  for (const Record& record : poll.records) {
    if (record.offset <= last || record.offset >= poll.to) {
      rises = false;
      report.add(
          {Kind::nonmonotonic_poll, poll.partition, record.offset, record.value,
           "within one poll from " + std::to_string(poll.from) + " to " + std::to_string(poll.to)});
    }
    last = record.offset;
  }
  return rises;
}

void check_step(const Index& index, const Poll& before, const Poll& poll, Report& report) {
  if (poll.from < before.to) {
    report.add(
        {Kind::nonmonotonic_poll, poll.partition, poll.from, 0,
         "consumer " + std::to_string(poll.consumer) + " was at " + std::to_string(before.to)});
  }
  for (const Known& entry : index.range(poll.partition, before.to, poll.from)) {
    const Send* send = index.send_of(entry);
    if (!send || !index.seen[entry.send] || !index.visible(*send, poll.committed_only) ||
        index.may_be_gone(*send, entry.offset))
      continue;
    report.add({Kind::poll_skip, poll.partition, entry.offset, entry.value,
                "consumer " + std::to_string(poll.consumer) + " jumped from " +
                    std::to_string(before.to) + " to " + std::to_string(poll.from)});
  }
}

struct EndSeen {
  Time time;
  int64_t end;
};

/// Ends known by each point in time, greatest so far; by time.
void make_running(std::vector<EndSeen>& ends) {
  std::ranges::sort(ends, {}, &EndSeen::time);
  int64_t most = no_offset;
  for (EndSeen& seen : ends) most = seen.end = std::max(most, seen.end);
}

}  // namespace

void check_reads(const Index& index, Report& report) {
  report.polls = index.history.polls.size();
  std::map<std::pair<uint32_t, uint32_t>, const Poll*> last;  // of each consumer in each partition
  for (const Poll& poll : index.history.polls) {
    for (const Record& record : poll.records) check_record(index, poll, record, report);
    if (check_within(poll, report)) check_whole(index, poll, report);
    const Poll*& before = last[{poll.consumer, poll.partition}];
    if (before && !poll.moved) check_step(index, *before, poll, report);
    before = &poll;
  }
}

/// The end of a partition never goes back, and what was acknowledged lies before it.
void check_ends(const Index& index, Report& report) {
  std::vector<std::vector<EndSeen>> ends(index.history.partitions.size());
  for (const Send& send : index.history.sends) {
    if (send.outcome == Outcome::ok && send.offset != no_offset)
      ends[send.partition].push_back({send.completed, send.offset + 1});
  }
  for (const Poll& poll : index.history.polls) {
    if (poll.end != no_offset) ends[poll.partition].push_back({poll.completed, poll.end});
  }
  for (auto& partition : ends) make_running(partition);
  for (const Poll& poll : index.history.polls) {
    if (poll.end == no_offset) continue;
    const auto& known = ends[poll.partition];
    const auto after = std::ranges::lower_bound(known, poll.invoked, {}, &EndSeen::time);
    if (after == known.begin() || std::prev(after)->end <= poll.end) continue;
    report.add({Kind::stale_read, poll.partition, poll.end, 0,
                "the end was known to be " + std::to_string(std::prev(after)->end)});
  }
}

}  // namespace holdfast::history
