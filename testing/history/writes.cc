#include <map>
#include <unordered_map>

#include "testing/history/index.h"

/// What became of the writes: lost, doubled, two in one place, out of order.
namespace holdfast::history {
namespace {

void check_send(const Index& index, const Send& send, bool seen, Report& report) {
  if (send.outcome != Outcome::ok || !index.visible(send, true)) return;
  ++report.acknowledged;
  if (seen || index.may_be_gone(send, send.offset)) return;
  const Partition& partition = index.history.partitions[send.partition];
  const bool looked = partition.final_end != no_offset ||
                      (send.offset != no_offset && index.covered[send.partition].has(send.offset));
  if (!looked) {
    ++report.unseen;
    return;
  }
  report.add({Kind::lost_write, send.partition, send.offset, send.value,
              "acknowledged as " + index.at(send.partition, send.offset) +
                  ", and no reader has ever seen it"});
}

void check_places(const Index& index, Report& report) {
  std::unordered_map<uint64_t, Place> places;
  for (uint32_t partition = 0; partition < index.known.size(); ++partition) {
    const Known* before = nullptr;
    for (const Known& entry : index.known[partition]) {
      if (before && before->offset == entry.offset) {
        report.add(
            {Kind::inconsistent_offset, partition, entry.offset, entry.value,
             index.at(partition, entry.offset) + " also holds " + std::to_string(before->value)});
      }
      before = &entry;
      if (entry.send == none) {
        report.add({Kind::unsent_value, partition, entry.offset, entry.value, "nobody sent it"});
        continue;
      }
      const auto [place, is_new] = places.try_emplace(entry.value, Place{partition, entry.offset});
      if (is_new) continue;
      report.add({Kind::duplicate, partition, entry.offset, entry.value,
                  "also at " + index.at(place->second.partition, place->second.offset)});
    }
  }
}

void check_order(const Index& index, Report& report) {
  for (uint32_t partition = 0; partition < index.known.size(); ++partition) {
    std::unordered_map<uint32_t, uint32_t> last;  // of each producer: the latest send met so far
    for (const Known& entry : index.known[partition]) {
      const Send* send = index.send_of(entry);
      if (!send || send->producer == none) continue;
      const auto [latest, is_new] = last.try_emplace(send->producer, entry.send);
      if (!is_new && entry.send < latest->second) {
        report.add({Kind::reordered_write, partition, entry.offset, entry.value,
                    "its producer sent it before " +
                        std::to_string(index.history.sends[latest->second].value)});
      }
      latest->second = std::max(latest->second, entry.send);
    }
  }
}

}  // namespace

void check_writes(const Index& index, Report& report) {
  report.sends = index.history.sends.size();
  for (size_t i = 0; i < index.history.sends.size(); ++i) {
    report.seen += index.seen[i];
    check_send(index, index.history.sends[i], index.seen[i], report);
  }
  check_places(index, report);
  check_order(index, report);
}

}  // namespace holdfast::history
