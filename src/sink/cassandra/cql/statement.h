#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "sink/cassandra/cql/request.h"
#include "sink/cassandra/cql/response.h"

namespace holdfast::cql {

/// A statement that the servers know. Immutable, so any thread may hold it; should a server have
/// forgotten it, the session prepares it there again.
struct Prepared {
  std::string cql;
  ByteBuffer id;
  ByteBuffer result_metadata_id;
  std::vector<ColumnInfo> variables;
  std::vector<uint16_t> partition_key;  // which variables make the routing key; empty: unknown
  std::vector<ColumnInfo> columns;      // of the result
};
using Statement = std::shared_ptr<const Prepared>;

/// A prepared statement with its values, as BATCH takes them.
struct Bound {
  Statement statement = {};
  ByteBuffer values = {};  // [value] behind [value], as Writer makes them
  uint16_t value_count = 0;
};

/// One request. Either `bound` (several: a batch), or `cql` with values.
struct Request {
  std::vector<Bound> bound = {};
  std::string cql = {};
  ByteBuffer values = {};  // of `cql`
  uint16_t value_count = 0;

  BatchKind batch = BatchKind::logged;  // of several
  Consistency consistency = Consistency::local_quorum;
  std::optional<Consistency> serial = {};
  std::optional<int64_t> timestamp_us = {};
  int32_t page_rows = 0;
  std::optional<ByteBuffer> paging_state = {};
  std::optional<int64_t> token = {};  // token_of(routing key): goes to a replica then
  /// Whether sending it twice does no harm. Only such a request is sent again after a connection
  /// broke under it or a server ended it in doubt.
  bool idempotent = false;
  int64_t timeout_ms = 0;  // 0: the session's
};

/// Why a request did not end well, and what is known of it.
struct Failure {
  Certainty certainty = Certainty::unknown;
  std::string code = {};  // for scripts: ServerError's name, or "connection", "timeout", "schema"
  std::string message = {};  // for people, with the node
  std::optional<ErrorResponse> server = {};
  std::shared_ptr<Request> request = {};  // what failed, to be sent again
};

inline ErrorCode error_code_of(Certainty certainty) {
  if (certainty == Certainty::not_applied) return ErrorCode::unavailable;
  return certainty == Certainty::refused ? ErrorCode::invalid : ErrorCode::unknown_outcome;
}

/// The rows of one page. The cells point into `body`.
struct Rows {
  Metadata metadata;
  uint32_t column_count = 0;
  uint32_t count = 0;
  ByteBuffer body;
  ByteView content;

  CellReader cells() const { return CellReader(content); }
};
/// What came back; null when it was not rows.
using Reply = std::shared_ptr<const Rows>;
using Answer = std::expected<Reply, Failure>;
using Done = std::move_only_function<void(Answer)>;

}  // namespace holdfast::cql
