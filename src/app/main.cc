#include "app/kinds.h"
#include "base/fault.h"
#include "cli/cli.h"

int main(int argc, char** argv) {
  holdfast::fault::arm_from_environment();
  return holdfast::cli::run(argc, argv, holdfast::app::make_kinds());
}
