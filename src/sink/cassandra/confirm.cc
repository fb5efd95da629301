#include "sink/cassandra/confirm.h"

#include <algorithm>

#include "sink/cassandra/cql/rows.h"
#include "sink/cassandra/cql/value.h"
#include "sink/cassandra/names.h"
#include "sink/cassandra/plan.h"

namespace holdfast::sink {
namespace {

struct LookUp {
  uint32_t entry;
  const TableMapping* table;
  bool deletion;
};

Held judge(const LookUp& what, const Entry& entry, const cql::Rows& rows) {
  cql::RowCursor row(rows);
  if (!row.next()) return what.deletion ? Held::present : Held::missing;
  if (what.table->stamp_is_key) return what.deletion ? Held::missing : Held::present;
  const int64_t version = cql::int_of(row.at(3)).value_or(INT64_MIN);
  if (version > entry.version) return Held::superseded;
  // A deletion beats a write of its own version: a row that is there is older, or newer.
  return version == entry.version && !what.deletion ? Held::present : Held::missing;
}

}  // namespace

Result<std::vector<Held>> confirm_batch(cql::Session& session,
                                        const std::vector<TableMapping>& mapping,
                                        const CassandraSettings& settings, const Batch& batch) {
  std::vector<Held> held(batch.entries.size(), Held::present);
  std::vector<cql::Request> requests;
  std::vector<LookUp> what;
  for (uint32_t i = 0; i < batch.entries.size(); ++i) {
    const Entry& entry = batch.entries[i];
    if (entry.row < 0) continue;
    const auto looked =
        each_target(mapping, row_source(batch, entry),
                    [&](const TableMapping& table, const RowSource& one) -> Status {
                      requests.push_back(HOLDFAST_TRY(make_look_up(table, one)));
                      requests.back().consistency = settings.read;
                      const bool removed =
                          !table.delete_when.empty() && holds(table.delete_when, one.rows, one.row);
                      what.push_back({i, &table, entry.deletion || removed});
                      return {};
                    });
    // What can never be written is not there.
    if (!looked || *looked == 0) held[i] = Held::missing;
  }
  const std::vector<cql::Answer> answers = session.run_all(requests);
  for (size_t i = 0; i < answers.size(); ++i) {
    if (!answers[i] || !*answers[i])
      return fail(ErrorCode::unavailable,
                  answers[i] ? "a look-up was not answered with rows" : answers[i].error().message);
    Held& now = held[what[i].entry];
    now = std::max(now, judge(what[i], batch.entries[what[i].entry], **answers[i]));
  }
  return held;
}

Result<int64_t> least_gc_grace_us(cql::Session& session, const CassandraSettings& settings) {
  int64_t least = INT64_MAX;
  for (const CassandraTable& table : settings.tables) {
    const TableName name = table_name(settings, table.table);
    const cql::Reply rows =
        HOLDFAST_TRY(ask_about(session,
                               "SELECT gc_grace_seconds FROM system_schema.tables WHERE "
                               "keyspace_name = ? AND table_name = ?",
                               name));
    cql::RowCursor row(*rows);
    if (!row.next()) return fail(ErrorCode::not_found, "there is no table " + name.text());
    least = std::min(least, cql::int_of(row.at(size_t{0})).value_or(0) * 1'000'000);
  }
  return least;
}

}  // namespace holdfast::sink
