#include "wire/messages/api_versions.h"

#include <algorithm>

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

/// As KIP-511 wants names and versions of software: letters and digits, '-' and '.' within.
bool software_valid(std::string_view text) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  return !text.empty() && plain(text.front()) && plain(text.back()) &&
         std::all_of(text.begin(), text.end(),
                     [&](char c) { return plain(c) || c == '-' || c == '.'; });
}

}  // namespace

/// ApiVersions: what we speak. Clients speak TV2 (KIP-890) because the feature says so.
void handle(const wire::ApiVersionsRequest& request, Context& context) {
  if (context.version() >= 3 && !(software_valid(request.client_software_name) &&
                                  software_valid(request.client_software_version))) {
    wire::ApiVersionsResponse refusal;
    refusal.error_code = wire::ErrorCode::invalid_request;
    return context.reply_now(refusal);
  }
  wire::ApiVersionsResponse response = all_versions();
  response.finalized_features_epoch = 0;
  // Tools tell a cluster's release by metadata.version: what is answered here is 4.3's (level 30).
  response.supported_features.push_back({"metadata.version", 7, 30});
  response.finalized_features.push_back({"metadata.version", 30, 30});
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
