#pragma once

#include <cstdint>
#include <string_view>

/// The words of Apache Cassandra's native protocol, versions 4 and 5, as its specification
/// (doc/native_protocol_v4.spec, native_protocol_v5.spec) numbers them.
namespace holdfast::cql {

enum class Version : uint8_t { v4 = 4, v5 = 5 };

enum class Opcode : uint8_t {
  error = 0x00,
  startup = 0x01,
  ready = 0x02,
  authenticate = 0x03,
  options = 0x05,
  supported = 0x06,
  query = 0x07,
  result = 0x08,
  prepare = 0x09,
  execute = 0x0A,
  register_ = 0x0B,
  event = 0x0C,
  batch = 0x0D,
  auth_challenge = 0x0E,
  auth_response = 0x0F,
  auth_success = 0x10,
};

enum class Consistency : uint16_t {
  any = 0x0,
  one = 0x1,
  two = 0x2,
  three = 0x3,
  quorum = 0x4,
  all = 0x5,
  local_quorum = 0x6,
  each_quorum = 0x7,
  serial = 0x8,
  local_serial = 0x9,
  local_one = 0xA,
};
/// "LOCAL_QUORUM" and the like, as CQL writes them.
std::string_view name(Consistency consistency);
/// The inverse, any case. False when there is no such level.
bool parse(std::string_view text, Consistency& to);

enum class Compression : uint8_t { none, lz4, snappy };
std::string_view name(Compression compression);

/// What a server's ERROR says, by its number.
enum class ServerError : int32_t {
  server = 0x0000,
  protocol = 0x000A,
  authentication = 0x0100,
  unavailable = 0x1000,
  overloaded = 0x1001,
  bootstrapping = 0x1002,
  truncate = 0x1003,
  write_timeout = 0x1100,
  read_timeout = 0x1200,
  read_failure = 0x1300,
  function_failure = 0x1400,
  write_failure = 0x1500,
  cdc_write_failure = 0x1600,
  cas_write_unknown = 0x1700,
  syntax = 0x2000,
  unauthorized = 0x2100,
  invalid = 0x2200,
  configuration = 0x2300,
  already_exists = 0x2400,
  unprepared = 0x2500,
};
/// Stable, for scripts: "write_timeout". "server" for numbers that nobody knows.
std::string_view name(ServerError error);

/// What is known of a request that did not end well. A value of three, never a bool.
enum class Certainty : uint8_t {
  not_applied,  // surely: the same may be sent again
  refused,      // surely not applied, and never will be as it is
  unknown,      // it may have been applied
};
std::string_view name(Certainty certainty);

/// What a server's error means for a write that was in flight. A time-out or a failure among the
/// replicas is `unknown`; so is everything that a coordinator may say after it has passed a
/// mutation on (overloaded, truncate, server). A login or a right that is missing is nobody's
/// event's fault: `not_applied`.
Certainty certainty_of(ServerError error);

}  // namespace holdfast::cql
