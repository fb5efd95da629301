#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <span>
#include <unordered_map>

#include "broker/fetch_session.h"
#include "wire/error_code.h"

namespace holdfast::broker {

/// The fetch sessions of all clients: how many there may be, and which has to go when a new one
/// wants its place. A pure object, like the sessions. A client whose session has gone is told so,
/// and sends everything again.
class FetchSessions {
 public:
  struct Limits {
    uint32_t sessions_max = 1000;         // max.incremental.fetch.session.cache.slots; 0: none
    uint32_t partitions_max = 1'000'000;  // of all together: memory, about 150 bytes each
    int64_t evictable_after_ms = 120'000;
  };

  /// `random` makes ids.
  FetchSessions(const Limits& limits, std::function<uint32_t()> random)
      : limits_(limits), random_(std::move(random)) {}

  /// What a request means.
  struct Opened {
    wire::ErrorCode error = wire::ErrorCode::none;
    bool wants_session = false;             // a whole request that may become one
    std::shared_ptr<FetchSession> session;  // what it goes on with; null: it is whole by itself
    int32_t epoch = 0;                      // that the session must still have when it is answered
  };
  Opened open(const wire::FetchRequest& request, bool by_id, int64_t now_ms);

  /// Makes a session out of a request and the whole answer to it, if there is a place, and puts its
  /// id into the answer.
  void create(std::span<const FetchTopic> wanted, bool by_id, wire::FetchResponse& response,
              int64_t now_ms);

  /// Makes a whole answer one of the session: only news stay in it. Or an error, when another
  /// request has overtaken it.
  static void answer(FetchSession& session, int32_t epoch, wire::FetchResponse& response);

  size_t size() const { return sessions_.size(); }
  uint64_t partitions() const { return partitions_; }
  uint64_t evictions() const { return evictions_; }

 private:
  struct Held {
    std::shared_ptr<FetchSession> session;
    int64_t created_ms = 0;
    int64_t used_ms = 0;
    size_t counted = 0;  // its share of partitions_
  };
  using BySize = std::pair<size_t, int32_t>;
  using ByUse = std::pair<int64_t, int32_t>;

  bool make_room(size_t partitions, int64_t now_ms);
  void touch(Held& held, int64_t now_ms);
  void remove(int32_t id);
  void unlist(const Held& held);

  const Limits limits_;
  std::function<uint32_t()> random_;
  std::unordered_map<int32_t, Held> sessions_;
  std::set<ByUse> by_use_;    // the longest unused one first
  std::set<BySize> by_size_;  // of those old enough to be evicted by a larger one
  uint64_t partitions_ = 0;
  uint64_t evictions_ = 0;
};

}  // namespace holdfast::broker
