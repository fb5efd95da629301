#include "sink/duckdb/ledger.h"

#include <algorithm>

namespace holdfast::sink {
namespace {

using duckdb::quote_text;

constexpr const char* set_tables[2] = {"holdfast_sequences", "holdfast_filtered"};

std::string where(const std::string& pipeline, const std::string& table) {
  return " WHERE pipeline = " + quote_text(pipeline) + " AND target = " + quote_text(table);
}

Status for_each_row(duckdb::Connection& connection, const std::string& sql,
                    const std::function<Status(const duckdb::Chunk&, size_t)>& visit) {
  duckdb::Cursor cursor = HOLDFAST_TRY(connection.query(sql));
  while (true) {
    const auto chunk = HOLDFAST_TRY(cursor.next());
    if (!chunk) return {};
    for (size_t row = 0; row < chunk->rows(); ++row) HOLDFAST_CHECKED(visit(*chunk, row));
  }
}

std::string text_at(const duckdb::Chunk& chunk, size_t column, size_t row) {
  return std::string(chunk.column(column).as<duckdb::Text>()[row].view());
}
int64_t number_at(const duckdb::Chunk& chunk, size_t column, size_t row) {
  return chunk.column(column).as<int64_t>()[row];
}

}  // namespace

Status DuckdbLedger::create_tables(duckdb::Connection& connection) {
  // No keys and no indexes: they would be one more thing to replay and to get wrong after a crash.
  // The one writer of a file keeps these rows unique.
  HOLDFAST_CHECKED(
      connection.run("CREATE TABLE IF NOT EXISTS holdfast_positions(pipeline VARCHAR, target "
                     "VARCHAR, topic VARCHAR, partition BIGINT, "
                     "next_offset BIGINT)"));
  for (const char* table : set_tables)
    HOLDFAST_CHECKED(connection.run(std::string("CREATE TABLE IF NOT EXISTS ") + table +
                                    "(pipeline VARCHAR, target VARCHAR, source VARCHAR, epoch "
                                    "BIGINT, first BIGINT, last BIGINT)"));
  return {};
}

Result<DuckdbLedger> DuckdbLedger::load(duckdb::Connection& connection, const std::string& pipeline,
                                        const std::string& table) {
  const std::string mine = where(pipeline, table);
  const std::string values = " SELECT " + quote_text(pipeline) + ", " + quote_text(table) + ", ?";
  const auto extend = [&](size_t kind) {
    return connection.prepare(std::string("UPDATE ") + set_tables[kind] + " SET last = $4" + mine +
                              " AND source = $1 AND epoch = $2 AND first = $3");
  };
  const auto remove = [&](size_t kind) {
    return connection.prepare(std::string("DELETE FROM ") + set_tables[kind] + mine +
                              " AND source = $1 AND epoch = $2 AND first = $3");
  };
  Statements statements{
      HOLDFAST_TRY(connection.prepare("UPDATE holdfast_positions SET next_offset = $3" + mine +
                                      " AND topic = $1 AND partition = $2")),
      HOLDFAST_TRY(connection.prepare("INSERT INTO holdfast_positions" + values + ", ?, ?")),
      {HOLDFAST_TRY(extend(0)), HOLDFAST_TRY(extend(1))},
      {HOLDFAST_TRY(remove(0)), HOLDFAST_TRY(remove(1))}};
  DuckdbLedger ledger(std::move(statements), pipeline, table);
  ledger.positions_ = HOLDFAST_TRY(read_positions(connection, pipeline, table));
  for (const size_t kind : {0, 1}) HOLDFAST_CHECKED(ledger.load_sets(connection, kind));
  return ledger;
}

Result<Positions> read_positions(duckdb::Connection& connection, const std::string& pipeline,
                                 const std::string& table) {
  Positions positions;
  HOLDFAST_CHECKED(for_each_row(
      connection,
      "SELECT topic, partition, next_offset FROM holdfast_positions" + where(pipeline, table),
      [&](const duckdb::Chunk& chunk, size_t row) -> Status {
        const TopicPartition place{text_at(chunk, 0, row),
                                   static_cast<int32_t>(number_at(chunk, 1, row))};
        if (positions.emplace(place, number_at(chunk, 2, row)).second) return {};
        return fail(ErrorCode::corrupt, "holdfast_positions has two rows for " + place.topic);
      }));
  return positions;
}

Status DuckdbLedger::load_sets(duckdb::Connection& connection, size_t kind) {
  return for_each_row(connection,
                      std::string("SELECT source, epoch, first, last FROM ") + set_tables[kind] +
                          where(pipeline_, table_),
                      [&](const duckdb::Chunk& chunk, size_t row) -> Status {
                        SequenceSet& set =
                            sets_[kind][{text_at(chunk, 0, row), number_at(chunk, 1, row)}];
                        if (set.load({number_at(chunk, 2, row), number_at(chunk, 3, row)}))
                          return {};
                        return fail(ErrorCode::corrupt,
                                    std::string(set_tables[kind]) + " has overlapping intervals");
                      });
}

Status DuckdbLedger::run(duckdb::Statement& statement, std::string_view name,
                         std::initializer_list<int64_t> numbers) {
  HOLDFAST_CHECKED(statement.bind(1, name));
  size_t parameter = 2;
  for (const int64_t number : numbers) HOLDFAST_CHECKED(statement.bind(parameter++, number));
  HOLDFAST_TRY(statement.execute());
  return {};
}

Status DuckdbLedger::store_positions(const Positions& upto) {
  for (const auto& [place, next_offset] : upto) {
    const bool known = positions_.contains(place);
    duckdb::Statement& statement =
        known ? statements_.update_position : statements_.insert_position;
    HOLDFAST_CHECKED(run(statement, place.topic, {place.partition, next_offset}));
    positions_[place] = next_offset;
  }
  return {};
}

Status DuckdbLedger::store_set(size_t kind, const std::string& source, int64_t epoch,
                               SequenceSet& set, std::vector<NewInterval>& fresh) {
  const SequenceSet::Changes changes = set.changes();
  auto removed = changes.remove.begin();
  const auto remove_below = [&](int64_t first) -> Status {
    for (; removed != changes.remove.end() && *removed < first; ++removed)
      HOLDFAST_CHECKED(run(statements_.remove[kind], source, {epoch, *removed}));
    return {};
  };
  for (const Interval& interval : changes.put) {  // both lists are in order
    HOLDFAST_CHECKED(remove_below(interval.first));
    if (removed != changes.remove.end() && *removed == interval.first) {
      HOLDFAST_CHECKED(
          run(statements_.extend[kind], source, {epoch, interval.first, interval.last}));
      ++removed;
    } else {
      fresh.push_back({source, epoch, interval});
    }
  }
  HOLDFAST_CHECKED(remove_below(INT64_MAX));
  set.stored();
  return {};
}

Status DuckdbLedger::append(duckdb::Connection& connection, size_t kind,
                            const std::vector<NewInterval>& fresh) {
  if (fresh.empty()) return {};
  duckdb::Appender appender = HOLDFAST_TRY(connection.appender(set_tables[kind]));
  for (size_t begin = 0; begin < fresh.size(); begin += duckdb::rows_per_chunk) {
    const size_t count = std::min(fresh.size() - begin, duckdb::rows_per_chunk);
    for (size_t i = 0; i < count; ++i) {
      const NewInterval& row = fresh[begin + i];
      appender.column(0).as<duckdb::Text>()[i] = duckdb::Text::borrow(pipeline_);
      appender.column(1).as<duckdb::Text>()[i] = duckdb::Text::borrow(table_);
      appender.column(2).as<duckdb::Text>()[i] = duckdb::Text::borrow(row.source);
      appender.column(3).as<int64_t>()[i] = row.epoch;
      appender.column(4).as<int64_t>()[i] = row.interval.first;
      appender.column(5).as<int64_t>()[i] = row.interval.last;
    }
    HOLDFAST_CHECKED(appender.append(count));
  }
  return appender.close();
}

Status DuckdbLedger::store(duckdb::Connection& connection, const Positions& upto) {
  for (const size_t kind : {0, 1}) {
    std::vector<NewInterval> fresh;
    for (auto& [who, set] : sets_[kind])
      HOLDFAST_CHECKED(store_set(kind, who.first, who.second, set, fresh));
    HOLDFAST_CHECKED(append(connection, kind, fresh));
  }
  return store_positions(upto);
}

}  // namespace holdfast::sink
