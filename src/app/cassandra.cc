#include "app/cassandra.h"

#include <algorithm>
#include <fmt/format.h>

#include "sink/cassandra/sink.h"

namespace holdfast::app {
namespace {

/// Requests to all data centers at once that may be under way. A coordinator has 128 threads
/// (native_transport_max_threads), each waits with its request for the answers, and what is beyond
/// stands in line: when a data center dies, 1024 would cost eight time-outs, one behind the other.
constexpr size_t together_in_flight_max = 128;

Result<std::vector<os::Address>> addresses_in(const std::string& list) {
  std::vector<os::Address> all;
  for (size_t begin = 0; begin <= list.size();) {
    const size_t comma = std::min(list.find(',', begin), list.size());
    std::string one = list.substr(begin, comma - begin);
    while (one.starts_with(' ')) one.erase(0, 1);
    while (one.ends_with(' ')) one.pop_back();
    all.push_back(HOLDFAST_TRY(os::Address::parse(one)));
    begin = comma + 1;
  }
  return all;
}

Result<cql::Consistency> level(const std::string& name) {
  cql::Consistency made{};
  if (!cql::parse(name, made)) return fail(ErrorCode::invalid, name + " is no consistency level");
  return made;
}

Result<cql::SessionSettings> session_settings(const settings::CassandraSink& from) {
  cql::SessionSettings made;
  made.contact_points = HOLDFAST_TRY(addresses_in(from.contact_points));
  made.datacenter = from.datacenter;
  made.user = from.user;
  made.password = from.password;
  if (from.tls)
    made.tls = {.enabled = true,
                .ca_file = from.tls->ca_file,
                .certificate_file = from.tls->certificate_file,
                .key_file = from.tls->key_file,
                .verify_host = from.tls->verify_host};
  made.version_max = static_cast<cql::Version>(from.protocol);
  made.compression = static_cast<cql::Compression>(from.compression);
  made.window = static_cast<size_t>(from.in_flight);
  made.streams_max = std::min<size_t>(32'768, made.window * 2);
  made.request_timeout_ms = from.timeout_ms;
  made.connect_timeout_ms = from.connect_timeout_ms;
  return made;
}

Result<sink::CassandraSettings> settings_for(const settings::Pipeline& pipeline,
                                             const settings::CassandraSink& from) {
  sink::CassandraSettings made;
  made.session = HOLDFAST_TRY(session_settings(from));
  made.keyspace = from.keyspace;
  made.pipeline = pipeline.name;
  made.write = HOLDFAST_TRY(level(from.consistency));
  made.read = HOLDFAST_TRY(level(from.read_consistency));
  made.atomic = from.batch == settings::CqlBatch::logged;
  for (const settings::CassandraTable& table : from.tables)
    made.tables.push_back(
        {table.table, table.columns, table.when, table.fan_out, table.delete_when});
  // One cluster may be a store in several data centers: each keeps an account of its own, and what
  // was written to all at once is in one that they share.
  std::string tables;
  for (const sink::CassandraTable& table : made.tables) tables += "/" + table.table;
  made.target = from.datacenter + tables;
  const std::string shared = "*" + tables;
  using Part = settings::CassandraSink::Part;
  if (from.part == Part::one) made.also_targets.push_back(shared);
  // What repairs have applied counts too. Each of their workers has an account of its own, so that
  // they never overwrite each other's nor the pipeline's.
  const std::string pipelines_own = made.target;
  const auto account_of = [&](int64_t worker) {
    return fmt::format("{}/repair/{}", pipelines_own, worker);
  };
  for (int64_t worker = 0; worker < from.repair_workers; ++worker)
    made.also_targets.push_back(account_of(worker));
  if (from.repair_worker >= 0) {
    made.target = account_of(from.repair_worker);
    made.also_targets.clear();
    made.note_repairs = true;
    // Both are sure to have it then.
    if (from.part == Part::one) made.write = cql::Consistency::each_quorum;
  }
  if (from.part == Part::all) {
    made.target = shared;
    made.write = cql::Consistency::each_quorum;
    made.again_max = 0;  // what times out here goes to each data center by itself
    made.session.window = std::min(made.session.window, together_in_flight_max);
  }
  return made;
}

}  // namespace

Result<std::unique_ptr<sink::Sink>> open_cassandra(const settings::Pipeline& pipeline,
                                                   const settings::CassandraSink& cassandra,
                                                   const event::Schema& schema) {
  const sink::CassandraSettings made = HOLDFAST_TRY(settings_for(pipeline, cassandra));
  return HOLDFAST_TRY(sink::CassandraSink::open(made, schema));
}

Result<std::unique_ptr<sink::Reader>> open_cassandra_reader(
    const settings::Pipeline& pipeline, const settings::CassandraSink& cassandra) {
  const sink::CassandraSettings made = HOLDFAST_TRY(settings_for(pipeline, cassandra));
  return sink::open_cassandra_reader(made);
}

Status check_cassandra(const settings::Pipeline& pipeline, const settings::CassandraSink& cassandra,
                       const event::Schema& schema) {
  const sink::CassandraSettings made = HOLDFAST_TRY(settings_for(pipeline, cassandra));
  HOLDFAST_CHECKED(sink::check_cassandra(made));
  return sink::check_cassandra_tables(made, schema);
}

}  // namespace holdfast::app
