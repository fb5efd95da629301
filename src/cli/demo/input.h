#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace holdfast::cli::demo {

/// One table of the demo: all flights of one airport.
struct Table {
  std::string airport;  // EWR
  std::string source;   // ewr
  int64_t rows = 0;
};

/// Cuts `input`/flights.csv into one file an airport, `folder`/ewr.csv and so on, line by line, and
/// copies airlines.csv. `invalid` when the file is not the one that the demo was made for.
Result<std::vector<Table>> split_flights(const std::string& input, const std::string& folder);

}  // namespace holdfast::cli::demo
