#include "wire/messages/metadata.h"

#include <algorithm>

#include "broker/context.h"
#include "broker/handlers/common.h"
#include "broker/handlers/handlers.h"

namespace holdfast::broker {
namespace {

using wire::MetadataResponse;

MetadataResponse::Topic describe(const Topic& topic, int32_t node_id) {
  MetadataResponse::Topic described;
  described.name = topic.name;
  described.topic_id = topic.id;
  described.is_internal = topic_internal(topic.name);
  described.partitions.reserve(topic.partitions.size());
  for (const auto& partition : topic.partitions) {
    described.partitions.push_back({.partition_index = partition->index,
                                    .leader_id = node_id,
                                    .leader_epoch = leader_epoch,
                                    .replica_nodes = {node_id},
                                    .isr_nodes = {node_id},
                                    .offline_replicas = {}});
  }
  return described;
}

MetadataResponse::Topic look_up(const wire::MetadataRequest::Topic& wanted, bool may_create,
                                Context& context) {
  const int32_t node_id = context.settings().node_id;
  MetadataResponse::Topic answer;
  answer.name = wanted.name;
  answer.topic_id = wanted.topic_id;
  if (!wanted.name || !wanted.topic_id.is_zero()) {  // an id counts for more than a name
    if (const Topic* topic = context.state().topic(wanted.topic_id))
      return describe(*topic, node_id);
    answer.name.reset();
    answer.error_code = wire::ErrorCode::unknown_topic_id;
    return answer;
  }
  if (!topic_name_valid(*wanted.name)) {
    answer.error_code = wire::ErrorCode::invalid_topic_exception;
    return answer;
  }
  if (!context.state().topic(*wanted.name)) {
    answer.error_code = wire::ErrorCode::unknown_topic_or_partition;
    if (may_create) {
      const Refusal refusal = create(context, {.name = std::string(*wanted.name), .config = {}});
      // Clients ask again soon after the one, but know the other from produce only.
      answer.error_code = refusal.code == wire::ErrorCode::kafka_storage_error
                              ? wire::ErrorCode::leader_not_available
                              : refusal.code;
      if (refusal.code == wire::ErrorCode::invalid_request)  // Kafka's own topics
        answer.error_code = wire::ErrorCode::unknown_topic_or_partition;
    }
  }
  if (const Topic* topic = context.state().topic(*wanted.name)) return describe(*topic, node_id);
  return answer;
}

/// Ids are in the requests before version 12, too, but there was no answering them yet (KIP-516).
bool asks_for_ids_too_soon(const wire::MetadataRequest& request, int16_t version) {
  return version < 12 && request.topics &&
         std::any_of(
             request.topics->begin(), request.topics->end(),
             [](const auto& topic) { return !topic.name || !topic.topic_id.is_zero(); });
}

MetadataResponse refuse_all(const wire::MetadataRequest& request) {
  MetadataResponse response;
  response.controller_id = -1;
  for (const auto& wanted : *request.topics) {
    auto& answer = response.topics.emplace_back();
    answer.name = wanted.name.value_or("");
    answer.topic_id = wanted.topic_id;
    answer.error_code = wire::ErrorCode::invalid_request;
  }
  return response;
}

}  // namespace

/// Metadata: who serves what. A topic that is asked for by name and does not exist is created if
/// settings and client agree; it is answered as there, since it can be used at once.
void handle(const wire::MetadataRequest& request, Context& context) {
  if (asks_for_ids_too_soon(request, context.version())) return context.reply(refuse_all(request));
  MetadataResponse response;
  const int32_t node_id = context.settings().node_id;
  const os::Address& address = context.core.address();
  response.brokers.push_back(
      {.node_id = node_id, .host = address.host, .port = address.port, .rack = {}});
  response.cluster_id = context.state().cluster_id();
  response.controller_id = node_id;
  const bool all = !request.topics || (context.version() == 0 && request.topics->empty());
  const bool may_create = context.settings().auto_create_topics &&
                          (context.version() < 4 || request.allow_auto_topic_creation);
  if (all) {
    for (const auto& [name, topic] : context.state().topics())
      response.topics.push_back(describe(*topic, node_id));
  } else {
    for (const auto& wanted : *request.topics)
      response.topics.push_back(look_up(wanted, may_create, context));
  }
  if (request.include_topic_authorized_operations) {
    for (auto& topic : response.topics) {
      if (topic.error_code == wire::ErrorCode::none)
        topic.topic_authorized_operations = operations_on_topic;
    }
  }
  if (request.include_cluster_authorized_operations)
    response.cluster_authorized_operations = operations_on_cluster;
  context.reply(response);
}

}  // namespace holdfast::broker
