#include "sink/cassandra/cql/request.h"

namespace holdfast::cql {
namespace {

enum Flag : uint32_t {
  has_values = 0x01,
  skip_metadata = 0x02,
  has_page_size = 0x04,
  has_paging_state = 0x08,
  has_serial = 0x10,
  has_timestamp = 0x20,
  has_names = 0x40,
  has_keyspace = 0x80,
  has_now = 0x100,
};

void write_flags(Writer& to, Version version, uint32_t flags) {
  if (version >= Version::v5)
    to.u32(flags);
  else
    to.u8(static_cast<uint8_t>(flags));
}

/// The flags of what all requests may have at their end.
uint32_t flags_of_end(Version version, const Parameters& p) {
  uint32_t flags = 0;
  if (p.serial) flags |= has_serial;
  if (p.timestamp_us) flags |= has_timestamp;
  if (version >= Version::v5 && !p.keyspace.empty()) flags |= has_keyspace;
  if (version >= Version::v5 && p.now_seconds) flags |= has_now;
  return flags;
}

void write_end(Writer& to, Version version, const Parameters& p) {
  if (p.serial) to.u16(static_cast<uint16_t>(*p.serial));
  if (p.timestamp_us) to.i64(*p.timestamp_us);
  if (version < Version::v5) return;
  if (!p.keyspace.empty()) to.text(p.keyspace);
  if (p.now_seconds) to.i32(*p.now_seconds);
}

void write_parameters(Writer& to, Version version, const Parameters& p) {
  to.u16(static_cast<uint16_t>(p.consistency));
  uint32_t flags = flags_of_end(version, p);
  if (p.values.count > 0) flags |= has_values;
  if (p.values.count > 0 && p.values.named) flags |= has_names;
  if (p.skip_metadata) flags |= skip_metadata;
  if (p.page_rows > 0) flags |= has_page_size;
  if (p.paging_state) flags |= has_paging_state;
  write_flags(to, version, flags);
  if (p.values.count > 0) {
    to.u16(p.values.count);
    to.raw(p.values.bytes);
  }
  if (p.page_rows > 0) to.i32(p.page_rows);
  if (p.paging_state) to.bytes(*p.paging_state);
  write_end(to, version, p);
}

}  // namespace

void encode_startup(Writer& to, const std::map<std::string, std::string>& options) {
  to.u16(static_cast<uint16_t>(options.size()));
  for (const auto& [name, value] : options) {
    to.text(name);
    to.text(value);
  }
}

void encode_register(Writer& to, std::span<const std::string_view> events) {
  to.u16(static_cast<uint16_t>(events.size()));
  for (const std::string_view event : events) to.text(event);
}

void encode_auth_response(Writer& to, ByteView token) {
  to.bytes(token);
}

void encode_query(Writer& to, Version version, std::string_view cql, const Parameters& parameters) {
  to.long_text(cql);
  write_parameters(to, version, parameters);
}

void encode_prepare(Writer& to, Version version, std::string_view cql, std::string_view keyspace) {
  to.long_text(cql);
  if (version < Version::v5) return;
  to.u32(keyspace.empty() ? 0 : 1);
  if (!keyspace.empty()) to.text(keyspace);
}

void encode_execute(Writer& to, Version version, ByteView id, ByteView result_metadata_id,
                    const Parameters& parameters) {
  to.short_bytes(id);
  if (version >= Version::v5) to.short_bytes(result_metadata_id);
  write_parameters(to, version, parameters);
}

void encode_batch(Writer& to, Version version, BatchKind kind,
                  std::span<const BatchStatement> statements, const Parameters& parameters) {
  to.u8(static_cast<uint8_t>(kind));
  to.u16(static_cast<uint16_t>(statements.size()));
  for (const BatchStatement& statement : statements) {
    const bool prepared = !statement.prepared_id.empty();
    to.u8(prepared ? 1 : 0);
    if (prepared)
      to.short_bytes(statement.prepared_id);
    else
      to.long_text(statement.cql);
    to.u16(statement.values.count);
    to.raw(statement.values.bytes);
  }
  to.u16(static_cast<uint16_t>(parameters.consistency));
  write_flags(to, version, flags_of_end(version, parameters));
  write_end(to, version, parameters);
}

}  // namespace holdfast::cql
