#include <fmt/format.h>

#include "sink/cassandra/cql/call.h"
#include "sink/cassandra/cql/core.h"

// What the end of one attempt means for a request: its answer, another node, or a failure of which
// it is known what it leaves in doubt.

namespace holdfast::cql {
namespace {

/// Each answer names one statement that is not known: beside those of the request itself, so many.
constexpr size_t prepared_again_max = 2;
constexpr int sent_again_max = 1;

std::unique_ptr<Flight> as_flight(std::unique_ptr<Exchange> exchange) {
  return std::unique_ptr<Flight>(static_cast<Flight*>(exchange.release()));
}

Failure failure_of(const Connection& on, ErrorResponse error) {
  Failure failure;
  failure.certainty = certainty_of(error.code);
  failure.code = name(error.code);
  failure.message = fmt::format("{} ({}): {}", on.address().text(), failure.code, error.message);
  failure.server = std::move(error);
  return failure;
}

}  // namespace

void Flight::answered(std::unique_ptr<Exchange> self, Connection& on, Response response,
                      ByteView body) {
  if (auto* error = std::get_if<ErrorResponse>(&response))
    return refused(as_flight(std::move(self)), on, std::move(*error));
  end(keep_rows(response, body));
}

void Flight::refused(std::unique_ptr<Flight> self, Connection& on, ErrorResponse error) {
  if (error.code == ServerError::unprepared &&
      prepared_again++ < request.bound.size() + prepared_again_max) {
    for (const Bound& bound : request.bound)
      if (bound.statement->id == error.prepared_id) {
        const Statement statement = bound.statement;
        return core_.prepare_again(std::move(self), on, statement);
      }
  }
  const bool in_doubt = certainty_of(error.code) == Certainty::unknown;
  const bool elsewhere =
      error.code == ServerError::bootstrapping ||
      (request.idempotent && in_doubt &&
       (error.code == ServerError::overloaded || error.code == ServerError::server ||
        error.code == ServerError::truncate));
  tried.push_back(on.address());
  if (elsewhere && sent_again++ < sent_again_max) return core_.launch(std::move(self));
  end(std::unexpected(failure_of(on, std::move(error))));
}

void Flight::lost(std::unique_ptr<Exchange> self, const Error& why) {
  if (request.idempotent && why.code != ErrorCode::timeout && why.code != ErrorCode::interrupted &&
      sent_again++ < sent_again_max)
    return core_.launch(as_flight(std::move(self)));
  end(Certainty::unknown, why.code == ErrorCode::timeout ? "timeout" : "connection", why.message);
}

}  // namespace holdfast::cql
