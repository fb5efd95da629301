#include <map>
#include <set>

#include "event/interval_set.h"
#include "sink/cassandra/cql/rows.h"
#include "sink/cassandra/cql/value.h"
#include "sink/cassandra/ledger.h"
#include "sink/cassandra/names.h"
#include "sink/cassandra/sink.h"

// The audit's eyes: a connection of its own, every row's stamp page by page.

namespace holdfast::sink {
namespace {

using Streams = std::map<std::pair<std::string, int64_t>, event::IntervalSet>;
constexpr int32_t page_rows = 5'000;

bool within(const Window& window, std::string_view source, int64_t epoch) {
  return (window.source.empty() || window.source == source) &&
         (window.epoch < 0 || window.epoch == epoch);
}

Status visit_set(const std::string& source, int64_t epoch, const std::vector<Interval>& intervals,
                 const Window& window, const VisitRuns& visit) {
  for (const Interval& one : intervals) {
    const StoredRun run{source, epoch, std::max(one.first, window.first),
                        std::min(one.last, window.last), 1};
    if (run.first <= run.last) HOLDFAST_CHECKED(visit({&run, 1}));
  }
  return {};
}

class CassandraReader : public Reader {
 public:
  CassandraReader(std::unique_ptr<cql::Session> session, CassandraSettings settings)
      : session_(std::move(session)), settings_(std::move(settings)) {}

  Status read_back(const Window& window, const VisitRuns& visit) override {
    Streams found;
    HOLDFAST_CHECKED(scan_all(window, found));
    for (const auto& [stream, set] : found) {
      HOLDFAST_CHECKED(visit_set(stream.first, stream.second, set.intervals(), window, visit));
      seen_[stream].merge(set);
    }
    return {};
  }

  Status read_filtered(const Window& window, const VisitRuns& visit) override {
    const Ledger ledger = HOLDFAST_TRY(load());
    for (const auto& [stream, set] : ledger.filtered())
      if (within(window, stream.first, stream.second))
        HOLDFAST_CHECKED(visit_set(stream.first, stream.second, set.intervals(), window, visit));
    return read_replaced(ledger, window, visit);
  }

  Result<Positions> positions() override { return HOLDFAST_TRY(load()).positions(); }

  Result<Ledger> load() { return Ledger::load(*session_, ledger_place(settings_)); }

 private:
  /// Events that were applied and whose row a newer one of its key has replaced or deleted, or that
  /// have none (an empty list), by the write path's word: what it says is applied, without what is
  /// there now or was when `read_back` looked.
  Status read_replaced(const Ledger& ledger, const Window& window, const VisitRuns& visit) {
    if (!HOLDFAST_TRY(rows_are_replaced())) return {};
    Streams there = seen_;
    HOLDFAST_CHECKED(scan_all(window, there));
    for (const auto& [stream, set] : ledger.applied()) {
      if (!within(window, stream.first, stream.second)) continue;
      std::vector<Interval> gone;
      for (const Interval& run : set.intervals())
        for (const Interval& hole : there[stream].missing(run)) gone.push_back(hole);
      HOLDFAST_CHECKED(visit_set(stream.first, stream.second, gone, window, visit));
    }
    return {};
  }

  Result<bool> rows_are_replaced() {
    for (const CassandraTable& table : settings_.tables)
      if (!table.fan_out.empty() || !HOLDFAST_TRY(stamp_is_key(table_name(settings_, table.table))))
        return true;
    return false;
  }

  /// By stream, since rows come in the order of their tokens and one event may have several.
  Status scan_all(const Window& window, Streams& found) {
    std::set<TableName> names;
    for (const CassandraTable& table : settings_.tables) {
      const TableName name = table_name(settings_, table.table);
      if (names.insert(name).second) HOLDFAST_CHECKED(scan(name, window, found));
    }
    return {};
  }

  Result<bool> stamp_is_key(const TableName& name) {
    const cql::Reply rows = HOLDFAST_TRY(
        ask_about(*session_,
                  "SELECT kind FROM system_schema.columns WHERE keyspace_name = ? AND table_name = "
                  "? AND column_name = 'ce_sequence'",
                  name));
    cql::RowCursor row(*rows);
    if (!row.next()) return fail(ErrorCode::not_found, "there is no table " + name.text());
    return cql::text_of(row.at(size_t{0})) != "regular";
  }

  Status scan(const TableName& name, const Window& window, Streams& found) {
    cql::Request page;
    page.cql = "SELECT ce_source, ce_epoch, ce_sequence FROM " + name.quoted();
    page.consistency = settings_.read;
    page.page_rows = page_rows;
    page.idempotent = true;
    while (true) {
      const cql::Answer answer = session_->run(page);
      if (!answer) return fail(error_code_of(answer.error().certainty), answer.error().message);
      for (cql::RowCursor row(**answer); row.next();) {
        const auto source = cql::text_of(row.at(size_t{0}));
        const auto epoch = cql::int_of(row.at(1));
        const auto sequence = cql::int_of(row.at(2));
        if (!source || !epoch || !sequence)
          return fail(ErrorCode::corrupt, "table " + name.text() +
                                              " has a row without a stamp: it was not written by "
                                              "a pipeline");
        if (within(window, *source, *epoch) && *sequence >= window.first &&
            *sequence <= window.last)
          found[{*source, *epoch}].add(*sequence);
      }
      page.paging_state = (*answer)->metadata.paging_state;
      if (!page.paging_state) return {};
    }
  }

  std::unique_ptr<cql::Session> session_;
  CassandraSettings settings_;
  Streams seen_;
};

}  // namespace

Result<std::unique_ptr<Reader>> open_cassandra_reader(const CassandraSettings& settings) {
  auto reader = std::make_unique<CassandraReader>(
      HOLDFAST_TRY(cql::Session::open(settings.session)), settings);
  HOLDFAST_TRY(reader->load());
  return reader;
}

}  // namespace holdfast::sink
