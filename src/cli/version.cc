#include <cstdio>

#include "base/json_writer.h"
#include "base/planted_bug.h"
#include "cli/verbs.h"

namespace holdfast::cli {

int show_version(const VersionArguments& arguments) {
  const bool clean = planted_bug == PlantedBug::none;
  if (arguments.json) {
    JsonWriter json;
    json.begin_object().member("version", HOLDFAST_VERSION).member("compiler", __VERSION__);
    json.member("planted_bug", !clean).end_object();
    std::printf("%s\n", json.text().c_str());
    return 0;
  }
  std::printf("holdfast %s (compiler %s)\n", HOLDFAST_VERSION, __VERSION__);
  if (!clean) std::printf("BUILT WITH A PLANTED BUG, for tests only\n");
  return 0;
}

}  // namespace holdfast::cli
