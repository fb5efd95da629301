#pragma once

#include "cli/arguments.h"

namespace holdfast::cli {

// Each verb, one file each. They answer the exit code.
int show_tour();
int show_version(const VersionArguments& arguments);
int check(const CheckArguments& arguments);
int broker(const BrokerArguments& arguments);
int inspect(const InspectArguments& arguments);

}  // namespace holdfast::cli
