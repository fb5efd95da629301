#include <algorithm>

#include "base/check.h"
#include "duckdb/handles.h"

namespace holdfast::duckdb {
namespace {

/// One scan of a virtual table.
struct Scan {
  std::vector<idx_t> columns;
  uint64_t next = 0;
};

VirtualTable& table_of(void* extra) {
  return *static_cast<VirtualTable*>(extra);
}

void bind(duckdb_bind_info info) {
  const VirtualTable& table = table_of(duckdb_bind_get_extra_info(info));
  duckdb_bind_set_cardinality(info, table.rows_expected(), false);
  for (const ColumnInfo& column : table.columns()) {
    duckdb_logical_type type = duckdb_create_logical_type(physical(column.type));
    duckdb_bind_add_result_column(info, column.name.c_str(), type);
    duckdb_destroy_logical_type(&type);
  }
}

void init(duckdb_init_info info) {
  auto scan = std::make_unique<Scan>();
  const idx_t count = duckdb_init_get_column_count(info);
  for (idx_t i = 0; i < count; ++i) scan->columns.push_back(duckdb_init_get_column_index(info, i));
  duckdb_init_set_max_threads(info, 1);
  duckdb_init_set_init_data(info, scan.release(),
                            [](void* data) { delete static_cast<Scan*>(data); });
}

void next_chunk(duckdb_function_info info, duckdb_data_chunk output) {
  VirtualTable& table = table_of(duckdb_function_get_extra_info(info));
  Scan& scan = *static_cast<Scan*>(duckdb_function_get_init_data(info));
  const size_t count = std::min<uint64_t>(table.rows() - scan.next, duckdb_vector_size());
  for (size_t i = 0; i < scan.columns.size(); ++i) {
    if (scan.columns[i] >= table.columns().size())
      continue;  // a column of DuckDB's own, for count(*)
    duckdb_vector vector = duckdb_data_chunk_get_vector(output, i);
    VectorWriter writer(vector, duckdb_vector_get_data(vector));
    if (count > 0) table.fill(scan.columns[i], scan.next, count, writer);
  }
  scan.next += count;
  duckdb_data_chunk_set_size(output, count);
}

}  // namespace

Status Connection::register_table(std::string_view name, VirtualTable& table) {
  duckdb_table_function function = duckdb_create_table_function();
  duckdb_table_function_set_name(function, std::string(name).c_str());
  duckdb_table_function_set_extra_info(function, &table, nullptr);
  duckdb_table_function_set_bind(function, bind);
  duckdb_table_function_set_init(function, init);
  duckdb_table_function_set_function(function, next_chunk);
  duckdb_table_function_supports_projection_pushdown(function, true);
  const duckdb_state state = duckdb_register_table_function(impl_->handle, function);
  duckdb_destroy_table_function(&function);
  if (state != DuckDBSuccess)
    return fail(ErrorCode::exists, "DuckDB refuses the virtual table " + std::string(name));
  return {};
}

}  // namespace holdfast::duckdb
