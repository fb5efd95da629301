#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sink/cassandra/cql/bytes.h"
#include "sink/cassandra/cql/protocol.h"

/// The bodies of what a client sends. Pure: each function appends one body to a buffer.
namespace holdfast::cql {

/// Values that were encoded already, one [value] behind the other; `named`: each with its name, a
/// [string], before it.
struct Values {
  uint16_t count = 0;
  ByteView bytes = {};
  bool named = false;
};

/// What QUERY and EXECUTE have in common, and BATCH in part.
struct Parameters {
  Consistency consistency = Consistency::local_quorum;
  Values values = {};
  bool skip_metadata = false;
  int32_t page_rows = 0;                      // 0: all in one answer
  std::optional<ByteView> paging_state = {};  // of the page before
  std::optional<Consistency> serial = {};     // SERIAL or LOCAL_SERIAL, of lightweight transactions
  std::optional<int64_t> timestamp_us = {};   // without one, the server takes its own clock
  // Sent by version 5 only:
  std::string_view keyspace = {};           // of tables that the statement names without one
  std::optional<int32_t> now_seconds = {};  // instead of the server's clock, for expiry
};

void encode_startup(Writer& to, const std::map<std::string, std::string>& options);
void encode_register(Writer& to, std::span<const std::string_view> events);
/// SASL's token; PLAIN is "\0user\0password".
void encode_auth_response(Writer& to, ByteView token);
void encode_query(Writer& to, Version version, std::string_view cql, const Parameters& parameters);
void encode_prepare(Writer& to, Version version, std::string_view cql,
                    std::string_view keyspace = {});
/// `result_metadata_id` is sent by version 5 only.
void encode_execute(Writer& to, Version version, ByteView id, ByteView result_metadata_id,
                    const Parameters& parameters);

enum class BatchKind : uint8_t { logged = 0, unlogged = 1 };  // counters: never
struct BatchStatement {
  ByteView prepared_id = {};  // or, if empty:
  std::string_view cql = {};
  Values values = {};
};
/// Of the parameters, all but values, paging and `skip_metadata` count.
void encode_batch(Writer& to, Version version, BatchKind kind,
                  std::span<const BatchStatement> statements, const Parameters& parameters);

}  // namespace holdfast::cql
