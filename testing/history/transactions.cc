#include <map>

#include "testing/history/index.h"

/// Transactions as wholes, and effects of inputs: all of one, exactly once.
namespace holdfast::history {
namespace {

struct Parts {
  uint32_t visible = none;  // a send that a committed-only reader saw
  uint32_t missing = none;  // one that it did not see though it looked there
};

void check_torn(const Index& index, Report& report) {
  std::vector<Parts> all(index.history.transactions.size());
  for (uint32_t i = 0; i < index.history.sends.size(); ++i) {
    const Send& send = index.history.sends[i];
    if (send.transaction == none) continue;
    Parts& parts = all[send.transaction];
    if (index.seen_committed[i]) {
      parts.visible = i;
    } else if (send.outcome == Outcome::ok && send.offset != no_offset &&
               index.covered_committed[send.partition].has(send.offset) &&
               !index.may_be_gone(send, send.offset)) {
      parts.missing = i;
    }
  }
  for (size_t i = 0; i < all.size(); ++i) {
    if (all[i].visible == none || all[i].missing == none) continue;
    const Send& visible = index.history.sends[all[i].visible];
    const Send& missing = index.history.sends[all[i].missing];
    report.add(
        {Kind::torn_transaction, missing.partition, missing.offset, missing.value,
         "not visible, but " + std::to_string(visible.value) + " of the same transaction is"});
  }
}

bool has_effect(const Index& index, uint32_t number) {
  const Send& send = index.history.sends[number];
  return send.transaction == none ? index.seen[number] : index.seen_committed[number];
}

void check_effects(const Index& index, Report& report) {
  std::map<Place, uint32_t> effects;
  for (uint32_t i = 0; i < index.history.sends.size(); ++i) {
    const Send& send = index.history.sends[i];
    if (!send.made_from || !has_effect(index, i)) continue;
    const auto [first, is_new] = effects.try_emplace(*send.made_from, i);
    if (is_new) continue;
    report.add({Kind::double_effect, send.made_from->partition, send.made_from->offset, send.value,
                "the input has another output: " +
                    std::to_string(index.history.sends[first->second].value)});
  }
  for (const Processed& processed : index.history.processed) {
    for (const Known& entry : index.range(processed.partition, processed.from, processed.to)) {
      const Send* send = index.send_of(entry);
      if (!send || !has_effect(index, entry.send) ||
          effects.contains({processed.partition, entry.offset}))
        continue;
      report.add({Kind::lost_effect, processed.partition, entry.offset, entry.value,
                  "processed, says the committed position, but without a visible output"});
    }
  }
}

}  // namespace

void check_transactions(const Index& index, Report& report) {
  check_torn(index, report);
  check_effects(index, report);
}

}  // namespace holdfast::history
