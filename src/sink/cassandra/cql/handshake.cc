#include <algorithm>
#include <fmt/format.h>
#include <map>

#include "base/log_line.h"
#include "sink/cassandra/cql/connection.h"
#include "sink/cassandra/cql/request.h"

// How a connection begins: OPTIONS, STARTUP, a login if one is wanted; and back to version 4 where
// the server has no 5.

namespace holdfast::cql {
namespace {

bool offers(const Supported& supported, const char* what, std::string_view value) {
  const auto found = supported.options.find(what);
  return found != supported.options.end() &&
         std::ranges::find(found->second, value) != found->second.end();
}

}  // namespace

Status Connection::offered(const Supported& supported) {
  if (settings_.compression == Compression::none) return {};
  if (version_ >= Version::v5 && settings_.compression == Compression::snappy)
    return fail(ErrorCode::invalid, "protocol version 5 knows no snappy; use lz4 or none");
  if (!offers(supported, "COMPRESSION", name(settings_.compression)))
    return fail(ErrorCode::invalid,
                fmt::format("{} does not offer {}", address_.text(), name(settings_.compression)));
  compression_ = settings_.compression;
  return {};
}

void Connection::handshake(Response response) {
  if (const auto* error = std::get_if<ErrorResponse>(&response)) {
    const bool newer = version_ >= Version::v5 && error->code == ServerError::protocol;
    if (newer && state_ != State::login) {
      version_ = Version::v4;
      state_ = State::idle;
      link_.reset();
      // Not from within the call of the connection that goes.
      loop_.post([this, alive = alive_] {
        if (*alive) start();
      });
      return;
    }
    const bool ours =
        error->code == ServerError::authentication || error->code == ServerError::protocol;
    return fail_with(
        {ours ? ErrorCode::invalid : ErrorCode::unavailable,
         fmt::format("{} refuses the connection: {}", address_.text(), error->message)});
  }
  if (const auto* supported = std::get_if<Supported>(&response);
      supported && state_ == State::options) {
    if (const Status fit = offered(*supported); !fit) return fail_with(fit.error());
    std::map<std::string, std::string> options{{"CQL_VERSION", "3.0.0"},
                                               {"DRIVER_NAME", "Holdfast"},
                                               {"DRIVER_VERSION", HOLDFAST_VERSION}};
    options.insert(settings_.startup.begin(), settings_.startup.end());
    if (compression_ != Compression::none) options["COMPRESSION"] = name(compression_);
    ByteBuffer body;
    Writer writer(body);
    encode_startup(writer, options);
    state_ = State::startup;
    return write_message(Opcode::startup, handshake_stream_id, body);
  }
  if (const auto* wanted = std::get_if<Authenticate>(&response); wanted && state_ == State::startup)
    return log_in(*wanted);
  const bool greeted = std::holds_alternative<Ready>(response) && state_ == State::startup;
  const bool logged_in = std::holds_alternative<AuthSuccess>(response) && state_ == State::login;
  if (greeted || logged_in) return become_ready();
  fail_with({ErrorCode::invalid,
             fmt::format("{} says something unexpected while greeting", address_.text())});
}

void Connection::log_in(const Authenticate& wanted) {
  if (settings_.user.empty())
    return fail_with(
        {ErrorCode::invalid, fmt::format("{} wants a login ({}): set user and password",
                                         address_.text(), wanted.authenticator)});
  segmented_ = version_ >= Version::v5;
  ByteBuffer token;
  token.push_back(std::byte{0});
  append(token, as_bytes(settings_.user));
  token.push_back(std::byte{0});
  append(token, as_bytes(settings_.password));
  ByteBuffer body;
  Writer writer(body);
  encode_auth_response(writer, token);
  state_ = State::login;
  write_message(Opcode::auth_response, handshake_stream_id, body);
}

void Connection::become_ready() {
  segmented_ = version_ >= Version::v5;
  state_ = State::ready;
  sweep_timer_->cancel();
  last_received_ms_ = clock_.steady_ms();
  owner_.connected(*this);
}

}  // namespace holdfast::cql
