#include "sink/cassandra/names.h"

#include "sink/cassandra/cql/bytes.h"

namespace holdfast::sink {

std::string quote_name(const std::string& name) {
  std::string quoted = "\"";
  for (const char c : name) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + "\"";
}

std::string TableName::quoted() const {
  return quote_name(keyspace) + "." + quote_name(table);
}

TableName table_name(const CassandraSettings& settings, const std::string& table) {
  const size_t dot = table.find('.');
  if (dot == std::string::npos) return {settings.keyspace, table};
  return {table.substr(0, dot), table.substr(dot + 1)};
}

std::string target_name(const CassandraSettings& settings) {
  if (!settings.target.empty()) return settings.target;
  std::string name;
  for (const CassandraTable& table : settings.tables)
    name += (name.empty() ? "" : ",") + table_name(settings, table.table).text();
  return name;
}

cql::Bound bind_texts(const cql::Statement& statement,
                      std::initializer_list<std::string_view> values) {
  cql::Bound bound{.statement = statement, .value_count = static_cast<uint16_t>(values.size())};
  cql::Writer writer(bound.values);
  for (const std::string_view value : values) writer.bytes(as_bytes(value));
  return bound;
}

Result<cql::Reply> ask_about(cql::Session& session, const std::string& cql,
                             const TableName& table) {
  const cql::Statement statement = HOLDFAST_TRY(session.prepare(cql));
  cql::Request request;
  request.bound.push_back(bind_texts(statement, {table.keyspace, table.table}));
  request.idempotent = true;
  cql::Answer answer = session.run(std::move(request));
  if (!answer) return fail(error_code_of(answer.error().certainty), answer.error().message);
  if (*answer == nullptr) return fail(ErrorCode::unavailable, "no rows were answered: " + cql);
  return std::move(*answer);
}

}  // namespace holdfast::sink
