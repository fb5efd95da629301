#include "control/kinds.h"

namespace holdfast::control {

settings::Sink as_sink(const settings::ReplicatedSink& of, const settings::ReplicaStore& store) {
  settings::Sink sink{.duckdb = store.duckdb,
                      .postgres = store.postgres,
                      .cassandra = store.cassandra,
                      .replicated = {}};
  if (!sink.cassandra) return sink;
  if (sink.cassandra->datacenter.empty()) sink.cassandra->datacenter = store.datacenter;
  if (of.one_cluster) sink.cassandra->part = settings::CassandraSink::Part::one;
  return sink;
}

settings::Sink all_of_cluster(const settings::ReplicatedSink& replicated) {
  settings::Sink sink = as_sink(replicated, replicated.stores.front());
  sink.cassandra->part = settings::CassandraSink::Part::all;
  return sink;
}

std::string table_name(const settings::Sink& sink) {
  if (sink.duckdb) return sink.duckdb->table;
  if (sink.postgres) return sink.postgres->table;
  if (sink.cassandra) {
    std::string names;
    for (const auto& table : sink.cassandra->tables)
      names += (names.empty() ? "" : ",") + table.table;
    return names;
  }
  return "";
}

std::string store_name(const settings::Sink& sink) {
  if (sink.duckdb) return sink.duckdb->path + ":" + sink.duckdb->table;
  if (sink.postgres)
    return sink.postgres->host + ":" + std::to_string(sink.postgres->port) + "/" +
           sink.postgres->database + ":" + sink.postgres->table;
  if (sink.cassandra)
    return sink.cassandra->contact_points + "/" + sink.cassandra->keyspace + ":" + table_name(sink);
  if (sink.replicated) {
    std::string name;
    for (const auto& store : sink.replicated->stores)
      name += (name.empty() ? "" : " + ") + store_name(as_sink(*sink.replicated, store));
    return name;
  }
  return "store";
}

}  // namespace holdfast::control
