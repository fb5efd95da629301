#include <cstring>
#include <filesystem>
#include <map>
#include <mutex>

#include "duckdb/handles.h"

namespace holdfast::duckdb {

const char* const required_version = "v1.4.4";

Database::Database(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

namespace {

Status configure(duckdb_config config, const Settings& settings) {
  const std::pair<const char*, std::string> options[] = {
      {"access_mode", settings.read_only      ? "READ_ONLY"
                      : settings.path.empty() ? "AUTOMATIC"
                                              : "READ_WRITE"},
      {"memory_limit", std::to_string(settings.memory_bytes_max >> 10) + "KiB"},
      {"checkpoint_threshold", std::to_string(settings.checkpoint_bytes >> 10) + "KiB"},
      {"threads", std::to_string(settings.threads)},
      {"autoinstall_known_extensions", "false"},
      {"autoload_known_extensions", "false"},
  };
  for (const auto& [name, value] : options)
    if (duckdb_set_config(config, name, value.c_str()) != DuckDBSuccess)
      return fail(ErrorCode::invalid,
                  std::string("DuckDB refuses the setting ") + name + " = " + value);
  return {};
}

/// What went wrong while opening a file: when it is neither the operating system's refusal nor
/// another version, the bytes are not what DuckDB wrote.
std::unexpected<Error> fail_to_open(const std::string& path, const char* message) {
  const std::string text = message == nullptr ? "no reason given" : message;
  ErrorCode code = classify(text);
  if (text.contains("replaying WAL") || text.contains("WAL file") ||
      text.contains("Serialization")) {
    if (code == ErrorCode::io || code == ErrorCode::invalid) code = ErrorCode::corrupt;
  }
  return fail(code, "cannot open the DuckDB file " + path + ": " + text);
}

/// The files that this process has open.
struct OpenFiles {
  std::mutex mutex;
  std::map<std::string, std::weak_ptr<Database::Impl>> by_path;
};
OpenFiles& open_files() {
  static OpenFiles files;
  return files;
}

std::string canonical(const std::string& path) {
  std::error_code ignored;
  const auto result = std::filesystem::weakly_canonical(path, ignored);
  return ignored ? path : result.string();
}

Result<std::shared_ptr<Database::Impl>> open_new(const Settings& settings) {
  duckdb_config config = nullptr;
  duckdb_create_config(&config);
  if (Status configured = configure(config, settings); !configured) {
    duckdb_destroy_config(&config);
    return std::unexpected(configured.error());
  }
  auto impl = std::make_shared<Database::Impl>();
  char* message = nullptr;
  const char* path = settings.path.empty() ? nullptr : settings.path.c_str();
  const duckdb_state state = duckdb_open_ext(path, &impl->handle, config, &message);
  duckdb_destroy_config(&config);
  if (state == DuckDBSuccess) return impl;
  auto failure = fail_to_open(settings.path, message);
  duckdb_free(message);
  return failure;
}

}  // namespace

Result<Database> Database::open(const Settings& settings) {
  if (std::strcmp(duckdb_library_version(), required_version) != 0)
    return fail(ErrorCode::version_unknown, std::string("this program needs libduckdb ") +
                                                required_version + " but found " +
                                                duckdb_library_version() + "; run make setup");
  if (settings.path.empty()) return Database(HOLDFAST_TRY(open_new(settings)));
  OpenFiles& files = open_files();
  const std::lock_guard lock(files.mutex);
  std::weak_ptr<Impl>& known = files.by_path[canonical(settings.path)];
  std::shared_ptr<Impl> impl = known.lock();
  if (impl == nullptr) known = impl = HOLDFAST_TRY(open_new(settings));
  return Database(std::move(impl));
}

bool Database::is_open(const std::string& path) {
  OpenFiles& files = open_files();
  const std::lock_guard lock(files.mutex);
  const auto found = files.by_path.find(canonical(path));
  return found != files.by_path.end() && !found->second.expired();
}

Result<Connection> Database::connect() {
  auto impl = std::make_unique<Connection::Impl>();
  impl->database = impl_;
  if (duckdb_connect(impl_->handle, &impl->handle) != DuckDBSuccess)
    return fail(ErrorCode::io, "DuckDB refuses another connection");
  return Connection(std::move(impl));
}

Connection::Connection(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;
Connection::~Connection() = default;

Status Connection::run(std::string_view sql) {
  HOLDFAST_TRY(query(sql));
  return {};
}

Result<Cursor> Connection::query(std::string_view sql) {
  duckdb_result result = {};
  const duckdb_state state = duckdb_query(impl_->handle, std::string(sql).c_str(), &result);
  return take_result(state, result);
}

Result<Statement> Connection::prepare(std::string_view sql) {
  auto impl = std::make_unique<Statement::Impl>();
  if (duckdb_prepare(impl_->handle, std::string(sql).c_str(), &impl->handle) != DuckDBSuccess)
    return fail_with(duckdb_prepare_error(impl->handle));
  const idx_t count = duckdb_prepared_statement_column_count(impl->handle);
  for (idx_t i = 0; i < count; ++i) {
    const char* name = duckdb_prepared_statement_column_name(impl->handle, i);
    impl->columns.push_back(describe(name, duckdb_prepared_statement_column_type(impl->handle, i)));
    duckdb_free(const_cast<char*>(name));
  }
  return Statement(std::move(impl));
}

Result<int64_t> Connection::query_number(std::string_view sql) {
  Cursor cursor = HOLDFAST_TRY(query(sql));
  const std::optional<Chunk> chunk = HOLDFAST_TRY(cursor.next());
  if (!chunk || chunk->rows() != 1 || cursor.columns().front().type != Type::int64 ||
      !chunk->column(0).valid(0))
    return fail(ErrorCode::invalid, "the query does not answer one BIGINT: " + std::string(sql));
  return chunk->column(0).as<int64_t>()[0];
}

Result<std::string> Connection::query_text(std::string_view sql) {
  Cursor cursor = HOLDFAST_TRY(query(sql));
  const std::optional<Chunk> chunk = HOLDFAST_TRY(cursor.next());
  if (!chunk || chunk->rows() != 1 || cursor.columns().front().type != Type::text ||
      !chunk->column(0).valid(0))
    return fail(ErrorCode::invalid, "the query does not answer one VARCHAR: " + std::string(sql));
  return std::string(chunk->column(0).as<Text>()[0].view());
}

void Connection::interrupt() {
  duckdb_interrupt(impl_->handle);
}

}  // namespace holdfast::duckdb
