#include <algorithm>
#include <fmt/format.h>

#include "sink/cassandra/cell.h"
#include "sink/cassandra/cql/bytes.h"
#include "sink/cassandra/cql/murmur3.h"
#include "sink/cassandra/mapping.h"

// From an event to the requests that write it, delete it, or look it up.

namespace holdfast::sink {
namespace {

Status append_binding(ByteBuffer& to, const Binding& column, const RowSource& from) {
  cql::Writer writer(to);
  const auto number = [&](int64_t value) {
    writer.i32(8);
    writer.i64(value);
  };
  switch (column.kind) {
    case Binding::field:
      if (column.key && from.rows.column(column.index).is_null(from.row))
        return fail(ErrorCode::invalid,
                    fmt::format("\"{}\" is of the primary key and has no value", column.column));
      return append_cell(to, from.rows.column(column.index), from.row, column.type);
    case Binding::element:
      return append_text_cell(to, *from.element, column.type);
    case Binding::source:
      writer.bytes(as_bytes(from.source));
      return {};
    case Binding::epoch:
      number(from.epoch);
      return {};
    case Binding::sequence:
      number(from.sequence);
      return {};
  }
  return {};
}

/// The cells of some columns, and where each of them lies.
struct Cells {
  ByteBuffer bytes;
  std::vector<std::pair<size_t, size_t>> places;  // of the content, without its size

  Status add(const Binding& column, const RowSource& from) {
    const size_t begin = bytes.size();
    const Status appended = append_binding(bytes, column, from);
    if (!appended)
      return fail(ErrorCode::invalid,
                  fmt::format("column {}: {}", column.column, appended.error().message));
    places.emplace_back(begin + 4, bytes.size() - begin - 4);
    return {};
  }
};

constexpr size_t key_bytes_max = 65'535;

/// The routing key's token. `at` says where among the cells each part of the partition key is.
Result<int64_t> token(const Cells& cells, const std::vector<size_t>& at) {
  ByteBuffer key;
  for (const size_t index : at) {
    const auto [begin, size] = cells.places[index];
    const ByteView part = ByteView(cells.bytes).subspan(begin, size);
    if (part.empty() && at.size() == 1) return fail(ErrorCode::invalid, "the primary key is empty");
    if (part.size() > key_bytes_max)
      return fail(ErrorCode::invalid, "the primary key is longer than 65535 bytes");
    if (at.size() == 1) return cql::token_of(part);
    cql::append_key_part(key, part);
  }
  return cql::token_of(key);
}

/// Which of the keys' cells are of the partition key: they come first.
std::vector<size_t> leading(size_t count) {
  std::vector<size_t> places(count);
  for (size_t i = 0; i < count; ++i) places[i] = i;
  return places;
}

}  // namespace

RowSource row_source(const Batch& batch, const Entry& entry) {
  return {batch.rows,
          static_cast<size_t>(entry.row),
          batch.sources[entry.source],
          entry.epoch,
          entry.sequence,
          entry.version};
}

bool holds(const std::vector<Condition>& conditions, const event::Rows& rows, size_t row) {
  return std::ranges::all_of(conditions, [&](const Condition& condition) {
    return (text_of_field(rows.column(condition.field), row) == condition.value) !=
           condition.unequal;
  });
}

Result<cql::Request> make_write(const TableMapping& mapping, const RowSource& from, bool deletion) {
  cql::Request request;
  Cells cells;
  const auto stamp = [&] {
    cql::Writer writer(cells.bytes);
    writer.i32(8);
    writer.i64(from.version);
  };
  if (deletion) {
    stamp();
    for (const size_t key : mapping.keys) HOLDFAST_CHECKED(cells.add(mapping.columns[key], from));
    request.token = HOLDFAST_TRY(token(cells, leading(mapping.routing.size())));
  } else {
    cells.bytes.reserve(256);
    for (const Binding& column : mapping.columns) HOLDFAST_CHECKED(cells.add(column, from));
    stamp();
    request.token = HOLDFAST_TRY(token(cells, mapping.routing));
  }
  const size_t values = (deletion ? mapping.keys.size() : mapping.columns.size()) + 1;
  request.bound.push_back({deletion ? mapping.remove : mapping.insert, std::move(cells.bytes),
                           static_cast<uint16_t>(values)});
  request.idempotent = true;
  return request;
}

Result<cql::Request> make_look_up(const TableMapping& mapping, const RowSource& from) {
  cql::Request request;
  Cells cells;
  for (const size_t key : mapping.keys) HOLDFAST_CHECKED(cells.add(mapping.columns[key], from));
  request.token = HOLDFAST_TRY(token(cells, leading(mapping.routing.size())));
  request.bound.push_back(
      {mapping.look_up, std::move(cells.bytes), static_cast<uint16_t>(mapping.keys.size())});
  request.idempotent = true;
  return request;
}

}  // namespace holdfast::sink
