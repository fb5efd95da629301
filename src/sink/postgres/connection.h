#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

// libpq's own types; its header stays in connection.cc.
struct pg_conn;
struct pg_result;

namespace holdfast::sink::postgres {

struct ConnectionSettings {
  std::string host = {};  // a name, an address, or the folder of a socket
  uint16_t port = 5432;
  std::string database = {};
  std::string user = {};
  std::string password = {};
  std::map<std::string, std::string> options = {};  // libpq's own, by its names: sslmode, ...
  /// The longest wait for an answer; then the connection is given up.
  int64_t timeout_ms = 10'000;
};

/// Rows that a statement answered, as text.
class Answer {
 public:
  explicit Answer(pg_result* result);
  size_t rows() const;
  std::string_view text(size_t row, size_t column) const;
  int64_t number(size_t row, size_t column) const;
  bool flag(size_t row, size_t column) const { return text(row, column) == "t"; }
  /// Rows that an INSERT, UPDATE, DELETE or COPY changed.
  int64_t changed() const;

  int status() const;  // libpq's
  const pg_result* get() const { return result_.get(); }

 private:
  std::shared_ptr<pg_result> result_;
};

/// A connection to PostgreSQL on which no wait is without a bound: an answer that does not come in
/// time ends the connection, and the error is `timeout`.
///
/// Errors: `invalid` - the server refuses the data (SQLSTATE classes 21, 22, 23) or the statement
/// (42); `disk_full`; `unavailable` - anything that may be well later, a lost connection included.
/// `sqlstate()` has the server's own code. What became of a COMMIT whose error has no SQLSTATE is
/// not known.
///
/// Threads: one at a time.
class Connection {
 public:
  static Result<Connection> open(const ConnectionSettings& settings);

  /// One or more statements; answers the last one's result.
  Result<Answer> run(const std::string& sql);
  /// A COPY ... FROM STDIN: `fill` writes until it has no more (false); each piece is sent at once.
  using Fill = std::function<bool(std::string& piece)>;
  Result<int64_t> copy_in(const std::string& sql, const Fill& fill);
  /// A COPY ... TO STDOUT; one call for each row's bytes.
  using Take = std::function<Status(std::string_view row)>;
  Status copy_out(const std::string& sql, const Take& take);

  /// The connection is of no use any more.
  bool broken() const;
  /// The server's code of the last error; empty when it came from the connection.
  const std::string& sqlstate() const { return sqlstate_; }

 private:
  Connection(std::shared_ptr<pg_conn> connection, int64_t timeout_ms)
      : connection_(std::move(connection)), timeout_ms_(timeout_ms) {}
  Error error_of(const pg_result* result);
  Error lost(std::string_view doing);
  /// Sends what is queued.
  Status flush();
  /// The next result; nothing at the end of the statement's results.
  Result<pg_result*> next();
  Result<Answer> finish();
  Status begin_copy(const std::string& sql, int direction);
  Status send_piece(std::string_view piece);

  std::shared_ptr<pg_conn> connection_;
  int64_t timeout_ms_;
  std::string sqlstate_;
};

/// As a text in a statement.
std::string quote_text(std::string_view text);
/// "flights" or "public.flights", quoted part by part.
std::string quote_name(std::string_view name);

}  // namespace holdfast::sink::postgres
