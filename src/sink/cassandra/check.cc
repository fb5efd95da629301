#include <fmt/format.h>
#include <set>

#include "sink/cassandra/mapping.h"
#include "sink/cassandra/names.h"
#include "sink/cassandra/sink.h"

namespace holdfast::sink {
namespace {

std::unexpected<Error> wrong(std::string message) {
  return fail(ErrorCode::invalid, std::move(message));
}

/// Levels at which a write, or a read of what was written, means what the contract says.
bool fit_to_write(cql::Consistency level) {
  return level != cql::Consistency::any && level != cql::Consistency::serial &&
         level != cql::Consistency::local_serial;
}

}  // namespace

Status check_cassandra(const CassandraSettings& settings) {
  if (settings.session.contact_points.empty()) return wrong("no contact point is given");
  if (settings.tables.empty()) return wrong("no table is given");
  if (settings.keyspace.empty()) return wrong("no keyspace is given");
  if (!fit_to_write(settings.write))
    return wrong(
        fmt::format("consistency {} cannot be written at: ANY may be held by nobody who "
                    "answers reads, and the serial ones are for lightweight transactions",
                    cql::name(settings.write)));
  if (settings.read == cql::Consistency::any || settings.read == cql::Consistency::each_quorum)
    return wrong(fmt::format("consistency {} cannot be read at", cql::name(settings.read)));
  if (settings.session.compression == cql::Compression::snappy &&
      settings.session.version_max > cql::Version::v4)
    return wrong("protocol version 5 knows no snappy; use lz4, or protocol version 4");
  std::set<std::string> seen;
  for (const CassandraTable& table : settings.tables) {
    if (table.table.empty()) return wrong("a table has no name");
    std::string same = table_name(settings, table.table).text() + "\n" + table.fan_out;
    for (const auto& [field, value] : table.when) same += "\n" + field + "=" + value;
    if (!seen.insert(same).second)
      return wrong(fmt::format("table {} is given twice for the same events", table.table));
  }
  return {};
}

Status check_cassandra_tables(const CassandraSettings& settings, const event::Schema& schema) {
  const auto session = HOLDFAST_TRY(cql::Session::open(settings.session));
  HOLDFAST_TRY(compile_mapping(*session, settings, schema));
  return {};
}

}  // namespace holdfast::sink
