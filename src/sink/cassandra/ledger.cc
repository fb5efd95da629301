#include "sink/cassandra/ledger.h"

#include <algorithm>

#include "base/os/clock.h"
#include "sink/cassandra/cql/murmur3.h"
#include "sink/cassandra/cql/rows.h"
#include "sink/cassandra/cql/value.h"
#include "sink/cassandra/names.h"

namespace holdfast::sink {
namespace {

constexpr const char* set_tables[] = {"holdfast_sequences", "holdfast_filtered"};
constexpr size_t statements_per_batch_max = 2'000;  // a mutation has a bound on the server
constexpr int32_t page_rows = 5'000;

std::string in(const std::string& keyspace, const char* table) {
  return quote_name(keyspace) + "." + table;
}

Error error_of(const cql::Failure& failure) {
  // A table that is not there is the one thing that only its maker can mend.
  const bool missing = failure.code == "invalid" &&
                       (failure.message.find("does not exist") != std::string::npos ||
                        failure.message.find("unconfigured table") != std::string::npos);
  return {missing ? ErrorCode::not_found : error_code_of(failure.certainty), failure.message};
}

using Visit = std::function<void(const cql::RowCursor&)>;

/// Every row of one target, page by page.
Status each_row(cql::Session& session, const cql::Statement& statement, const Ledger::Place& place,
                const std::string& target, const Visit& visit) {
  std::optional<ByteBuffer> state;
  do {
    cql::Request request;
    request.bound.push_back(bind_texts(statement, {place.pipeline, target}));
    request.consistency = place.read;
    request.page_rows = page_rows;
    request.paging_state = std::move(state);
    request.idempotent = true;
    const cql::Answer answer = session.run(std::move(request));
    if (!answer) return std::unexpected(error_of(answer.error()));
    for (cql::RowCursor row(**answer); row.next();) visit(row);
    state = (*answer)->metadata.paging_state;
  } while (state);
  return {};
}

/// Every row of a statement that asks for (pipeline, target).
Status each_row(cql::Session& session, const std::string& cql, const Ledger::Place& place,
                const Visit& visit) {
  const auto statement = session.prepare(cql);
  if (!statement) {
    const bool missing = statement.error().code == ErrorCode::invalid;
    return fail(missing ? ErrorCode::not_found : statement.error().code, statement.error().message);
  }
  HOLDFAST_CHECKED(each_row(session, *statement, place, place.target, visit));
  for (const std::string& also : place.also_targets)
    HOLDFAST_CHECKED(each_row(session, *statement, place, also, visit));
  return {};
}

}  // namespace

Ledger::Place ledger_place(const CassandraSettings& settings) {
  return {settings.keyspace,     settings.pipeline, target_name(settings),
          settings.also_targets, settings.write,    settings.read};
}

Status Ledger::create_tables(cql::Session& session, const std::string& keyspace) {
  const std::string begin = "CREATE TABLE IF NOT EXISTS ";
  const std::string key = "pipeline text, target text, ";
  HOLDFAST_CHECKED(session.change_schema(begin + in(keyspace, "holdfast_positions") + " (" + key +
                                         "topic text, partition int, next_offset bigint, "
                                         "PRIMARY KEY ((pipeline, target), topic, partition))"));
  for (const char* table : set_tables)
    HOLDFAST_CHECKED(
        session.change_schema(begin + in(keyspace, table) + " (" + key +
                              "source text, epoch bigint, first bigint, last bigint, "
                              "PRIMARY KEY ((pipeline, target), source, epoch, first))"));
  return {};
}

Result<Ledger> Ledger::load(cql::Session& session, const Place& place) {
  Ledger ledger;
  ledger.place_ = place;
  HOLDFAST_CHECKED(ledger.load_positions(session));
  for (const size_t kind : {0, 1}) HOLDFAST_CHECKED(ledger.load_set(session, kind));
  HOLDFAST_CHECKED(ledger.prepare(session));
  return ledger;
}

Status Ledger::prepare(cql::Session& session) {
  const std::string key = "(pipeline, target, ";
  statements_.position = HOLDFAST_TRY(
      session.prepare("INSERT INTO " + in(place_.keyspace, "holdfast_positions") + " " + key +
                      "topic, partition, next_offset) VALUES (?, ?, ?, ?, ?) USING TIMESTAMP ?"));
  for (const size_t kind : {0, 1}) {
    const std::string table = in(place_.keyspace, set_tables[kind]);
    statements_.put[kind] = HOLDFAST_TRY(
        session.prepare("INSERT INTO " + table + " " + key +
                        "source, epoch, first, last) VALUES (?, ?, ?, ?, ?, ?) USING TIMESTAMP ?"));
    statements_.remove[kind] = HOLDFAST_TRY(session.prepare(
        "DELETE FROM " + table +
        " USING TIMESTAMP ? WHERE pipeline = ? AND target = ? AND source = ? AND epoch = ? AND "
        "first = ?"));
  }
  return {};
}

Status Ledger::load_positions(cql::Session& session) {
  return each_row(session,
                  "SELECT topic, partition, next_offset, WRITETIME(next_offset) FROM " +
                      in(place_.keyspace, "holdfast_positions") +
                      " WHERE pipeline = ? AND target = ?",
                  place_, [this](const cql::RowCursor& row) {
                    const auto offset = cql::int_of(row.at(2));
                    if (!offset) return;
                    int64_t& known = positions_[{*cql::text_of(row.at(size_t{0})),
                                                 static_cast<int32_t>(*cql::int_of(row.at(1)))}];
                    known = std::max(known, *offset);
                    last_stamp_us_ = std::max(last_stamp_us_, cql::int_of(row.at(3)).value_or(0));
                  });
}

Status Ledger::load_set(cql::Session& session, size_t kind) {
  std::map<std::pair<std::string, int64_t>, std::vector<Interval>> found;
  HOLDFAST_CHECKED(
      each_row(session,
               "SELECT source, epoch, first, last, WRITETIME(last) FROM " +
                   in(place_.keyspace, set_tables[kind]) + " WHERE pipeline = ? AND target = ?",
               place_, [&](const cql::RowCursor& row) {
                 const auto last = cql::int_of(row.at(3));
                 if (!last) return;
                 found[{*cql::text_of(row.at(size_t{0})), *cql::int_of(row.at(1))}].push_back(
                     {*cql::int_of(row.at(2)), *last});
                 last_stamp_us_ = std::max(last_stamp_us_, cql::int_of(row.at(4)).value_or(0));
               }));
  for (auto& [stream, intervals] : found) {
    std::ranges::sort(intervals, {}, &Interval::first);
    std::vector<Interval> joined;
    for (const Interval& one : intervals) {
      if (!joined.empty() && one.first <= joined.back().last + 1)
        joined.back().last = std::max(joined.back().last, one.last);
      else
        joined.push_back(one);
    }
    for (const Interval& one : joined)
      if (!sets_[kind][stream].load(one))
        return fail(ErrorCode::corrupt, "an interval of the ledger ends before it begins");
  }
  return {};
}

cql::Bound Ledger::bind(const cql::Statement& statement, int64_t stamp_us, bool stamp_first,
                        std::string_view name, std::initializer_list<int64_t> numbers,
                        bool first_is_int) const {
  cql::Bound bound{.statement = statement,
                   .value_count = static_cast<uint16_t>(4 + numbers.size())};
  cql::Writer writer(bound.values);
  const auto number = [&](int64_t value) {
    writer.i32(8);
    writer.i64(value);
  };
  if (stamp_first) number(stamp_us);
  for (const std::string_view text :
       {std::string_view(place_.pipeline), std::string_view(place_.target), name})
    writer.bytes(as_bytes(text));
  for (const int64_t value : numbers) {
    if (std::exchange(first_is_int, false)) {
      writer.i32(4);
      writer.i32(static_cast<int32_t>(value));
    } else {
      number(value);
    }
  }
  if (!stamp_first) number(stamp_us);
  return bound;
}

std::vector<cql::Bound> Ledger::changes(const Positions& upto, int64_t stamp_us) {
  std::vector<cql::Bound> bound;
  for (const size_t kind : {0, 1})
    for (auto& [stream, set] : sets_[kind]) {
      const SequenceSet::Changes changed = set.changes();
      // An interval that was replaced is gone before what stands for it is known, or it is not gone
      // at all: the removals go with the additions, and a deletion beats a write of the same time.
      for (const int64_t first : changed.remove)
        if (std::ranges::find(changed.put, first, &Interval::first) == changed.put.end())
          bound.push_back(
              bind(statements_.remove[kind], stamp_us, true, stream.first, {stream.second, first}));
      for (const Interval& put : changed.put)
        bound.push_back(bind(statements_.put[kind], stamp_us, false, stream.first,
                             {stream.second, put.first, put.last}));
    }
  for (const auto& [partition, offset] : upto)
    bound.push_back(bind(statements_.position, stamp_us, false, partition.topic,
                         {partition.partition, offset}, true));
  return bound;
}

std::expected<void, cql::Failure> Ledger::store(cql::Session& session, const Positions& upto) {
  last_stamp_us_ = std::max(os::real_clock().wall_us(), last_stamp_us_ + 1);
  std::vector<cql::Bound> all = changes(upto, last_stamp_us_);
  ByteBuffer key;
  cql::append_key_part(key, as_bytes(place_.pipeline));
  cql::append_key_part(key, as_bytes(place_.target));
  for (size_t begin = 0; begin < all.size(); begin += statements_per_batch_max) {
    cql::Request request;
    const size_t end = std::min(all.size(), begin + statements_per_batch_max);
    std::move(all.begin() + static_cast<ptrdiff_t>(begin),
              all.begin() + static_cast<ptrdiff_t>(end), std::back_inserter(request.bound));
    request.batch = cql::BatchKind::unlogged;  // one partition: one mutation
    request.consistency = place_.write;
    request.token = cql::token_of(key);
    request.idempotent = true;
    const cql::Answer answer = session.run(std::move(request));
    if (!answer) return std::unexpected(answer.error());
  }
  for (auto& sets : sets_)
    for (auto& [stream, set] : sets) set.stored();
  for (const auto& [partition, offset] : upto) positions_[partition] = offset;
  return {};
}

}  // namespace holdfast::sink
