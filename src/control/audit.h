#pragma once

#include <string>

#include "audit/evidence.h"
#include "audit/report.h"
#include "base/result.h"
#include "control/kinds.h"
#include "settings/config.h"

namespace holdfast::control {

/// Audits all that a configuration names: its sources' spool, topics, stores and failure queues.
/// `evidence_file` empty: the evidence is not kept. May run beside a running `holdfast run`, unless
/// a store can only be opened by one process.
Result<audit::Report> run_audit(const settings::Config& config, const Kinds& kinds,
                                const std::string& evidence_file);

}  // namespace holdfast::control
