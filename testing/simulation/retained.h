#pragma once

#include "testing/simulation/actor.h"
#include "testing/simulation/broker.h"

namespace holdfast::simulation {

/// A topic for the cleaner: compacted, or kept for a short time only, with settings as small as the
/// run is short, so that it has its turn many times.
TopicPlan compacted_topic(Scheduler& scheduler, uint32_t value_bytes_most);
TopicPlan short_lived_topic(Scheduler& scheduler, uint32_t value_bytes_most);

/// To be asked when all is over: notes in the history up to where the partition was trimmed by
/// retention, and reports what went too early or is kept too long.
void check_retained(World& world, const SimulatedBroker& broker, const TopicPlan& topic,
                    int32_t index, bool clock_jumps);

}  // namespace holdfast::simulation
