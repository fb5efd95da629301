#include "cli/cli.h"

#include "cli/verbs.h"

namespace holdfast::cli {
namespace {

struct Dispatch {
  int operator()(const NoArguments&) const { return show_tour(); }
  int operator()(const CheckArguments& arguments) const { return check(arguments); }
  int operator()(const BrokerArguments& arguments) const { return broker(arguments); }
  int operator()(const InspectArguments& arguments) const { return inspect(arguments); }
  int operator()(const VersionArguments& arguments) const { return show_version(arguments); }
};

}  // namespace

int run(int argc, char** argv) {
  auto parsed = parse_arguments(argc, argv);
  if (const int* code = std::get_if<int>(&parsed)) return *code;
  return std::visit(Dispatch{}, std::get<Arguments>(parsed));
}

}  // namespace holdfast::cli
