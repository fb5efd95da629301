#include "transform/take_rows.h"

#include <cstring>

namespace holdfast::transform {
namespace {

using duckdb::VectorView;
using event::Column;

template <class T>
void copy_values(const VectorView& from, size_t count, Column& to) {
  if (count > 0) std::memcpy(to.extend<T>(count), from.as<T>(), count * sizeof(T));
}

void copy_texts(const VectorView& from, size_t count, Column& to) {
  for (size_t row = 0; row < count; ++row)
    to.add_text(from.valid(row) ? from.as<duckdb::Text>()[row].view() : std::string_view());
}

}  // namespace

void take_rows(const duckdb::Chunk& chunk, size_t first_column, const event::Schema& schema,
               event::Rows& rows) {
  const size_t before = rows.rows();
  const size_t count = chunk.rows();
  for (size_t i = 0; i < schema.size(); ++i) {
    const VectorView from = chunk.column(first_column + i);
    Column& to = rows.column(i);
    switch (event::width(schema[i].type)) {
      case 1:
        copy_values<uint8_t>(from, count, to);
        break;
      case 2:
        copy_values<int16_t>(from, count, to);
        break;
      case 4:
        copy_values<int32_t>(from, count, to);
        break;
      case 8:
        copy_values<int64_t>(from, count, to);
        break;
      default:
        copy_texts(from, count, to);
    }
    if (from.validity == nullptr) continue;
    for (size_t row = 0; row < count; ++row)
      if (!from.valid(row)) to.set_null(before + row);
  }
}

}  // namespace holdfast::transform
