#include "wire/messages/api_versions.h"

#include "broker/api_table.h"
#include "broker/context.h"
#include "broker/handlers/handlers.h"

namespace holdfast::broker {
namespace {

wire::ApiVersionsResponse all_versions() {
  wire::ApiVersionsResponse response;
  for (const ServedApi& api : served_apis()) {
    response.api_keys.push_back(
        {static_cast<int16_t>(api.spec->key), api.versions.min, api.versions.max});
  }
  return response;
}

}  // namespace

/// ApiVersions: what we speak. Clients speak TV2 (KIP-890) because the feature says so.
void handle(const wire::ApiVersionsRequest&, Context& context) {
  wire::ApiVersionsResponse response = all_versions();
  response.finalized_features_epoch = 0;
  // Before version 4 clients do not expect a feature that may be off (version 0; KAFKA-17011).
  if (context.version() >= 4) response.supported_features.push_back({"transaction.version", 0, 2});
  response.finalized_features.push_back({"transaction.version", 2, 2});
  context.reply_now(response);
}

void refuse_api_versions(Context& context) {
  wire::ApiVersionsResponse response = all_versions();
  response.error_code = wire::ErrorCode::unsupported_version;
  context.core.answer(context.ticket,
                      {wire::encode_response(response, 0, context.ticket.correlation_id), {}});
}

}  // namespace holdfast::broker
