#include "base/check.h"
#include "duckdb/handles.h"

namespace holdfast::duckdb {

struct Appender::Impl {
  duckdb_appender appender = nullptr;
  duckdb_data_chunk chunk = nullptr;
  size_t columns = 0;

  ~Impl() {
    if (chunk != nullptr) duckdb_destroy_data_chunk(&chunk);
    if (appender != nullptr) duckdb_appender_destroy(&appender);
  }
  std::unexpected<Error> failure() {
    duckdb_error_data data = duckdb_appender_error_data(appender);
    auto result = fail_with(duckdb_error_data_message(data));
    duckdb_destroy_error_data(&data);
    return result;
  }
  void make_chunk() {
    columns = duckdb_appender_column_count(appender);
    std::vector<duckdb_logical_type> types;
    for (idx_t i = 0; i < columns; ++i) types.push_back(duckdb_appender_column_type(appender, i));
    chunk = duckdb_create_data_chunk(types.data(), columns);
    for (duckdb_logical_type& type : types) duckdb_destroy_logical_type(&type);
  }
};

Appender::Appender(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Appender::Appender(Appender&&) noexcept = default;
Appender& Appender::operator=(Appender&&) noexcept = default;
Appender::~Appender() = default;

Result<Appender> Connection::appender(std::string_view table) {
  auto impl = std::make_unique<Appender::Impl>();
  if (duckdb_appender_create(impl_->handle, nullptr, std::string(table).c_str(), &impl->appender) !=
      DuckDBSuccess)
    return impl->failure();
  impl->make_chunk();
  if (impl->chunk == nullptr)
    return fail(ErrorCode::invalid, "the table " + std::string(table) +
                                        " has a column type that cannot be appended to");
  return Appender(std::move(impl));
}

size_t Appender::columns() const {
  return impl_->columns;
}

VectorWriter Appender::column(size_t index) {
  duckdb_vector vector = duckdb_data_chunk_get_vector(impl_->chunk, index);
  HOLDFAST_CHECK(vector != nullptr);
  return {vector, duckdb_vector_get_data(vector)};
}

Status Appender::append(size_t rows) {
  HOLDFAST_CHECK(rows <= rows_per_chunk);
  duckdb_data_chunk_set_size(impl_->chunk, rows);
  if (duckdb_append_data_chunk(impl_->appender, impl_->chunk) != DuckDBSuccess)
    return impl_->failure();
  duckdb_data_chunk_reset(impl_->chunk);
  return {};
}

Status Appender::close() {
  if (duckdb_appender_close(impl_->appender) != DuckDBSuccess) return impl_->failure();
  return {};
}

}  // namespace holdfast::duckdb
