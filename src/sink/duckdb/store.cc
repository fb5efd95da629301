#include "sink/duckdb/store.h"

#include <ctime>
#include <filesystem>

#include "base/log_line.h"
#include "base/os/clock.h"
#include "base/os/files.h"
#include "sink/duckdb/table.h"

namespace holdfast::sink {
namespace {

Result<int64_t> count_tables(duckdb::Connection& connection) {
  return connection.query_number(
      "SELECT count(*) FROM duckdb_tables() WHERE database_name = current_database()");
}

Result<DuckdbStore> open_once(const DuckdbSettings& settings, const event::Schema& schema) {
  duckdb::Database database =
      HOLDFAST_TRY(duckdb::Database::open({.path = settings.path,
                                           .memory_bytes_max = settings.memory_bytes_max,
                                           .checkpoint_bytes = settings.checkpoint_bytes}));
  duckdb::Connection connection = HOLDFAST_TRY(database.connect());
  const int64_t tables = HOLDFAST_TRY(count_tables(connection));
  HOLDFAST_CHECKED(DuckdbLedger::create_tables(connection));
  HOLDFAST_CHECKED(ensure_table(connection, settings.table, schema));
  // Best effort: refused while another pipeline of this process is writing into the same file.
  if (HOLDFAST_TRY(count_tables(connection)) != tables) (void)connection.run("CHECKPOINT");
  DuckdbLedger ledger =
      HOLDFAST_TRY(DuckdbLedger::load(connection, settings.pipeline, settings.table));
  return DuckdbStore{std::move(connection), std::move(ledger)};
}

std::string time_suffix() {
  const std::time_t now = static_cast<std::time_t>(os::real_clock().wall_us() / 1'000'000);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, ".damaged-%Y%m%dT%H%M%SZ", &parts);
  return text;
}

/// Renames the file and its write-ahead log, the log first: were we killed in between, a database
/// without its log is opened next time, finds older positions, and catches up from the topics.
Result<std::string> move_aside(const std::string& path) {
  const std::string base = path + time_suffix();
  std::string target = base;
  std::error_code ignored;
  for (int i = 2; std::filesystem::exists(target, ignored); ++i)
    target = base + "-" + std::to_string(i);
  os::Files& files = os::real_files();
  if (HOLDFAST_TRY(files.exists(path + ".wal")))
    HOLDFAST_CHECKED(files.rename(path + ".wal", target + ".wal"));
  if (HOLDFAST_TRY(files.exists(path))) HOLDFAST_CHECKED(files.rename(path, target));
  const std::string folder = std::filesystem::path(path).parent_path().string();
  HOLDFAST_CHECKED(files.sync_directory(folder.empty() ? "." : folder));
  return target;
}

}  // namespace

Result<DuckdbStore> open_store(const DuckdbSettings& settings, const event::Schema& schema,
                               std::optional<std::string>& set_aside) {
  Result<DuckdbStore> store = open_once(settings, schema);
  if (store || store.error().code != ErrorCode::corrupt) return store;
  if (duckdb::Database::is_open(settings.path))
    return fail(ErrorCode::unavailable,
                "the damaged file " + settings.path +
                    " is still being read; waiting: " + store.error().message);
  set_aside = HOLDFAST_TRY(move_aside(settings.path));
  log_error("sink",
            "the DuckDB file {} is damaged and was set aside as {}; table {} is rebuilt from the "
            "topics, as far back as "
            "they reach. DuckDB says: {}",
            settings.path, *set_aside, settings.table, store.error().message);
  return open_once(settings, schema);
}

}  // namespace holdfast::sink
