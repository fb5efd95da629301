#pragma once

#include "broker/state.h"
#include "log/log.h"

namespace holdfast::broker {

/// Builds the state that the log holds: its checkpoint, then every frame behind it. `state` is
/// empty before, the log opened and not started. Fails with `version_unknown` or `corrupt`.
Status recover(log::Log& log, State& state, int64_t now_ms);

}  // namespace holdfast::broker
