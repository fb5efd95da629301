#pragma once

#include <string>
#include <vector>

#include "control/kinds.h"
#include "settings/load.h"

namespace holdfast::control {

/// One thing that the configuration names, tried.
struct Tried {
  std::string what;  // "file ewr.csv", "Kafka k1:9092"
  std::string path;  // of the setting, for its place in the file
  bool good = false;
  std::string outcome;  // why not, or what was found
};

/// Source files that are not there: nothing is wrong with that yet, but perhaps it is not meant.
std::vector<settings::Fault> missing_files(const settings::Loaded& loaded);

/// Tries every file, broker, SQL and store that a usable configuration names. Writes nothing; at
/// most 10 s for each.
std::vector<Tried> try_everything(const settings::Config& config, const Kinds& kinds);

}  // namespace holdfast::control
