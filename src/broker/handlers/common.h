#pragma once

#include <string>
#include <string_view>

#include "broker/context.h"
#include "wire/error_code.h"

namespace holdfast::broker {

/// What a client is told of a failure of ours. Failures to append are retriable: nothing was done.
wire::ErrorCode code_for(const Error& error);

/// A topic by name or, in versions that speak of ids, by id.
Topic* find_topic(Context& context, std::string_view name, const TopicId& id, bool by_id);
inline wire::ErrorCode unknown_topic(bool by_id) {
  return by_id ? wire::ErrorCode::unknown_topic_id : wire::ErrorCode::unknown_topic_or_partition;
}

/// What a client may do, as bits of Kafka's AclOperation: everything, since nobody is asked.
inline constexpr int32_t operations_on_topic = 3576;
inline constexpr int32_t operations_on_cluster = 8096;

/// Old versions of the transaction APIs know INVALID_PRODUCER_EPOCH only.
inline wire::ErrorCode before_producer_fenced(wire::ErrorCode code) {
  return code == wire::ErrorCode::producer_fenced ? wire::ErrorCode::invalid_producer_epoch : code;
}

/// Whether the leader epoch that a client knows (-1: none) can be ours.
wire::ErrorCode check_leader_epoch(int32_t current_leader_epoch);

/// Creates a topic. `partitions` -1: the default. The configs must have been judged.
struct NewTopic {
  std::string name;
  int32_t partitions = -1;
  ConfigMap config;
};
struct Refusal {
  wire::ErrorCode code = wire::ErrorCode::none;
  std::string message;
  explicit operator bool() const { return code != wire::ErrorCode::none; }
};
/// What speaks against it; nothing is changed.
Refusal judge(Context& context, const NewTopic& topic);
/// Judges and creates.
Refusal create(Context& context, const NewTopic& topic);

}  // namespace holdfast::broker
