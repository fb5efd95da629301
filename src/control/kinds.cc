#include "control/kinds.h"

namespace holdfast::control {

settings::Sink as_sink(const settings::ReplicaStore& store) {
  return {.duckdb = store.duckdb, .postgres = store.postgres, .replicated = {}};
}

std::string table_name(const settings::Sink& sink) {
  if (sink.duckdb) return sink.duckdb->table;
  if (sink.postgres) return sink.postgres->table;
  return "";
}

std::string store_name(const settings::Sink& sink) {
  if (sink.duckdb) return sink.duckdb->path + ":" + sink.duckdb->table;
  if (sink.postgres)
    return sink.postgres->host + ":" + std::to_string(sink.postgres->port) + "/" +
           sink.postgres->database + ":" + sink.postgres->table;
  if (sink.replicated) {
    std::string name;
    for (const auto& store : sink.replicated->stores)
      name += (name.empty() ? "" : " + ") + store_name(as_sink(store));
    return name;
  }
  return "store";
}

}  // namespace holdfast::control
