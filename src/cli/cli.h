#pragma once

#include "control/kinds.h"

namespace holdfast::cli {

/// Exit codes, for scripts. Said in `holdfast --help` and docs/guide/cli.md.
enum ExitCode : int {
  exit_ok = 0,
  exit_failed = 1,  // it could not be done; standard error says why
  exit_found = 2,   // it was done, and found what should not be: lost events, damage, a forged file
  exit_usage = 64,  // the command line is wrong
  exit_configuration = 78  // the configuration file is wrong
};

/// The command line: one verb, its options, its result. Results go to standard output, everything
/// else to standard error. Called once, from main's thread before any other was started.
int run(int argc, char** argv, const control::Kinds& kinds);

}  // namespace holdfast::cli
