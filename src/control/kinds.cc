#include "control/kinds.h"

namespace holdfast::control {

std::string store_name(const settings::Sink& sink) {
  if (sink.duckdb) return sink.duckdb->path + ":" + sink.duckdb->table;
  return "store";
}

}  // namespace holdfast::control
