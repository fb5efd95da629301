#include "sink/cassandra/cql/response.h"

#include <arpa/inet.h>
#include <fmt/format.h>

namespace holdfast::cql {
namespace {

ByteBuffer copy(ByteView bytes) {
  return {bytes.begin(), bytes.end()};
}

/// [inetaddr]: a size and so many bytes.
std::string read_host(Reader& from) {
  const ByteView address = from.take(from.u8());
  char text[INET6_ADDRSTRLEN] = {};
  const int family = address.size() == 16 ? AF_INET6 : AF_INET;
  if ((address.size() != 4 && address.size() != 16) ||
      inet_ntop(family, address.data(), text, sizeof text) == nullptr)
    from.spoil();
  return text;
}

/// Who failed: a number in version 4, a map of nodes to reasons in version 5.
int32_t read_failures(Reader& from, Version version) {
  const int32_t many = from.i32();
  if (version < Version::v5) return many;
  const size_t nodes = from.count(many, 7);
  for (size_t i = 0; i < nodes && from.good(); ++i) {
    read_host(from);
    from.u16();
  }
  return static_cast<int32_t>(nodes);
}

void read_replicas(Reader& from, ErrorResponse& error) {
  error.consistency = static_cast<Consistency>(from.u16());
  error.received = from.i32();
  error.required = from.i32();
}

ErrorResponse read_error(Reader& from, Version version) {
  ErrorResponse error;
  error.code = static_cast<ServerError>(from.i32());
  error.message = from.text();
  switch (error.code) {
    case ServerError::unavailable:
      error.consistency = static_cast<Consistency>(from.u16());
      error.required = from.i32();
      error.received = from.i32();
      break;
    case ServerError::write_timeout:
      read_replicas(from, error);
      error.write_type = from.text();
      break;
    case ServerError::read_timeout:
      read_replicas(from, error);
      error.data_present = from.u8() != 0;
      break;
    case ServerError::read_failure:
      read_replicas(from, error);
      error.failures = read_failures(from, version);
      error.data_present = from.u8() != 0;
      break;
    case ServerError::write_failure:
      read_replicas(from, error);
      error.failures = read_failures(from, version);
      error.write_type = from.text();
      break;
    case ServerError::cas_write_unknown:
      read_replicas(from, error);
      break;
    case ServerError::function_failure:
      error.keyspace = from.text();
      from.text();
      from.text_list();
      break;
    case ServerError::already_exists:
      error.keyspace = from.text();
      error.table = from.text();
      break;
    case ServerError::unprepared:
      error.prepared_id = copy(from.short_bytes());
      break;
    default:
      break;  // the rest, and what later servers may add, is a message alone
  }
  return error;
}

enum MetadataFlag : int32_t { one_table = 1, more_pages = 2, no_metadata = 4, changed = 8 };

void read_columns(Reader& from, int32_t flags, size_t many, Metadata& to) {
  std::string keyspace, table;
  if ((flags & one_table) != 0) {
    keyspace = from.text();
    table = from.text();
  }
  to.columns.reserve(many);
  for (size_t i = 0; i < many && from.good(); ++i) {
    ColumnInfo column;
    column.keyspace = (flags & one_table) != 0 ? keyspace : std::string(from.text());
    column.table = (flags & one_table) != 0 ? table : std::string(from.text());
    column.name = from.text();
    column.type = read_type(from);
    to.columns.push_back(std::move(column));
  }
}

/// Answers the number of columns, also when they are not described.
uint32_t read_result_metadata(Reader& from, Version version, Metadata& to) {
  const int32_t flags = from.i32();
  const int32_t columns = from.i32();
  if ((flags & more_pages) != 0) {
    ByteView state;
    if (from.bytes(state)) to.paging_state = copy(state);
  }
  if (version >= Version::v5 && (flags & changed) != 0) to.changed_id = copy(from.short_bytes());
  if (columns < 0 || columns > UINT16_MAX) {
    from.spoil();
    return 0;
  }
  if ((flags & no_metadata) == 0) read_columns(from, flags, from.count(columns, 4), to);
  return static_cast<uint32_t>(columns);
}

void read_variables(Reader& from, Metadata& to) {
  const int32_t flags = from.i32();
  const size_t columns = from.count(from.i32(), 4);
  const size_t keys = from.count(from.i32(), 2);
  for (size_t i = 0; i < keys; ++i) {
    to.partition_key.push_back(from.u16());
    if (to.partition_key.back() >= columns) from.spoil();
  }
  read_columns(from, flags, columns, to);
}

RowsResult read_rows(Reader& from, Version version) {
  RowsResult result;
  result.column_count = read_result_metadata(from, version, result.metadata);
  const int32_t rows = from.i32();
  const uint64_t cells = static_cast<uint64_t>(std::max(rows, 0)) * result.column_count;
  if (rows < 0 || cells * 4 > from.left() || (result.column_count == 0 && rows > 0)) from.spoil();
  if (!from.good()) return result;
  result.rows = static_cast<uint32_t>(rows);
  result.content = from.rest();
  ByteView cell;
  for (uint64_t i = 0; i < cells && from.good(); ++i) from.bytes(cell);
  return result;
}

SchemaChange read_schema_change(Reader& from) {
  SchemaChange change;
  change.change = from.text();
  change.target = from.text();
  change.keyspace = from.text();
  if (change.target != "KEYSPACE") change.name = from.text();
  if (change.target == "FUNCTION" || change.target == "AGGREGATE") from.text_list();
  return change;
}

Response read_result(Reader& from, Version version) {
  switch (from.i32()) {
    case 1:
      return VoidResult{};
    case 2:
      return read_rows(from, version);
    case 3:
      return SetKeyspaceResult{std::string(from.text())};
    case 4: {
      PreparedResult prepared;
      prepared.id = copy(from.short_bytes());
      if (version >= Version::v5) prepared.result_metadata_id = copy(from.short_bytes());
      read_variables(from, prepared.variables);
      read_result_metadata(from, version, prepared.result);
      return prepared;
    }
    case 5:
      return read_schema_change(from);
    default:
      from.spoil();
      return VoidResult{};
  }
}

Response read_event(Reader& from) {
  const std::string_view kind = from.text();
  if (kind == "SCHEMA_CHANGE") return read_schema_change(from);
  if (kind != "TOPOLOGY_CHANGE" && kind != "STATUS_CHANGE") from.spoil();
  TopologyEvent event;
  event.change = from.text();
  event.host = read_host(from);
  const int32_t port = from.i32();
  if (port < 0 || port > UINT16_MAX) from.spoil();
  event.port = static_cast<uint16_t>(port);
  return event;
}

Supported read_supported(Reader& from) {
  Supported supported;
  const size_t many = from.count(from.u16(), 4);
  for (size_t i = 0; i < many && from.good(); ++i) {
    std::string key(from.text());
    supported.options[std::move(key)] = from.text_list();
  }
  return supported;
}

/// What a server may put before a body: which trace it wrote, warnings, a payload of a plug-in.
void skip_extras(Reader& from, uint8_t flags) {
  if ((flags & FrameHeader::tracing) != 0) from.take(16);
  if ((flags & FrameHeader::warning) != 0) from.text_list();
  if ((flags & FrameHeader::custom_payload) != 0) {
    const size_t many = from.count(from.u16(), 6);
    ByteView ignored;
    for (size_t i = 0; i < many && from.good(); ++i) {
      from.text();
      from.bytes(ignored);
    }
  }
}

Response read_body(Reader& from, Opcode opcode, Version version) {
  switch (opcode) {
    case Opcode::error:
      return read_error(from, version);
    case Opcode::ready:
      return Ready{};
    case Opcode::authenticate:
      return Authenticate{std::string(from.text())};
    case Opcode::supported:
      return read_supported(from);
    case Opcode::result:
      return read_result(from, version);
    case Opcode::event:
      return read_event(from);
    case Opcode::auth_challenge: {
      ByteView token;
      from.bytes(token);
      return AuthChallenge{copy(token)};
    }
    case Opcode::auth_success:
      return AuthSuccess{};
    default:
      from.spoil();
      return Ready{};
  }
}

}  // namespace

Result<Response> decode_response(const FrameHeader& header, ByteView body) {
  if (!header.response || header.version < 3 || header.version > 5)
    return fail(ErrorCode::invalid,
                fmt::format("no answer of a version that we speak (first byte {}{})",
                            header.response ? "response of " : "request of ", header.version));
  Reader from(body);
  skip_extras(from, header.flags);
  Response response =
      read_body(from, header.opcode, header.version >= 5 ? Version::v5 : Version::v4);
  if (!from.good())
    return fail(ErrorCode::invalid, fmt::format("an answer of kind {} cannot be read",
                                                static_cast<int>(header.opcode)));
  return response;
}

}  // namespace holdfast::cql
