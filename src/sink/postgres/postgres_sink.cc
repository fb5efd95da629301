#include "sink/postgres/postgres_sink.h"

#include <algorithm>
#include <mutex>
#include <optional>
#include <span>

#include "base/fault.h"
#include "base/log_line.h"
#include "sink/api/plan.h"
#include "sink/postgres/rows.h"
#include "sink/postgres/store.h"

namespace holdfast::sink {
namespace {

using postgres::Answer;
using postgres::Connection;
using postgres::RowWriter;
using postgres::Store;

/// After a conflict, how many batches go by the staging table before the short way is tried again.
constexpr int detour_max = 256;

}  // namespace

struct PostgresSink::Impl {
  PostgresSettings settings;
  event::Schema schema;
  std::optional<Store> store;
  int detour = 0;            // batches left that go by the staging table
  int next_detour = 4;       // after the next conflict
  mutable std::mutex mutex;  // of `report` alone
  HealthReport report;

  bool keyed() const { return !settings.key.empty(); }

  void say(Health health, std::string message) {
    const std::lock_guard lock(mutex);
    report = {health, std::move(message)};
  }

  Status ensure_open() {
    if (store && !store->connection.broken()) return {};
    store.reset();
    Result<Store> opened = postgres::open_store(settings, schema);
    if (!opened) {
      say(opened.error().code == ErrorCode::invalid ? Health::failed : Health::unavailable,
          opened.error().message);
      return std::unexpected(opened.error());
    }
    store = std::move(*opened);
    say(Health::well, "");
    return {};
  }

  /// After anything that left the transaction, or the ledger in memory, in doubt.
  void close(const Error& error) {
    say(Health::unavailable, error.message);
    store.reset();
  }

  /// The server's own code, or what kind of trouble the connection had.
  std::string cause_code(const Error& error) const {
    if (store && !store->connection.sqlstate().empty()) return store->connection.sqlstate();
    return error.code == ErrorCode::unavailable ? "connection" : name(error.code);
  }

  Written all(const Batch& batch, Outcome outcome, const Error& error) const {
    return Written::all(batch.entries.size(), outcome, {cause_code(error), error.message});
  }

  /// Begins, and takes over what another writer changed since. `fenced`: it moved our positions.
  Status begin(const Positions& upto) {
    const Answer revision = HOLDFAST_TRY(store->connection.run(store->ledger.begin_sql()));
    if (revision.rows() == 1 && revision.number(0, 0) == store->ledger.revision()) return {};
    const Positions before = store->ledger.positions();
    store->ledger =
        HOLDFAST_TRY(postgres::Ledger::load(store->connection, settings.pipeline, settings.table));
    const auto position = [](const Positions& positions, const TopicPartition& place) {
      const auto found = positions.find(place);
      return found == positions.end() ? -1 : found->second;
    };
    for (const auto& [place, offset] : upto)
      if (position(before, place) != position(store->ledger.positions(), place))
        return fail(ErrorCode::fenced, "another process has moved the position of " + place.topic);
    return {};
  }

  Status copy(const std::string& sql, const Batch& batch, std::span<const uint32_t> entries,
              postgres::RowShape shape) {
    if (entries.empty()) return {};
    RowWriter rows(batch, entries, shape, store->table.json_binary());
    HOLDFAST_TRY(
        store->connection.copy_in(sql, [&](std::string& piece) { return rows.fill(piece); }));
    return {};
  }

  Status stage(const Batch& batch, std::span<const uint32_t> entries) {
    return copy(store->table.copy_stage, batch, entries,
                {.order = true, .version = true, .deletion = true});
  }

  /// Straight into the table, as long as nothing is in the way: three times as fast. False when
  /// something was, with the transaction as it was before.
  Result<bool> append_directly(const Batch& batch, const Plan& plan) {
    if (plan.deletes || detour-- > 0) return false;
    const Answer deletions = HOLDFAST_TRY(store->connection.run(
        "SAVEPOINT direct; SELECT EXISTS (SELECT FROM " + store->table.deletions + ")"));
    if (deletions.flag(0, 0)) return false;
    const Status copied = copy(store->table.copy_rows, batch, plan.insert, {.version = true});
    if (copied) return true;
    if (store->connection.sqlstate() != "23505") return std::unexpected(copied.error());
    HOLDFAST_TRY(store->connection.run("ROLLBACK TO direct"));
    detour = next_detour;
    next_detour = std::min(next_detour * 2, detour_max);
    return false;
  }

  Status append_by_version(const Batch& batch, Plan& plan) {
    if (plan.insert.empty()) return {};
    if (HOLDFAST_TRY(append_directly(batch, plan))) {
      next_detour = 4;
      return {};
    }
    HOLDFAST_CHECKED(stage(batch, plan.insert));
    int64_t changed = 0;
    for (size_t i = 0; i < (plan.deletes ? 3u : 1u); ++i) {
      const Answer answer = HOLDFAST_TRY(store->connection.run(store->table.apply[i]));
      if (i < 2) changed += answer.changed();
    }
    if (changed == static_cast<int64_t>(plan.insert.size())) return {};
    const Answer older = HOLDFAST_TRY(store->connection.run(store->table.not_applied));
    for (size_t i = 0; i < older.rows(); ++i)
      plan.outcomes[static_cast<size_t>(older.number(i, 0))] = Outcome::superseded;
    return {};
  }

  Status append(const Batch& batch, Plan& plan) {
    if (keyed()) return append_by_version(batch, plan);
    return copy(store->table.copy_rows, batch, plan.insert, {});
  }

  /// Everything of the transaction but its commit.
  Status prepare(const Batch& batch, Plan& plan) {
    HOLDFAST_CHECKED(append(batch, plan));
    fault::point("sink.after_rows");
    return store->ledger.store(store->connection, batch.upto);
  }

  /// Finds the entries whose rows the table refuses, by trying parts of them and rolling each back.
  Status find_culprits(const Batch& batch, std::span<const uint32_t> entries, Written& written) {
    HOLDFAST_TRY(store->connection.run("BEGIN"));
    Plan part;
    part.insert.assign(entries.begin(), entries.end());
    part.outcomes.assign(batch.entries.size(), Outcome::applied);
    for (const uint32_t i : entries) part.deletes |= batch.entries[i].deletion;
    Status status = append(batch, part);
    if (status) {
      const auto checked = store->connection.run("SET CONSTRAINTS ALL IMMEDIATE");
      if (!checked) status = std::unexpected(checked.error());
    }
    const std::string code = status ? "" : cause_code(status.error());
    HOLDFAST_TRY(store->connection.run("ROLLBACK"));
    if (status || status.error().code != ErrorCode::invalid) return status;
    if (entries.size() == 1) {
      written.outcomes[entries[0]] = Outcome::rejected;
      written.refusals.push_back({entries[0], {code, status.error().message}});
      return {};
    }
    const size_t step = (entries.size() + 7) / 8;
    for (size_t begin = 0; begin < entries.size(); begin += step)
      HOLDFAST_CHECKED(find_culprits(
          batch, entries.subspan(begin, std::min(step, entries.size() - begin)), written));
    return {};
  }

  /// Nothing was committed: why, and whose fault it is.
  Written not_applied(const Batch& batch, const Plan& plan, const Error& error) {
    Written written = all(batch, Outcome::unavailable, error);
    // Class 42 and the like: the table itself is not what it was.
    const bool data = error.code == ErrorCode::invalid &&
                      (cause_code(error).starts_with("2") || cause_code(error) == "54000");
    Status recovered;
    if (store->connection.broken()) {
      recovered = std::unexpected(error);
    } else if (const auto rolled_back = store->connection.run("ROLLBACK"); !rolled_back) {
      recovered = std::unexpected(rolled_back.error());
    }
    if (recovered && data) {
      Written judged;
      judged.outcomes = written.outcomes;
      recovered = find_culprits(batch, plan.insert, judged);
      if (!judged.refusals.empty()) written = std::move(judged);
    }
    // The ledger in memory is ahead; a new connection loads it again.
    close(recovered ? error : recovered.error());
    if (recovered && data && !ensure_open()) return written;
    return written;
  }

  Written write(const Batch& batch) {
    if (!store)
      return all(batch, Outcome::unavailable,
                 {ErrorCode::unavailable,
                  "the store was closed after an error; ask for its positions first"});
    const Status begun = begin(batch.upto);
    if (!begun) return not_applied(batch, {}, begun.error());
    Plan plan = sink::plan(batch, store->ledger.applied(), store->ledger.filtered());
    const Status prepared = prepare(batch, plan);
    if (!prepared) return not_applied(batch, plan, prepared.error());
    fault::point("sink.before_commit");
    const auto committed = store->connection.run("COMMIT");
    if (!committed) {
      // The server said no: surely rolled back. Without its word nobody knows.
      if (!store->connection.sqlstate().empty() && !store->connection.broken())
        return not_applied(batch, plan, committed.error());
      log_warning("sink", "commit into {} ended with: {}", settings.table,
                  committed.error().message);
      Written written = all(batch, Outcome::unknown, committed.error());
      close(committed.error());
      return written;
    }
    fault::point("sink.after_commit");
    return {std::move(plan.outcomes), {}};
  }

  Result<std::vector<Held>> confirm(const Batch& batch) {
    HOLDFAST_CHECKED(ensure_open());
    std::vector<Held> held(batch.entries.size(), Held::present);
    std::vector<uint32_t> rows;
    for (uint32_t i = 0; i < batch.entries.size(); ++i) {
      if (batch.entries[i].row < 0) continue;
      held[i] = Held::missing;
      rows.push_back(i);
    }
    if (rows.empty()) return held;
    HOLDFAST_TRY(store->connection.run("BEGIN"));
    Status status = stage(batch, rows);
    std::optional<Answer> answer;
    if (status) {
      auto asked = store->connection.run(store->table.confirm);
      if (asked)
        answer = std::move(*asked);
      else
        status = std::unexpected(asked.error());
    }
    if (!store->connection.broken()) (void)store->connection.run("ROLLBACK");
    if (!status) return std::unexpected(status.error());
    for (size_t i = 0; i < answer->rows(); ++i)
      held[static_cast<size_t>(answer->number(i, 0))] =
          answer->number(i, 1) == 0 ? Held::present : Held::superseded;
    return held;
  }
};

PostgresSink::PostgresSink(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
PostgresSink::~PostgresSink() = default;

Result<std::unique_ptr<PostgresSink>> PostgresSink::open(const PostgresSettings& settings,
                                                         const event::Schema& schema) {
  auto impl = std::make_unique<Impl>();
  impl->settings = settings;
  impl->schema = schema;
  HOLDFAST_CHECKED(impl->ensure_open());
  return std::unique_ptr<PostgresSink>(new PostgresSink(std::move(impl)));
}

Result<Positions> PostgresSink::positions() {
  HOLDFAST_CHECKED(impl_->ensure_open());
  // From the database: another process may have moved them, or it may be gone.
  const auto read = [&] {
    return postgres::read_positions(impl_->store->connection, impl_->settings.pipeline,
                                    impl_->settings.table);
  };
  auto positions = read();
  if (!positions && impl_->store->connection.broken()) {
    HOLDFAST_CHECKED(impl_->ensure_open());
    positions = read();
  }
  if (!positions) {
    const Error error = positions.error();
    impl_->close(error);
    // A table that is gone is made again by the next call.
    return fail(error.code == ErrorCode::invalid ? ErrorCode::unavailable : error.code,
                error.message);
  }
  if (*positions != impl_->store->ledger.positions()) {
    impl_->store.reset();
    HOLDFAST_CHECKED(impl_->ensure_open());
    return impl_->store->ledger.positions();
  }
  return positions;
}

Written PostgresSink::write(const Batch& batch) {
  return impl_->write(batch);
}

HealthReport PostgresSink::health() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->report;
}

Result<std::vector<Held>> PostgresSink::confirm(const Batch& batch) {
  return impl_->confirm(batch);
}

Result<std::unique_ptr<Reader>> PostgresSink::reader() {
  return open_postgres_reader(impl_->settings);
}

}  // namespace holdfast::sink
