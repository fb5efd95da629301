#include <utility>

#include "base/check.h"
#include "duckdb/handles.h"

namespace holdfast::duckdb {

static_assert(sizeof(Text) == sizeof(duckdb_string_t) && rows_per_chunk == 2048);

void VectorWriter::make_validity() {
  auto vector = static_cast<duckdb_vector>(vector_);
  duckdb_vector_ensure_validity_writable(vector);
  validity_ = duckdb_vector_get_validity(vector);
}

Chunk::Chunk(void* handle)
    : handle_(handle), rows_(duckdb_data_chunk_get_size(static_cast<duckdb_data_chunk>(handle))) {}
Chunk::Chunk(Chunk&& from) noexcept
    : handle_(std::exchange(from.handle_, nullptr)), rows_(from.rows_) {}
Chunk& Chunk::operator=(Chunk&& from) noexcept {
  std::swap(handle_, from.handle_);
  std::swap(rows_, from.rows_);
  return *this;
}
Chunk::~Chunk() {
  auto chunk = static_cast<duckdb_data_chunk>(handle_);
  if (chunk != nullptr) duckdb_destroy_data_chunk(&chunk);
}

VectorView Chunk::column(size_t index) const {
  duckdb_vector vector =
      duckdb_data_chunk_get_vector(static_cast<duckdb_data_chunk>(handle_), index);
  HOLDFAST_CHECK(vector != nullptr);
  return {duckdb_vector_get_data(vector), duckdb_vector_get_validity(vector)};
}

Cursor::Cursor(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Cursor::Cursor(Cursor&&) noexcept = default;
Cursor& Cursor::operator=(Cursor&&) noexcept = default;
Cursor::~Cursor() = default;

const std::vector<ColumnInfo>& Cursor::columns() const {
  return impl_->columns;
}

Result<std::optional<Chunk>> Cursor::next() {
  duckdb_data_chunk chunk = duckdb_fetch_chunk(impl_->handle);
  if (chunk == nullptr) {
    const char* message = duckdb_result_error(&impl_->handle);
    if (message != nullptr && *message != 0) return fail_with(message);
    return std::optional<Chunk>();
  }
  return std::optional<Chunk>(Chunk(chunk));
}

uint64_t Cursor::rows_changed() const {
  return duckdb_rows_changed(&impl_->handle);
}

Result<Cursor> take_result(duckdb_state state, duckdb_result& result) {
  auto impl = std::make_unique<Cursor::Impl>();
  impl->handle = result;
  if (state != DuckDBSuccess) return fail_with(duckdb_result_error(&impl->handle));
  const idx_t count = duckdb_column_count(&impl->handle);
  for (idx_t i = 0; i < count; ++i)
    impl->columns.push_back(
        describe(duckdb_column_name(&impl->handle, i), duckdb_column_type(&impl->handle, i)));
  return Cursor(std::move(impl));
}

Statement::Statement(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Statement::Statement(Statement&&) noexcept = default;
Statement& Statement::operator=(Statement&&) noexcept = default;
Statement::~Statement() = default;

const std::vector<ColumnInfo>& Statement::columns() const {
  return impl_->columns;
}

Status Statement::bind(size_t parameter, int64_t value) {
  if (duckdb_bind_int64(impl_->handle, parameter, value) != DuckDBSuccess)
    return fail_with(duckdb_prepare_error(impl_->handle));
  return {};
}

Status Statement::bind(size_t parameter, std::string_view value) {
  if (duckdb_bind_varchar_length(impl_->handle, parameter, value.data(), value.size()) !=
      DuckDBSuccess)
    return fail_with(duckdb_prepare_error(impl_->handle));
  return {};
}

Result<Cursor> Statement::execute() {
  duckdb_result result = {};
  const duckdb_state state = duckdb_execute_prepared(impl_->handle, &result);
  return take_result(state, result);
}

Result<Cursor> Statement::execute_streaming() {
  duckdb_result result = {};
  const duckdb_state state = duckdb_execute_prepared_streaming(impl_->handle, &result);
  return take_result(state, result);
}

}  // namespace holdfast::duckdb
