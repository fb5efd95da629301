#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "event/rows.h"
#include "sink/cassandra/cql/session.h"
#include "sink/cassandra/sink.h"

namespace holdfast::sink {

/// One condition on a field.
struct Condition {
  size_t field = 0;
  std::string value;
  bool unequal = false;
};

/// Where the value of a column comes from.
struct Binding {
  enum Kind : uint8_t { field, element, source, epoch, sequence } kind = field;
  size_t index = 0;  // of a field
  std::string column;
  cql::Type type;
  bool key = false;  // of the primary key: may not be null
};

/// What an event becomes in one table: three statements and how to fill them.
struct TableMapping {
  std::vector<Condition> when, delete_when;
  std::optional<size_t> fan_out;  // the field
  std::vector<Binding> columns;   // of the insert, in the order of its variables
  std::vector<size_t> keys;       // of `columns`: the primary key, in the order of the other two
  std::vector<size_t> routing;    // of `columns`: the partition key, in its order
  bool stamp_is_key = false;      // ce_sequence is of the primary key: a row is one event for ever
  cql::Statement insert, remove, look_up;
  /// Looks up many rows, each of which tells its key (and, if it has one, its version before that).
  /// Null where a key is not one column whose value comes back as it went, byte by byte.
  cql::Statement look_up_many;
};

/// Looks the tables up and prepares their statements. `invalid`, with the table's and the column's
/// name, when they do not fit the schema of the rows or are not idempotent.
Result<std::vector<TableMapping>> compile_mapping(cql::Session& session,
                                                  const CassandraSettings& settings,
                                                  const event::Schema& schema);

/// One event's values for one table (and one element).
struct RowSource {
  const event::Rows& rows;
  size_t row;
  std::string_view source;
  int64_t epoch, sequence, version;
  const std::string* element = nullptr;
};
RowSource row_source(const Batch& batch, const Entry& entry);
bool holds(const std::vector<Condition>& conditions, const event::Rows& rows, size_t row);
/// The request that writes it, or deletes it. `invalid` with why when a value does not fit.
Result<cql::Request> make_write(const TableMapping& mapping, const RowSource& from, bool deletion);
/// The request that looks its row up.
Result<cql::Request> make_look_up(const TableMapping& mapping, const RowSource& from);

}  // namespace holdfast::sink
