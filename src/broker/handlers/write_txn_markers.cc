#include "wire/messages/write_txn_markers.h"

#include "broker/context.h"
#include "broker/handlers/handlers.h"

namespace holdfast::broker {

/// WriteTxnMarkers: brokers ask it of each other, and there is no other broker. Nobody else may end
/// a transaction past its coordinator: where log and coordinator are one process, none can hang.
void handle(const wire::WriteTxnMarkersRequest& request, Context& context) {
  wire::WriteTxnMarkersResponse response;
  for (const auto& marker : request.markers) {
    auto& refused = response.markers.emplace_back();
    refused.producer_id = marker.producer_id;
    for (const auto& topic : marker.topics) {
      auto& answers = refused.topics.emplace_back();
      answers.name = topic.name;
      for (const int32_t partition : topic.partition_indexes)
        answers.partitions.push_back({partition, wire::ErrorCode::cluster_authorization_failed});
    }
  }
  context.reply_now(response);
}

}  // namespace holdfast::broker
