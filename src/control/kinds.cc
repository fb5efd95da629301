#include "control/kinds.h"

namespace holdfast::control {

std::string store_name(const settings::Sink& sink) {
  if (sink.duckdb) return sink.duckdb->path + ":" + sink.duckdb->table;
  if (sink.postgres)
    return sink.postgres->host + ":" + std::to_string(sink.postgres->port) + "/" +
           sink.postgres->database + ":" + sink.postgres->table;
  return "store";
}

}  // namespace holdfast::control
