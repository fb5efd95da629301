#pragma once

#include <compare>
#include <cstdint>
#include <list>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "wire/messages/fetch.h"

namespace holdfast::broker {

/// What is wanted of one topic, which is named by its name or by its id.
struct FetchTopic {
  std::string name;
  wire::Uuid id;
  std::vector<wire::FetchRequest::Topic::Partition> partitions;
};

/// What one client fetches, remembered between its requests (KIP-227): a request then names only
/// what has changed, an answer only what is new. A pure object: no clock, no input or output. The
/// partitions are kept in the order in which they are to be read; those that gave records go to the
/// end, so that each has its turn when answers are full.
///
/// It does not know whether a topic exists: names and ids are looked up at each fetch.
class FetchSession {
 public:
  using Wanted = wire::FetchRequest::Topic::Partition;

  /// A topic by its name or, `by_id`, by its id; the other is empty.
  struct TopicKey {
    std::string name;
    wire::Uuid id;
    auto operator<=>(const TopicKey&) const = default;
  };

  FetchSession(int32_t id, bool by_id, int32_t epoch = 1) : id_(id), by_id_(by_id), epoch_(epoch) {}
  FetchSession(const FetchSession&) = delete;
  FetchSession& operator=(const FetchSession&) = delete;

  int32_t id() const { return id_; }
  bool by_id() const { return by_id_; }
  size_t size() const { return order_.size(); }
  /// Of the next request.
  int32_t epoch() const { return epoch_; }
  void next_epoch() { epoch_ = epoch_ == INT32_MAX ? 1 : epoch_ + 1; }

  /// Adds partitions, or changes what is wanted of them.
  void want(std::string_view topic, const wire::Uuid& id, std::span<const Wanted> partitions);
  void forget(std::string_view topic, const wire::Uuid& id, std::span<const int32_t> partitions);

  /// Calls `visit(const TopicKey&, const Wanted&)` for each partition, in order.
  template <class Visit>
  void for_each(Visit visit) const {
    for (const Kept& kept : order_) visit(kept.topic->first, kept.wanted());
  }

  /// Remembers a whole answer as told.
  void told(const wire::FetchResponse& response);
  /// Takes out of a whole answer what the client knows already, and remembers the rest as told.
  void keep_news(wire::FetchResponse& response);

 private:
  struct Topic {
    uint32_t partitions = 0;  // that refer to it
  };
  using Topics = std::map<TopicKey, Topic>;

  struct Kept {
    Topics::value_type* topic = nullptr;
    int32_t partition = 0;
    int32_t current_leader_epoch = -1;
    int64_t fetch_offset = 0;
    int32_t last_fetched_epoch = -1;
    int32_t partition_max_bytes = 0;
    int64_t told_high_watermark = -1;
    int64_t told_log_start = -1;

    Wanted wanted() const;
    void want(const Wanted& wanted);
  };
  using Order = std::list<Kept>;

  struct Key {
    const void* topic;
    int32_t partition;
    bool operator==(const Key&) const = default;
  };
  struct Hash {
    size_t operator()(const Key& key) const {
      return std::hash<const void*>()(key.topic) * 31 + static_cast<size_t>(key.partition);
    }
  };

  Topics::value_type* find_topic(std::string_view name, const wire::Uuid& id);
  static bool is_news(Kept& kept, const wire::FetchResponse::Topic::Partition& answer);

  const int32_t id_;
  const bool by_id_;
  int32_t epoch_;
  Topics topics_;
  Order order_;
  std::unordered_map<Key, Order::iterator, Hash> places_;
};

}  // namespace holdfast::broker
