#include "sink/duckdb/duckdb_sink.h"

#include <algorithm>
#include <mutex>
#include <optional>
#include <span>

#include "base/fault.h"
#include "base/log_line.h"
#include "base/planted_bug.h"
#include "sink/api/plan.h"
#include "sink/duckdb/duckdb_reader.h"
#include "sink/duckdb/store.h"
#include "sink/duckdb/table.h"

namespace holdfast::sink {
namespace {

/// The code for scripts that goes with DuckDB's message, which begins with "Constraint Error: " and
/// the like.
std::string cause_code(const Error& error) {
  if (error.code != ErrorCode::invalid) return name(error.code);
  std::string code = error.message.substr(0, error.message.find(" Error"));
  std::ranges::transform(code, code.begin(), [](char c) {
    return c == ' ' ? '_' : c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  return code;
}

Written all(const Batch& batch, Outcome outcome, const Error& error) {
  return Written::all(batch.entries.size(), outcome, {cause_code(error), error.message});
}

}  // namespace

struct DuckdbSink::Impl {
  DuckdbSettings settings;
  event::Schema schema;
  std::optional<DuckdbStore> store;
  mutable std::mutex mutex;  // of `report` alone
  HealthReport report;

  void say(Health health, std::string message) {
    const std::lock_guard lock(mutex);
    report = {health, std::move(message)};
  }

  Status ensure_open() {
    if (store) return {};
    std::optional<std::string> set_aside;
    Result<DuckdbStore> opened = open_store(settings, schema, set_aside);
    if (!opened) {
      say(Health::unavailable, opened.error().message);
      return std::unexpected(opened.error());
    }
    store = std::move(*opened);
    say(Health::well,
        set_aside ? "a damaged file was set aside as " + *set_aside + "; rebuilding from the topics"
                  : "");
    return {};
  }

  /// After anything that left the transaction, or the memory of the ledger, in doubt.
  void close(const Error& error) {
    say(Health::unavailable, error.message);
    store.reset();
  }

  Status append_all(const Batch& batch, std::span<const uint32_t> insert) {
    if constexpr (planted_bug == PlantedBug::half_apply_batch) {
      const size_t half = insert.size() / 2;
      HOLDFAST_CHECKED(append_rows(store->connection, settings.table, batch, insert.first(half)));
      HOLDFAST_CHECKED(store->connection.run("COMMIT; BEGIN"));
      fault::point("sink.half_applied");
      insert = insert.subspan(half);
    }
    return append_rows(store->connection, settings.table, batch, insert);
  }

  /// Everything of the transaction but its commit.
  Status stage(const Batch& batch, const Plan& plan) {
    HOLDFAST_CHECKED(store->connection.run("BEGIN"));
    HOLDFAST_CHECKED(append_all(batch, plan.insert));
    fault::point("sink.after_rows");
    HOLDFAST_CHECKED(store->ledger.store(store->connection, batch.upto));
    return {};
  }

  /// Finds the entries whose rows the table refuses, by trying parts of them and rolling each back.
  Status find_culprits(const Batch& batch, std::span<const uint32_t> entries, Written& written) {
    HOLDFAST_CHECKED(store->connection.run("BEGIN"));
    Status status = append_rows(store->connection, settings.table, batch, entries);
    HOLDFAST_CHECKED(store->connection.run("ROLLBACK"));
    if (status || status.error().code != ErrorCode::invalid) return status;
    if (entries.size() == 1) {
      written.outcomes[entries[0]] = Outcome::rejected;
      written.refusals.push_back(
          {entries[0], {cause_code(status.error()), status.error().message}});
      return {};
    }
    const size_t step = (entries.size() + 7) / 8;
    for (size_t begin = 0; begin < entries.size(); begin += step)
      HOLDFAST_CHECKED(find_culprits(
          batch, entries.subspan(begin, std::min(step, entries.size() - begin)), written));
    return {};
  }

  /// The ledger in memory is ahead of the file after a roll-back.
  Status reload_ledger() {
    store->ledger =
        HOLDFAST_TRY(DuckdbLedger::load(store->connection, settings.pipeline, settings.table));
    return {};
  }

  /// Nothing was committed: why, and whose fault it is.
  Written not_applied(const Batch& batch, const Plan& plan, const Error& error) {
    Written written;
    written.outcomes.assign(batch.entries.size(), Outcome::unavailable);
    const Status rolled_back = store->connection.run("ROLLBACK");
    Status recovered = rolled_back;
    if (recovered && error.code == ErrorCode::invalid)
      recovered = find_culprits(batch, plan.insert, written);
    if (written.refusals.empty())
      written.refusals.push_back({0, {cause_code(error), error.message}});
    if (recovered) recovered = reload_ledger();
    const bool in_doubt = !recovered || error.code != ErrorCode::invalid;
    if (in_doubt) close(recovered ? error : recovered.error());
    return written;
  }

  Written write(const Batch& batch) {
    if (!store)
      return all(batch, Outcome::unavailable,
                 {ErrorCode::unavailable,
                  "the store was closed after an error; ask for its positions first"});
    Plan plan = sink::plan(batch, store->ledger.applied(), store->ledger.filtered());
    if (const Status staged = stage(batch, plan); !staged)
      return not_applied(batch, plan, staged.error());
    fault::point("sink.before_commit");
    if (const Status committed = store->connection.run("COMMIT"); !committed) {
      log_warning("sink", "commit into {} ended with: {}", settings.path,
                  committed.error().message);
      close(committed.error());
      return all(batch, Outcome::unknown, committed.error());
    }
    fault::point("sink.after_commit");
    return {std::move(plan.outcomes), {}};
  }
};

DuckdbSink::DuckdbSink(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
DuckdbSink::~DuckdbSink() = default;

Result<std::unique_ptr<DuckdbSink>> DuckdbSink::open(const DuckdbSettings& settings,
                                                     const event::Schema& schema) {
  auto impl = std::make_unique<Impl>();
  impl->settings = settings;
  impl->schema = schema;
  HOLDFAST_CHECKED(impl->ensure_open());
  return std::unique_ptr<DuckdbSink>(new DuckdbSink(std::move(impl)));
}

Result<Positions> DuckdbSink::positions() {
  HOLDFAST_CHECKED(impl_->ensure_open());
  return impl_->store->ledger.positions();
}

Written DuckdbSink::write(const Batch& batch) {
  return impl_->write(batch);
}

HealthReport DuckdbSink::health() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->report;
}

Result<std::unique_ptr<Reader>> DuckdbSink::reader() {
  HOLDFAST_CHECKED(impl_->ensure_open());
  duckdb::Settings settings{.path = impl_->settings.path,
                            .memory_bytes_max = impl_->settings.memory_bytes_max};
  duckdb::Database database = HOLDFAST_TRY(duckdb::Database::open(settings));
  return make_duckdb_reader(HOLDFAST_TRY(database.connect()), impl_->settings);
}

}  // namespace holdfast::sink
