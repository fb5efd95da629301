#pragma once

#include "cli/arguments.h"
#include "control/kinds.h"

namespace holdfast::cli {

// Each verb, one file each. They answer the exit code.
int show_tour();
int show_version(const VersionArguments& arguments);
int check(const CheckArguments& arguments, const control::Kinds& kinds);
int run(const RunArguments& arguments, const control::Kinds& kinds);
int broker(const BrokerArguments& arguments);
int audit_report(const AuditReportArguments& arguments, const control::Kinds& kinds);
int audit_verify(const AuditVerifyArguments& arguments);
int inspect(const InspectArguments& arguments);
int run_repair(const RepairArguments& arguments, const control::Kinds& kinds);
int run_demo(const DemoArguments& arguments, const control::Kinds& kinds);
int list_failures(const FailuresListArguments& arguments);
int export_failures(const FailuresExportArguments& arguments);
int replay_failures(const FailuresReplayArguments& arguments, const control::Kinds& kinds);
int drop_failures(const FailuresDropArguments& arguments);
int show_failure(const FailuresShowArguments& arguments);

}  // namespace holdfast::cli
