#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "broker/coordinator/groups.h"
#include "broker/coordinator/offsets.h"

namespace holdfast::broker::coordinator {

struct TooOld {
  std::vector<OffsetsForgotten> offsets;
  GroupsForgotten groups;  // empty ones, of which nothing is left
};

/// Kafka's rules (KIP-211): while a group has members its offsets stay, but for topics that a
/// stable group of consumers no longer reads; those of an empty group stay until the retention has
/// passed since it became empty, those of a client that is in no group since they were committed. A
/// commit to an empty group counts from its own time, if that is later.
///
/// `before_ms`: now less the retention. `pending`: groups that a transaction is about to commit to.
TooOld what_is_too_old(const Offsets& offsets, const StoredGroups& stored, const Groups& groups,
                       const std::function<bool(std::string_view)>& pending, int64_t before_ms);

}  // namespace holdfast::broker::coordinator
