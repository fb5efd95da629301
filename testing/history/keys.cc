#include <map>

#include "testing/history/index.h"

/// What compaction leaves of each key.
namespace holdfast::history {
namespace {

/// The newest record of each key that this consumer saw.
std::map<uint64_t, Known> newest_seen(const Index& index, uint32_t partition, uint32_t consumer) {
  std::map<uint64_t, Known> newest;
  for (const Poll& poll : index.history.polls) {
    if (poll.consumer != consumer || poll.partition != partition) continue;
    for (const Record& record : poll.records) {
      const uint32_t number = index.send_with(record.value);
      if (number == none || index.history.sends[number].key == 0) continue;
      newest[index.history.sends[number].key] = {record.offset, record.value, number};
    }
  }
  return newest;
}

}  // namespace

/// Who reads from the beginning to the end has the newest value of each key then, or none of a key
/// that was deleted; never an old one because the one behind it has gone.
void check_keys(const Index& index, Report& report) {
  for (uint32_t partition = 0; partition < index.history.partitions.size(); ++partition) {
    const Partition& of = index.history.partitions[partition];
    if (!of.compacted || of.whole_reader == none) continue;
    for (const auto& [key, seen] : newest_seen(index, partition, of.whole_reader)) {
      const int64_t last = index.last_of_key(partition, key);
      if (seen.offset >= last) continue;
      report.add(
          {Kind::stale_key, partition, seen.offset, seen.value,
           "key " + std::to_string(key) + " has a newer record at " + index.at(partition, last)});
    }
  }
}

}  // namespace holdfast::history
