#pragma once

#include <memory>
#include <string>

#include "base/os/net.h"
#include "base/result.h"

struct ssl_ctx_st;

namespace holdfast::cql {

struct TlsSettings;

/// What all encrypted connections of a session share: whom to trust, and who we are. Immutable, so
/// any thread may use it.
class TlsContext {
 public:
  /// Reads the files. `invalid` when one cannot be read or does not fit.
  static Result<std::shared_ptr<const TlsContext>> open(const TlsSettings& settings);
  ~TlsContext();

  /// The same connection, encrypted, as its client: the greeting begins with `start`, and what is
  /// sent before it has ended waits. `closed` with `invalid` when the server is not to be trusted.
  std::unique_ptr<os::Connection> encrypt(std::unique_ptr<os::Connection> link,
                                          const std::string& host) const;

 private:
  explicit TlsContext(ssl_ctx_st* context, bool verify_host);
  ssl_ctx_st* const context_;
  const bool verify_host_;
};

}  // namespace holdfast::cql
