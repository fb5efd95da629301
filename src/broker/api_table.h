#pragma once

#include <span>
#include <string>

#include "base/bytes.h"
#include "wire/api.h"

namespace holdfast::broker {

class Context;

/// One API that this broker serves.
struct ServedApi {
  const wire::ApiSpec* spec = nullptr;
  wire::VersionRange versions;  // advertised and served
  void (*serve)(Context& context, ByteView body) = nullptr;
  const char* what = "";  // for the table in the documentation
};

/// The one list that dispatch, the ApiVersions answer and the documentation are made from; by
/// rising key.
std::span<const ServedApi> served_apis();
/// Null if it is not served.
const ServedApi* find_served_api(int16_t key);

/// Answers a version of ApiVersions that we do not know.
void refuse_api_versions(Context& context);

/// The table of docs/reference/broker-apis.md.
std::string served_apis_markdown();

}  // namespace holdfast::broker
