#include "wire/messages/describe_cluster.h"

#include "broker/context.h"
#include "broker/handlers/common.h"
#include "broker/handlers/handlers.h"

namespace holdfast::broker {

/// DescribeCluster: this broker, which is its own controller.
void handle(const wire::DescribeClusterRequest& request, Context& context) {
  wire::DescribeClusterResponse response;
  if (request.endpoint_type != 1) {
    response.error_code = request.endpoint_type == 2 ? wire::ErrorCode::mismatched_endpoint_type
                                                     : wire::ErrorCode::unsupported_endpoint_type;
    response.error_message = "this is a broker";
    return context.reply(response);
  }
  if (request.include_cluster_authorized_operations)
    response.cluster_authorized_operations = operations_on_cluster;
  response.cluster_id = context.state().cluster_id();
  response.controller_id = context.settings().node_id;
  response.brokers.push_back({.broker_id = context.settings().node_id,
                              .host = context.core.address().host,
                              .port = context.core.address().port,
                              .rack = {}});
  context.reply(response);
}

}  // namespace holdfast::broker
