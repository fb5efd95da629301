#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/os/net.h"
#include "base/result.h"

namespace holdfast::http {

/// What a client asked for.
struct Request {
  std::string method;  // "GET", "POST", ...
  std::string path;    // without the query
  std::string query;   // behind the '?'
  std::string body;
  std::map<std::string, std::string> headers = {};  // names in small letters; the last of each
};

struct Response {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body = {};
  std::vector<std::pair<std::string, std::string>> headers = {};  // further ones
};

/// Answers one request; may be called later, but on the loop's thread, and once.
using Reply = std::move_only_function<void(Response)>;
using Handler = std::function<void(const Request& request, Reply reply)>;

/// What protects the server from its clients.
struct ServerLimits {
  uint32_t connections_max = 64;  // more are closed at once
  uint32_t header_bytes_max = 16u << 10;
  uint32_t body_bytes_max = 1u << 20;
  int64_t idle_timeout_ms = 30'000;  // without a whole request, or with an answer that is not taken
};

/// A small HTTP/1.1 server on an event loop that somebody else runs: metrics, health, the console.
/// It sleeps while nobody asks. One request of a connection is answered before the next is read.
///
/// It does not encrypt and does not authenticate: whoever opens it beyond this machine must have
/// been told to.
///
/// Threads: the loop's. Destroying it ends every connection; a reply that comes later is dropped.
class Server {
 public:
  /// `invalid` or `io` when the address cannot be listened on.
  static Result<std::unique_ptr<Server>> listen(os::EventLoop& loop, const os::Address& address,
                                                Handler handler, ServerLimits limits = {});
  virtual ~Server() = default;
  /// With the real port if 0 was asked for.
  virtual os::Address address() const = 0;
};

/// The same on a loop and a thread of its own, so that no client of it delays anybody else.
/// `handler` is called on that thread; replies may come from any.
///
/// Threads: any. Destroying it joins the thread.
class ServerThread {
 public:
  static Result<std::unique_ptr<ServerThread>> start(const os::Address& address, Handler handler,
                                                     ServerLimits limits = {});
  virtual ~ServerThread() = default;
  virtual os::Address address() const = 0;
};

}  // namespace holdfast::http
