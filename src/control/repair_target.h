#pragma once

#include <memory>

#include "base/result.h"
#include "control/kinds.h"
#include "event/failure_record.h"
#include "kafka/settings.h"
#include "repair/repair.h"
#include "settings/config.h"

namespace holdfast::control {

/// Opens the store that a failure record names, with the pipeline's transform before it: of what
/// one data center missed, that data center's own; of what was rejected, the whole. `not_found`
/// when the configuration has it no more. `own`: the pipelines' Kafka.
Result<std::unique_ptr<repair::Target>> open_repair_target(const settings::Config& config,
                                                           const Kinds& kinds,
                                                           const kafka::ClientSettings& own,
                                                           const event::FailureRecord& record,
                                                           size_t worker);

/// How many connections to a store a repair may have: DuckDB has one writer a table.
size_t repair_workers(const settings::Config& config);

}  // namespace holdfast::control
