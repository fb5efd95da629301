#include "sink/postgres/ledger.h"

namespace holdfast::sink::postgres {
namespace {

constexpr const char* set_tables[2] = {"holdfast_sequences", "holdfast_filtered"};

std::string text(int64_t number) {
  return std::to_string(number);
}

}  // namespace

std::string where(const std::string& pipeline, const std::string& table) {
  return " WHERE pipeline = " + quote_text(pipeline) + " AND target = " + quote_text(table);
}

Status Ledger::create_tables(Connection& connection) {
  // Few rows that change with every transaction: with room on their page they are updated in place.
  const std::string roomy = " WITH (fillfactor = 50)";
  std::string sql =
      "CREATE TABLE IF NOT EXISTS holdfast_writers(pipeline text, target text, revision bigint NOT "
      "NULL, PRIMARY KEY (pipeline, target))" +
      roomy +
      "; CREATE TABLE IF NOT EXISTS holdfast_positions(pipeline text, target text, topic text, "
      "partition integer, next_offset bigint NOT NULL, PRIMARY KEY (pipeline, target, topic, "
      "partition))" +
      roomy;
  for (const char* table : set_tables)
    sql += std::string("; CREATE TABLE IF NOT EXISTS ") + table +
           "(pipeline text, target text, source text, epoch bigint, first bigint, last bigint NOT "
           "NULL, PRIMARY KEY (pipeline, target, source, epoch, first))" +
           roomy;
  HOLDFAST_TRY(connection.run(sql));
  return {};
}

std::string Ledger::begin_sql() const {
  return "BEGIN; SELECT revision FROM holdfast_writers" + where(pipeline_, table_) + " FOR UPDATE";
}

Result<Ledger> Ledger::load(Connection& connection, const std::string& pipeline,
                            const std::string& table) {
  Ledger ledger(pipeline, table);
  HOLDFAST_TRY(connection.run("INSERT INTO holdfast_writers VALUES (" + quote_text(pipeline) +
                              ", " + quote_text(table) + ", 0) ON CONFLICT DO NOTHING"));
  // Locked, so that all that follows is of one revision.
  const Answer revision = HOLDFAST_TRY(connection.run("SELECT revision FROM holdfast_writers" +
                                                      where(pipeline, table) + " FOR UPDATE"));
  if (revision.rows() != 1)
    return fail(ErrorCode::unavailable, "holdfast_writers has no row for table " + table);
  ledger.revision_ = revision.number(0, 0);
  ledger.positions_ = HOLDFAST_TRY(read_positions(connection, pipeline, table));
  for (const size_t kind : {0, 1}) HOLDFAST_CHECKED(ledger.load_sets(connection, kind));
  return ledger;
}

Result<Positions> read_positions(Connection& connection, const std::string& pipeline,
                                 const std::string& table) {
  const Answer answer = HOLDFAST_TRY(connection.run(
      "SELECT topic, partition, next_offset FROM holdfast_positions" + where(pipeline, table)));
  Positions positions;
  for (size_t i = 0; i < answer.rows(); ++i)
    positions[{std::string(answer.text(i, 0)), static_cast<int32_t>(answer.number(i, 1))}] =
        answer.number(i, 2);
  return positions;
}

Status Ledger::load_sets(Connection& connection, size_t kind) {
  const Answer answer =
      HOLDFAST_TRY(connection.run(std::string("SELECT source, epoch, first, last FROM ") +
                                  set_tables[kind] + where(pipeline_, table_)));
  for (size_t i = 0; i < answer.rows(); ++i) {
    SequenceSet& set = sets_[kind][{std::string(answer.text(i, 0)), answer.number(i, 1)}];
    if (!set.load({answer.number(i, 2), answer.number(i, 3)}))
      return fail(ErrorCode::corrupt, std::string(set_tables[kind]) + " has overlapping intervals");
  }
  return {};
}

void Ledger::add_sets(size_t kind, std::string& sql) {
  std::string remove, put;
  for (auto& [who, set] : sets_[kind]) {
    const SequenceSet::Changes changes = set.changes();
    const std::string stream = quote_text(who.first) + ", " + text(who.second) + ", ";
    for (const int64_t first : changes.remove)
      remove += (remove.empty() ? "(" : ", (") + stream + text(first) + ")";
    for (const Interval& interval : changes.put)
      put += (put.empty() ? "(" : ", (") + quote_text(pipeline_) + ", " + quote_text(table_) +
             ", " + stream + text(interval.first) + ", " + text(interval.last) + ")";
    set.stored();
  }
  if (!remove.empty())
    sql += std::string("DELETE FROM ") + set_tables[kind] + where(pipeline_, table_) +
           " AND (source, epoch, first) IN (VALUES " + remove + "); ";
  if (!put.empty())
    sql += std::string("INSERT INTO ") + set_tables[kind] + " VALUES " + put +
           " ON CONFLICT (pipeline, target, source, epoch, first) DO UPDATE SET last = "
           "excluded.last; ";
}

Status Ledger::store(Connection& connection, const Positions& upto) {
  std::string sql, values;
  for (const size_t kind : {0, 1}) add_sets(kind, sql);
  for (const auto& [place, next_offset] : upto) {
    values += (values.empty() ? "(" : ", (") + quote_text(pipeline_) + ", " + quote_text(table_) +
              ", " + quote_text(place.topic) + ", " + text(place.partition) + ", " +
              text(next_offset) + ")";
    positions_[place] = next_offset;
  }
  if (!values.empty())
    sql += "INSERT INTO holdfast_positions VALUES " + values +
           " ON CONFLICT (pipeline, target, topic, partition) DO UPDATE SET next_offset = "
           "excluded.next_offset; ";
  sql += "UPDATE holdfast_writers SET revision = " + text(++revision_) + where(pipeline_, table_);
  HOLDFAST_TRY(connection.run(sql));
  return {};
}

}  // namespace holdfast::sink::postgres
