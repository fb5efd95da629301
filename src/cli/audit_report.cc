#include <fmt/format.h>

#include "cli/cli.h"
#include "cli/output.h"
#include "cli/verbs.h"
#include "control/audit.h"

namespace holdfast::cli {

int audit_report(const AuditReportArguments& arguments, const control::Kinds& kinds) {
  int code = exit_ok;
  const auto config = load_config(arguments.config, code);
  if (!config) return code;
  auto report = control::run_audit(*config, kinds, arguments.evidence);
  if (!report) return failed(report.error());
  if (arguments.json) {
    print(report->to_json());
  } else {
    print(report->to_text());
    if (!arguments.evidence.empty()) {
      print(fmt::format("Evidence: {} ({} window{}), digest {}\n", arguments.evidence,
                        report->windows, report->windows == 1 ? "" : "s", report->digest));
    }
  }
  return report->clean() ? exit_ok : exit_found;
}

}  // namespace holdfast::cli
