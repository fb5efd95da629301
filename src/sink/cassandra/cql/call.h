#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "sink/cassandra/cql/connection.h"

namespace holdfast::cql {

/// An exchange whose end is a function. For the few requests that are not users' own.
class Call final : public Exchange {
 public:
  using Ended = std::move_only_function<void(Result<Response>, ByteView body)>;
  explicit Call(Ended ended) : ended_(std::move(ended)) {}

  void answered(std::unique_ptr<Exchange>, Connection&, Response response, ByteView body) override {
    ended_(std::move(response), body);
  }
  void lost(std::unique_ptr<Exchange>, const Error& why) override {
    ended_(std::unexpected(why), {});
  }

 private:
  Ended ended_;
};

/// Rows that outlive the message they came in; null when it was not rows.
inline Reply keep_rows(Response& response, ByteView body) {
  auto* rows = std::get_if<RowsResult>(&response);
  if (rows == nullptr) return nullptr;
  auto kept = std::make_shared<Rows>();
  kept->metadata = std::move(rows->metadata);
  kept->column_count = rows->column_count;
  kept->count = rows->rows;
  const size_t begin = static_cast<size_t>(rows->content.data() - body.data());
  kept->body.assign(body.begin() + static_cast<ptrdiff_t>(begin), body.end());
  kept->content = kept->body;
  return kept;
}

}  // namespace holdfast::cql
