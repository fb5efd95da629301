#include <fmt/format.h>

#include "base/json_writer.h"
#include "cli/cli.h"
#include "cli/output.h"
#include "cli/verbs.h"
#include "control/inspect.h"

namespace holdfast::cli {
namespace {

std::string as_json(const std::string& file, const control::EvidenceReport& report) {
  JsonWriter json;
  json.begin_object().member("file", file).member("accepted", report.accepted);
  if (report.accepted) {
    json.member("digest", report.digest);
  } else {
    json.member("line", report.line).member("why", report.why);
  }
  json.member("lines", report.lines)
      .member("windows", report.windows)
      .member("findings", report.findings);
  return json.end_object().take() + "\n";
}

std::string as_text(const std::string& file, const control::EvidenceReport& report) {
  if (!report.accepted) return fmt::format("{}:{}: REJECTED: {}\n", file, report.line, report.why);
  return fmt::format("{}: accepted: {} lines, {} windows, {} findings, digest {}\n", file,
                     report.lines, report.windows, report.findings, report.digest);
}

}  // namespace

int audit_verify(const AuditVerifyArguments& arguments) {
  auto report = control::verify_evidence(arguments.file, arguments.digest);
  if (!report) return failed(report.error());
  print(arguments.json ? as_json(arguments.file, *report) : as_text(arguments.file, *report));
  return report->accepted ? exit_ok : exit_found;
}

}  // namespace holdfast::cli
