#include <map>

#include "event/interval_set.h"
#include "sink/api/runs.h"
#include "sink/postgres/ledger.h"
#include "sink/postgres/postgres_sink.h"

namespace holdfast::sink {
namespace {

using postgres::Connection;
using postgres::quote_name;
using postgres::quote_text;
using Streams = std::map<std::pair<std::string, int64_t>, event::IntervalSet, std::less<>>;

std::string bounds(const Window& window, const char* source, const char* epoch, const char* first,
                   const char* last) {
  std::string sql;
  const auto add = [&](const char* column, const char* operation, const std::string& value) {
    sql += std::string(" AND ") + column + operation + value;
  };
  if (!window.source.empty()) add(source, " = ", quote_text(window.source));
  if (window.epoch >= 0) add(epoch, " = ", std::to_string(window.epoch));
  if (window.first > 0) add(last, " >= ", std::to_string(window.first));
  if (window.last < INT64_MAX) add(first, " <= ", std::to_string(window.last));
  return sql;
}

/// The fields of a row of COPY ... TO STDOUT (FORMAT binary).
class Fields {
 public:
  explicit Fields(std::string_view row) : left_(row) {}
  int16_t count() { return static_cast<int16_t>(number(2)); }
  std::string_view text() {
    const auto size = static_cast<int32_t>(number(4));
    if (size < 0 || static_cast<size_t>(size) > left_.size()) {
      good_ = false;
      return {};
    }
    const std::string_view result = left_.substr(0, static_cast<size_t>(size));
    left_.remove_prefix(result.size());
    return result;
  }
  int64_t int8() {
    good_ &= number(4) == 8;
    return static_cast<int64_t>(number(8));
  }
  void skip(size_t bytes) { left_.remove_prefix(std::min(bytes, left_.size())); }
  bool good() const { return good_; }

 private:
  uint64_t number(size_t bytes) {
    if (left_.size() < bytes) {
      good_ = false;
      left_ = {};
      return 0;
    }
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; ++i) value = value << 8 | static_cast<uint8_t>(left_[i]);
    left_.remove_prefix(bytes);
    return value;
  }
  std::string_view left_;
  bool good_ = true;
};

class PostgresReader : public Reader {
 public:
  PostgresReader(Connection connection, const PostgresSettings& settings)
      : connection_(std::move(connection)), settings_(settings) {}

  Status read_back(const Window& window, const VisitRuns& visit) override {
    Runs runs(visit);
    HOLDFAST_CHECKED(
        read_rows(window, [&](std::string_view source, int64_t epoch, int64_t sequence) {
          if (keyed()) seen_[{std::string(source), epoch}].add(sequence);
          return runs.add(source, epoch, sequence, sequence);
        }));
    return runs.flush();
  }

  Status read_filtered(const Window& window, const VisitRuns& visit) override {
    Runs runs(visit);
    HOLDFAST_CHECKED(read_intervals("holdfast_filtered", window, runs));
    if (keyed()) HOLDFAST_CHECKED(read_replaced(window, runs));
    return runs.flush();
  }

  Result<Positions> positions() override {
    return postgres::read_positions(connection_, settings_.pipeline, settings_.table);
  }

 private:
  bool keyed() const { return !settings_.key.empty(); }

  template <class Take>
  Status read_rows(const Window& window, const Take& take) {
    const std::string part = "SELECT ce_source, ce_epoch, ce_sequence FROM ";
    const std::string where =
        " WHERE true" + bounds(window, "ce_source", "ce_epoch", "ce_sequence", "ce_sequence");
    std::string sql = part + quote_name(settings_.table) + where;
    if (keyed()) sql += " UNION ALL " + part + quote_name(settings_.table + "_deletions") + where;
    bool first = true;
    return connection_.copy_out(
        "COPY (" + sql + ") TO STDOUT (FORMAT binary)", [&](std::string_view row) -> Status {
          Fields fields(row);
          if (first) fields.skip(19);  // the header
          first = false;
          if (fields.count() < 0) return {};  // the trailer
          const std::string_view source = fields.text();
          const int64_t epoch = fields.int8();
          const int64_t sequence = fields.int8();
          if (fields.good()) return take(source, epoch, sequence);
          return fail(ErrorCode::corrupt,
                      "table " + settings_.table +
                          " has a row without a stamp: it was not written by a pipeline");
        });
  }

  Status read_intervals(const char* table, const Window& window, Runs& runs) {
    const auto answer = HOLDFAST_TRY(connection_.run(
        std::string("SELECT source, epoch, greatest(first, ") + std::to_string(window.first) +
        "), least(last, " + std::to_string(window.last) + ") FROM " + table +
        postgres::where(settings_.pipeline, settings_.table) +
        bounds(window, "source", "epoch", "first", "last") + " ORDER BY source, epoch, first"));
    for (size_t i = 0; i < answer.rows(); ++i)
      HOLDFAST_CHECKED(runs.add(answer.text(i, 0), answer.number(i, 1), answer.number(i, 2),
                                answer.number(i, 3)));
    return {};
  }

  /// Events that were applied and whose row a newer one has replaced, by the write path's word:
  /// what it says is applied, without what is there now or was when `read_back` looked.
  Status read_replaced(const Window& window, Runs& runs) {
    HOLDFAST_TRY(connection_.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"));
    Streams there = seen_;
    Status status =
        read_rows(window, [&](std::string_view source, int64_t epoch, int64_t sequence) {
          there[{std::string(source), epoch}].add(sequence);
          return Status();
        });
    const VisitRuns subtract = [&](std::span<const StoredRun> applied) -> Status {
      for (const StoredRun& run : applied) {
        const auto& set = there[{std::string(run.source), run.epoch}];
        for (const event::Interval& gone : set.missing({run.first, run.last}))
          HOLDFAST_CHECKED(runs.add(run.source, run.epoch, gone.first, gone.last));
      }
      return {};
    };
    Runs applied(subtract);
    if (status) status = read_intervals("holdfast_sequences", window, applied);
    if (status) status = applied.flush();
    if (!connection_.broken()) (void)connection_.run("ROLLBACK");
    return status;
  }

  Connection connection_;
  const PostgresSettings settings_;
  Streams seen_;
};

}  // namespace

Result<std::unique_ptr<Reader>> open_postgres_reader(const PostgresSettings& settings) {
  Connection connection = HOLDFAST_TRY(Connection::open(settings.connection));
  const auto there = HOLDFAST_TRY(connection.run(
      "SELECT to_regclass('holdfast_writers') IS NOT NULL AND to_regclass('holdfast_filtered') IS "
      "NOT NULL AND to_regclass(" +
      quote_text(quote_name(settings.table)) + ") IS NOT NULL"));
  if (!there.flag(0, 0))
    return fail(ErrorCode::not_found, "no pipeline has written the table " + settings.table +
                                          " into database " + settings.connection.database);
  return std::make_unique<PostgresReader>(std::move(connection), settings);
}

}  // namespace holdfast::sink
