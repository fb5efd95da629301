#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "base/result.h"
#include "sink/cassandra/cql/session.h"
#include "sink/cassandra/sink.h"

namespace holdfast::sink {

/// A table and the keyspace it is in.
struct TableName {
  std::string keyspace, table;
  std::string text() const { return keyspace + "." + table; }
  /// As CQL takes it, whatever is in it.
  std::string quoted() const;
  auto operator<=>(const TableName&) const = default;
};

/// A table of the settings: "keyspace.table", or a table in the sink's keyspace.
TableName table_name(const CassandraSettings& settings, const std::string& table);
/// Which store this is, in the ledger.
std::string target_name(const CassandraSettings& settings);
/// A name as CQL takes it, whatever is in it.
std::string quote_name(const std::string& name);

/// A statement whose first variables are texts.
cql::Bound bind_texts(const cql::Statement& statement,
                      std::initializer_list<std::string_view> values);
/// What a statement about a table answers, whose variables are its keyspace and its name.
Result<cql::Reply> ask_about(cql::Session& session, const std::string& cql, const TableName& table);

}  // namespace holdfast::sink
