#include "cli/cli.h"

#include "cli/verbs.h"

namespace holdfast::cli {
namespace {

struct Dispatch {
  const control::Kinds& kinds;

  int operator()(const NoArguments&) const { return show_tour(); }
  int operator()(const RunArguments& arguments) const { return cli::run(arguments, kinds); }
  int operator()(const CheckArguments& arguments) const { return check(arguments, kinds); }
  int operator()(const BrokerArguments& arguments) const { return broker(arguments); }
  int operator()(const AuditReportArguments& arguments) const {
    return audit_report(arguments, kinds);
  }
  int operator()(const AuditVerifyArguments& arguments) const { return audit_verify(arguments); }
  int operator()(const InspectArguments& arguments) const { return inspect(arguments); }
  int operator()(const FailuresListArguments& arguments) const { return list_failures(arguments); }
  int operator()(const FailuresShowArguments& arguments) const { return show_failure(arguments); }
  int operator()(const FailuresExportArguments& arguments) const {
    return export_failures(arguments);
  }
  int operator()(const FailuresReplayArguments& arguments) const {
    return replay_failures(arguments, kinds);
  }
  int operator()(const FailuresDropArguments& arguments) const { return drop_failures(arguments); }
  int operator()(const RepairArguments& arguments) const {
    return cli::run_repair(arguments, kinds);
  }
  int operator()(const VersionArguments& arguments) const { return show_version(arguments); }
  int operator()(const DemoArguments& arguments) const { return run_demo(arguments, kinds); }
};

}  // namespace

int run(int argc, char** argv, const control::Kinds& kinds) {
  auto parsed = parse_arguments(argc, argv);
  if (const int* code = std::get_if<int>(&parsed)) return *code;
  return std::visit(Dispatch{kinds}, std::get<Arguments>(parsed));
}

}  // namespace holdfast::cli
