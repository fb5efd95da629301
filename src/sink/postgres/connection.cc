#include "sink/postgres/connection.h"

#include <algorithm>
#include <charconv>
#include <libpq-fe.h>
#include <optional>
#include <poll.h>
#include <vector>

#include "base/os/clock.h"

namespace holdfast::sink::postgres {
namespace {

int64_t now_ms() {
  return os::real_clock().steady_ms();
}

std::string trimmed(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
  return std::string(text);
}

ErrorCode code_of(std::string_view sqlstate) {
  if (sqlstate == "53100") return ErrorCode::disk_full;
  const std::string_view kind = sqlstate.substr(0, 2);
  if (kind == "21" || kind == "22" || kind == "23" || kind == "42" || kind == "3D" || kind == "3F")
    return ErrorCode::invalid;
  return ErrorCode::unavailable;
}

/// Waits until the socket can be read (or written, if asked for). False when the time is over.
bool wait_for(PGconn* connection, bool readable, bool writable, int64_t until_ms) {
  pollfd watched{PQsocket(connection), 0, 0};
  if (readable) watched.events |= POLLIN;
  if (writable) watched.events |= POLLOUT;
  while (true) {
    const int64_t left_ms = until_ms - now_ms();
    if (left_ms <= 0) return false;
    const int ready = ::poll(&watched, 1, static_cast<int>(std::min<int64_t>(left_ms, 60'000)));
    if (ready > 0) return true;
  }
}

Status connect(PGconn* connection, int64_t until_ms) {
  PostgresPollingStatusType next = PGRES_POLLING_WRITING;
  while (next != PGRES_POLLING_OK) {
    if (next == PGRES_POLLING_FAILED || PQstatus(connection) == CONNECTION_BAD)
      return fail(ErrorCode::unavailable, trimmed(PQerrorMessage(connection)));
    if (!wait_for(connection, next == PGRES_POLLING_READING, next == PGRES_POLLING_WRITING,
                  until_ms))
      return fail(ErrorCode::timeout, "no answer in time");
    next = PQconnectPoll(connection);
  }
  return {};
}

}  // namespace

Answer::Answer(pg_result* result) : result_(result, PQclear) {}

int Answer::status() const {
  return PQresultStatus(result_.get());
}

size_t Answer::rows() const {
  return static_cast<size_t>(PQntuples(result_.get()));
}
std::string_view Answer::text(size_t row, size_t column) const {
  const int r = static_cast<int>(row), c = static_cast<int>(column);
  return {PQgetvalue(result_.get(), r, c), static_cast<size_t>(PQgetlength(result_.get(), r, c))};
}
int64_t Answer::number(size_t row, size_t column) const {
  const std::string_view digits = text(row, column);
  int64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}
int64_t Answer::changed() const {
  const std::string_view digits = PQcmdTuples(result_.get());
  int64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

Result<Connection> Connection::open(const ConnectionSettings& settings) {
  std::map<std::string, std::string> all = settings.options;
  const auto put = [&](const char* name, const std::string& value) {
    if (!value.empty()) all.try_emplace(name, value);
  };
  put("host", settings.host);
  put("port", std::to_string(settings.port));
  put("dbname", settings.database);
  put("user", settings.user);
  put("password", settings.password);
  put("application_name", "holdfast");
  put("client_encoding", "UTF8");
  put("fallback_application_name", "holdfast");
  // The server gives up a little earlier than we do, so that the reason is told.
  put("options", "-c statement_timeout=" + std::to_string(settings.timeout_ms * 9 / 10) +
                     " -c idle_in_transaction_session_timeout=60000");
  std::vector<const char*> names, values;
  for (const auto& [name, value] : all) {
    names.push_back(name.c_str());
    values.push_back(value.c_str());
  }
  names.push_back(nullptr);
  values.push_back(nullptr);
  std::shared_ptr<PGconn> connection(PQconnectStartParams(names.data(), values.data(), 0),
                                     PQfinish);
  if (!connection) return fail(ErrorCode::limit, "no memory for a connection to PostgreSQL");
  PQsetNoticeProcessor(connection.get(), [](void*, const char*) {}, nullptr);
  const Status connected = connect(connection.get(), now_ms() + settings.timeout_ms);
  if (!connected)
    return fail(connected.error().code, "PostgreSQL at " + settings.host + ":" +
                                            std::to_string(settings.port) +
                                            " cannot be reached: " + connected.error().message);
  PQsetnonblocking(connection.get(), 1);
  return Connection(std::move(connection), settings.timeout_ms);
}

bool Connection::broken() const {
  return PQstatus(connection_.get()) != CONNECTION_OK;
}

Error Connection::error_of(const pg_result* result) {
  const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  sqlstate_ = state == nullptr ? "" : state;
  const char* primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  const char* detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL);
  std::string message = primary == nullptr ? trimmed(PQresultErrorMessage(result)) : primary;
  if (detail != nullptr) message += std::string(": ") + detail;
  return {sqlstate_.empty() ? ErrorCode::unavailable : code_of(sqlstate_), std::move(message)};
}

/// Gives the connection up: nothing that is on its way can be told apart any more.
Error Connection::lost(std::string_view doing) {
  sqlstate_.clear();
  const bool late = PQstatus(connection_.get()) == CONNECTION_OK;
  Error error{late ? ErrorCode::timeout : ErrorCode::unavailable,
              std::string(doing) + ": " +
                  (late ? "no answer in time" : trimmed(PQerrorMessage(connection_.get())))};
  connection_.reset();
  return error;
}

Status Connection::flush() {
  const int64_t until_ms = now_ms() + timeout_ms_;
  while (true) {
    const int left = PQflush(connection_.get());
    if (left == 0) return {};
    if (left < 0) return std::unexpected(lost("sending"));
    if (!wait_for(connection_.get(), true, true, until_ms)) return std::unexpected(lost("sending"));
    // The server may have something to say first; unread, both sides could wait for ever.
    if (PQconsumeInput(connection_.get()) == 0) return std::unexpected(lost("sending"));
  }
}

Result<pg_result*> Connection::next() {
  const int64_t until_ms = now_ms() + timeout_ms_;
  while (PQisBusy(connection_.get()) != 0) {
    if (!wait_for(connection_.get(), true, false, until_ms)) {
      return std::unexpected(lost("waiting"));
    }
    if (PQconsumeInput(connection_.get()) == 0) return std::unexpected(lost("waiting"));
  }
  return PQgetResult(connection_.get());
}

/// Takes the results of a statement to their end; the last one counts, or the first error.
Result<Answer> Connection::finish() {
  std::optional<Answer> answer;
  std::optional<Error> error;
  while (true) {
    pg_result* result = HOLDFAST_TRY(next());
    if (result == nullptr) break;
    const ExecStatusType status = PQresultStatus(result);
    const bool good = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
    if (!good && !error) error = error_of(result);
    answer.emplace(result);
    if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT) break;
  }
  if (error) {
    const std::string kept = sqlstate_;
    if (PQstatus(connection_.get()) != CONNECTION_OK) connection_.reset();
    sqlstate_ = kept;
    return std::unexpected(*error);
  }
  if (!answer) return std::unexpected(lost("waiting"));
  return *answer;
}

Result<Answer> Connection::run(const std::string& sql) {
  if (broken()) return fail(ErrorCode::unavailable, "the connection is closed");
  if (PQsendQuery(connection_.get(), sql.c_str()) == 0) return std::unexpected(lost("sending"));
  HOLDFAST_CHECKED(flush());
  return finish();
}

/// Sends a COPY statement and sees the server agree.
Status Connection::begin_copy(const std::string& sql, int direction) {
  if (broken()) return fail(ErrorCode::unavailable, "the connection is closed");
  if (PQsendQuery(connection_.get(), sql.c_str()) == 0) return std::unexpected(lost("sending"));
  HOLDFAST_CHECKED(flush());
  const Answer answer(HOLDFAST_TRY(next()));
  if (answer.status() == direction) return {};
  const Error error = error_of(answer.get());
  const std::string kept = sqlstate_;
  const auto rest = finish();
  if (!rest && broken()) return std::unexpected(rest.error());
  sqlstate_ = kept;
  return std::unexpected(error);
}

Status Connection::send_piece(std::string_view piece) {
  while (true) {
    const int sent = PQputCopyData(connection_.get(), piece.data(), static_cast<int>(piece.size()));
    if (sent < 0) return std::unexpected(lost("sending"));
    HOLDFAST_CHECKED(flush());
    if (sent > 0) return {};
  }
}

Result<int64_t> Connection::copy_in(const std::string& sql, const Fill& fill) {
  HOLDFAST_CHECKED(begin_copy(sql, PGRES_COPY_IN));
  std::string piece;
  bool more = true;
  while (more) {
    piece.clear();
    more = fill(piece);
    if (!piece.empty()) HOLDFAST_CHECKED(send_piece(piece));
  }
  if (PQputCopyEnd(connection_.get(), nullptr) < 0) return std::unexpected(lost("sending"));
  HOLDFAST_CHECKED(flush());
  return HOLDFAST_TRY(finish()).changed();
}

Status Connection::copy_out(const std::string& sql, const Take& take) {
  HOLDFAST_CHECKED(begin_copy(sql, PGRES_COPY_OUT));
  Status status;
  while (true) {
    char* row = nullptr;
    const int size = PQgetCopyData(connection_.get(), &row, 1);
    if (size > 0) {
      if (status) status = take({row, static_cast<size_t>(size)});
      PQfreemem(row);
    } else if (size == 0) {
      if (!wait_for(connection_.get(), true, false, now_ms() + timeout_ms_) ||
          PQconsumeInput(connection_.get()) == 0)
        return std::unexpected(lost("reading"));
    } else {
      break;
    }
  }
  HOLDFAST_TRY(finish());
  return status;
}

std::string quote_text(std::string_view text) {
  const bool escaped = text.find('\\') != std::string_view::npos;
  std::string result = escaped ? "E'" : "'";
  for (const char c : text) {
    if (c == '\'' || (escaped && c == '\\')) result += c;
    result += c;
  }
  return result + "'";
}

std::string quote_name(std::string_view name) {
  std::string result = "\"";
  for (const char c : name) {
    if (c == '.') {
      result += "\".\"";
      continue;
    }
    if (c == '"') result += c;
    result += c;
  }
  return result + "\"";
}

}  // namespace holdfast::sink::postgres
