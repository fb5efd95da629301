#pragma once

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "sink/cassandra/cql/frame.h"
#include "sink/cassandra/cql/type.h"

/// What a server answers, decoded. Pure. Texts are owned; the content of rows is a view of the
/// body.
namespace holdfast::cql {

/// ERROR. Which of the details are set depends on the code.
struct ErrorResponse {
  ServerError code = ServerError::server;
  std::string message;
  Consistency consistency = Consistency::any;  // unavailable, time-outs, failures
  int32_t required = 0;                        // replicas that had to answer
  int32_t received = 0;                        // that did; for `unavailable`: that live
  int32_t failures = 0;                        // that failed
  bool data_present = false;                   // reads
  std::string write_type;                      // writes: SIMPLE, BATCH, BATCH_LOG, ...
  std::string keyspace, table;                 // already_exists
  ByteBuffer prepared_id;                      // unprepared
};

struct ColumnInfo {
  std::string keyspace, table, name;
  Type type;
};
struct Metadata {
  std::vector<ColumnInfo> columns;      // empty when they were not sent
  std::vector<uint16_t> partition_key;  // of a prepared statement: which variables, in key order
  std::optional<ByteBuffer> paging_state;
  std::optional<ByteBuffer> changed_id;  // version 5: the result's metadata are not what they were
};

struct VoidResult {};
struct SetKeyspaceResult {
  std::string keyspace;
};
struct RowsResult {
  Metadata metadata;
  uint32_t column_count = 0;
  uint32_t rows = 0;
  ByteView content;  // cell behind cell, row by row; checked to hold all of them
};
struct PreparedResult {
  ByteBuffer id;
  ByteBuffer result_metadata_id;  // version 5
  Metadata variables;
  Metadata result;
};
struct SchemaChange {
  std::string change;  // CREATED, UPDATED, DROPPED
  std::string target;  // KEYSPACE, TABLE, TYPE, FUNCTION, AGGREGATE
  std::string keyspace, name;
};
struct TopologyEvent {
  std::string change;  // NEW_NODE, REMOVED_NODE; UP, DOWN
  std::string host;    // numeric
  uint16_t port = 0;
};
struct Ready {};
struct Authenticate {
  std::string authenticator;
};
struct AuthChallenge {
  ByteBuffer token;
};
struct AuthSuccess {};
struct Supported {
  std::map<std::string, std::vector<std::string>> options;
};

using Response = std::variant<VoidResult, RowsResult, SetKeyspaceResult, PreparedResult,
                              SchemaChange, TopologyEvent, ErrorResponse, Ready, Authenticate,
                              AuthChallenge, AuthSuccess, Supported>;

/// `body` as it is after decompression. `invalid` when it is no such message of that version; a
/// message of another version is read as that version when we speak it.
Result<Response> decode_response(const FrameHeader& header, ByteView body);

/// Walks over the cells of a RowsResult, all of them in order.
class CellReader {
 public:
  explicit CellReader(ByteView content) : reader_(content) {}
  /// Nothing: null.
  std::optional<ByteView> next() {
    ByteView cell;
    if (!reader_.bytes(cell)) return std::nullopt;
    return cell;
  }

 private:
  Reader reader_;
};

}  // namespace holdfast::cql
