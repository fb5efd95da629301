#include "sink/cassandra/cql/protocol.h"

#include <algorithm>
#include <array>
#include <utility>

namespace holdfast::cql {
namespace {

constexpr std::array<std::string_view, 11> consistencies{
    "ANY",          "ONE",         "TWO",    "THREE",        "QUORUM",   "ALL",
    "LOCAL_QUORUM", "EACH_QUORUM", "SERIAL", "LOCAL_SERIAL", "LOCAL_ONE"};

constexpr std::pair<ServerError, std::string_view> errors[] = {
    {ServerError::server, "server"},
    {ServerError::protocol, "protocol"},
    {ServerError::authentication, "authentication"},
    {ServerError::unavailable, "unavailable"},
    {ServerError::overloaded, "overloaded"},
    {ServerError::bootstrapping, "bootstrapping"},
    {ServerError::truncate, "truncate"},
    {ServerError::write_timeout, "write_timeout"},
    {ServerError::read_timeout, "read_timeout"},
    {ServerError::read_failure, "read_failure"},
    {ServerError::function_failure, "function_failure"},
    {ServerError::write_failure, "write_failure"},
    {ServerError::cdc_write_failure, "cdc_write_failure"},
    {ServerError::cas_write_unknown, "cas_write_unknown"},
    {ServerError::syntax, "syntax"},
    {ServerError::unauthorized, "unauthorized"},
    {ServerError::invalid, "invalid"},
    {ServerError::configuration, "configuration"},
    {ServerError::already_exists, "already_exists"},
    {ServerError::unprepared, "unprepared"},
};

char upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
}

}  // namespace

std::string_view name(Consistency consistency) {
  const auto number = static_cast<size_t>(consistency);
  return number < consistencies.size() ? consistencies[number] : "?";
}

bool parse(std::string_view text, Consistency& to) {
  for (size_t i = 0; i < consistencies.size(); ++i) {
    if (!std::ranges::equal(text, consistencies[i], {}, upper)) continue;
    to = static_cast<Consistency>(i);
    return true;
  }
  return false;
}

std::string_view name(Compression compression) {
  switch (compression) {
    case Compression::none:
      return "none";
    case Compression::lz4:
      return "lz4";
    case Compression::snappy:
      return "snappy";
  }
  return "?";
}

std::string_view name(ServerError error) {
  const auto found =
      std::ranges::find(errors, error, &std::pair<ServerError, std::string_view>::first);
  return found == std::end(errors) ? "server" : found->second;
}

std::string_view name(Certainty certainty) {
  switch (certainty) {
    case Certainty::not_applied:
      return "not_applied";
    case Certainty::refused:
      return "refused";
    case Certainty::unknown:
      return "unknown";
  }
  return "?";
}

Certainty certainty_of(ServerError error) {
  switch (error) {
    case ServerError::unavailable:
    case ServerError::bootstrapping:
    case ServerError::unprepared:
    case ServerError::authentication:
    case ServerError::unauthorized:
      return Certainty::not_applied;
    case ServerError::protocol:
    case ServerError::syntax:
    case ServerError::invalid:
    case ServerError::configuration:
    case ServerError::already_exists:
    case ServerError::function_failure:
      return Certainty::refused;
    default:
      return Certainty::unknown;
  }
}

}  // namespace holdfast::cql
