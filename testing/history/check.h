#pragma once

#include "testing/history/findings.h"
#include "testing/history/history.h"

namespace holdfast::history {

/// Judges a history: n log n in its length. What it names did happen, if the recorders told the
/// truth: unknown outcomes, retries, rebalances, compaction and retention are no findings. It does
/// not find what nobody looked at: `Report::unseen` says how much that is.
///
/// Threads: any; pure.
Report check(const History& history);

}  // namespace holdfast::history
