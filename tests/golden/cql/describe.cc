#include "tests/golden/cql/describe.h"

#include <arpa/inet.h>
#include <fmt/format.h>

namespace holdfast::cql {
namespace {

std::string hex(const std::optional<ByteView>& bytes) {
  return bytes ? cql::hex(*bytes) : "null";
}
std::string hex(const std::optional<ByteBuffer>& bytes) {
  return bytes ? cql::hex(*bytes) : "null";
}

std::string type_text(const Type& type) {
  std::string text;
  switch (type.code) {
    case TypeCode::custom:
    case TypeCode::vector:
      return "custom";
    case TypeCode::udt:
      return type.name;
    case TypeCode::list:
      text = "list<";
      break;
    case TypeCode::set:
      text = "set<";
      break;
    case TypeCode::map:
      text = "map<";
      break;
    case TypeCode::tuple:
      text = "tuple<";
      break;
    default:
      return std::to_string(static_cast<int>(type.code));
  }
  for (size_t i = 0; i < type.inner.size(); ++i)
    text += (i > 0 ? "," : "") + type_text(type.inner[i]);
  return text + ">";
}

std::string columns_text(size_t count, const Metadata& metadata) {
  std::string text = fmt::format("columns={}", count);
  for (const ColumnInfo& column : metadata.columns)
    text += fmt::format(" {}.{}.{}:{}", column.keyspace, column.table, column.name,
                        type_text(column.type));
  return text +
         fmt::format(" state={} changed={}", hex(metadata.paging_state), hex(metadata.changed_id));
}

std::string error_text(const ErrorResponse& e) {
  std::string text = fmt::format("error {:04x} {}", static_cast<int>(e.code), e.message);
  const auto replicas = [&] {
    text += fmt::format(" at={} received={} required={}", static_cast<int>(e.consistency),
                        e.received, e.required);
  };
  switch (e.code) {
    case ServerError::unavailable:
      replicas();
      break;
    case ServerError::write_timeout:
      replicas();
      return text + " type=" + e.write_type;
    case ServerError::read_timeout:
      replicas();
      return text + " data=" + (e.data_present ? "true" : "false");
    case ServerError::write_failure:
      replicas();
      return text + fmt::format(" failures={} type={}", e.failures, e.write_type);
    case ServerError::read_failure:
      replicas();
      return text + fmt::format(" failures={} data={}", e.failures, e.data_present);
    case ServerError::function_failure:
      return text + " keyspace=" + e.keyspace;
    case ServerError::already_exists:
      return text + " keyspace=" + e.keyspace + " table=" + e.table;
    case ServerError::unprepared:
      return text + " id=" + cql::hex(e.prepared_id);
    default:
      break;
  }
  return text;
}

std::string host_text(const TopologyEvent& event) {
  std::byte address[16];
  const bool four = inet_pton(AF_INET, event.host.c_str(), address) == 1;
  if (!four) inet_pton(AF_INET6, event.host.c_str(), address);
  return cql::hex(ByteView(address).first(four ? 4 : 16)) + ":" + std::to_string(event.port);
}

struct Describe {
  std::string operator()(const VoidResult&) const { return "void"; }
  std::string operator()(const Ready&) const { return "ready"; }
  std::string operator()(const AuthSuccess&) const { return "auth_success"; }
  std::string operator()(const Authenticate& m) const { return "authenticate " + m.authenticator; }
  std::string operator()(const AuthChallenge& m) const {
    return "auth_challenge " + cql::hex(m.token);
  }
  std::string operator()(const SetKeyspaceResult& m) const { return "keyspace " + m.keyspace; }
  std::string operator()(const ErrorResponse& m) const { return error_text(m); }
  std::string operator()(const TopologyEvent& m) const {
    return "event " + m.change + " " + host_text(m);
  }
  std::string operator()(const SchemaChange& m) const {
    return "schema " + m.change + " " + m.target + " " + m.keyspace +
           (m.name.empty() ? "" : "." + m.name);
  }
  std::string operator()(const Supported& m) const {
    std::string text = "supported {";
    for (const auto& [name, values] : m.options) {
      text += (text.ends_with('{') ? "" : ", ") + name + "=[";
      for (const std::string& value : values) text += (text.ends_with('[') ? "" : ", ") + value;
      text += "]";
    }
    return text + "}";
  }
  std::string operator()(const PreparedResult& m) const {
    std::string keys;
    for (const uint16_t key : m.variables.partition_key)
      keys += (keys.empty() ? "" : ",") + std::to_string(key);
    return fmt::format("prepared {} result={} keys=[{}] {}", cql::hex(m.id),
                       cql::hex(m.result_metadata_id), keys,
                       columns_text(m.variables.columns.size(), m.variables));
  }
  std::string operator()(const RowsResult& m) const {
    std::string text = "rows " + columns_text(m.column_count, m.metadata);
    CellReader cells(m.content);
    for (uint32_t row = 0; row < m.rows; ++row) {
      text += " |";
      for (uint32_t i = 0; i < m.column_count; ++i) text += " " + hex(cells.next());
    }
    return text;
  }
};

}  // namespace

std::string hex(ByteView bytes) {
  std::string text;
  for (const std::byte byte : bytes) text += fmt::format("{:02x}", static_cast<uint8_t>(byte));
  return text;
}

std::string describe(const Response& response) {
  return std::visit(Describe(), response);
}

}  // namespace holdfast::cql
