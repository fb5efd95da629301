#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace holdfast::http {

/// A request to somebody else's server.
struct ClientRequest {
  std::string method = "POST";
  std::string url;  // http:// or https://; certificates are checked
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string body = {};
  int64_t timeout_ms = 10'000;  // for all of it
  uint64_t answer_bytes_max = 1u << 20;
};

/// What it answered, whatever its status.
struct ClientAnswer {
  int status = 0;
  std::string body;
  std::map<std::string, std::string> headers;  // names in small letters; the last of each
};

/// Sends a request and waits for the answer. Does not follow redirects and does not try again.
/// `unavailable`: it surely was not received (no address, no connection); `unknown_outcome`: it may
/// have been (no answer in time, a connection that broke); `invalid`: a URL or certificate that is
/// wrong; `limit`: the answer is too large.
///
/// Threads: any; each call has a connection of its own.
Result<ClientAnswer> send(const ClientRequest& request);

}  // namespace holdfast::http
