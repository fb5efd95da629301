#include "http/client.h"

#include <algorithm>
#include <curl/curl.h>
#include <memory>
#include <mutex>

namespace holdfast::http {
namespace {

struct Receiver {
  ClientAnswer answer;
  uint64_t bytes_max;
};

size_t take_body(char* bytes, size_t, size_t count, void* to) {
  auto& receiver = *static_cast<Receiver*>(to);
  if (receiver.answer.body.size() + count > receiver.bytes_max) return 0;  // ends the transfer
  receiver.answer.body.append(bytes, count);
  return count;
}

size_t take_header(char* bytes, size_t, size_t count, void* to) {
  auto& receiver = *static_cast<Receiver*>(to);
  const std::string_view line(bytes, count);
  const size_t colon = line.find(':');
  if (line.starts_with("HTTP/")) receiver.answer.headers.clear();  // of an interim answer
  if (colon == std::string_view::npos || receiver.answer.headers.size() > 100) return count;
  std::string name(line.substr(0, colon));
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
  std::string_view value = line.substr(colon + 1);
  const auto is_space = [](char c) { return c == ' ' || c == '\r' || c == '\n' || c == '\t'; };
  while (!value.empty() && is_space(value.front())) value.remove_prefix(1);
  while (!value.empty() && is_space(value.back())) value.remove_suffix(1);
  receiver.answer.headers[name] = value;
  return count;
}

ErrorCode code_of(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
    case CURLE_SSL_CONNECT_ERROR:
      return ErrorCode::unavailable;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
      return ErrorCode::invalid;
    case CURLE_WRITE_ERROR:
      return ErrorCode::limit;
    default:
      return ErrorCode::unknown_outcome;
  }
}

}  // namespace

Result<ClientAnswer> send(const ClientRequest& request) {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> handle(curl_easy_init(),
                                                                   curl_easy_cleanup);
  if (!handle) return fail(ErrorCode::limit, "no memory for a request");
  curl_slist* list = nullptr;
  for (const auto& [name, value] : request.headers)
    list = curl_slist_append(list, (name + ": " + value).c_str());
  list = curl_slist_append(list, "Expect:");  // no round trip of its own for large bodies
  const std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> headers(list,
                                                                            curl_slist_free_all);
  Receiver receiver{{}, request.answer_bytes_max};
  char why[CURL_ERROR_SIZE] = "";
  CURL* curl = handle.get();
  curl_easy_setopt(curl, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
  if (!request.body.empty() || request.method == "POST") {
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body.c_str());
  }
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout_ms));
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "holdfast/" HOLDFAST_VERSION);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &receiver);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &receiver);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, why);
  const CURLcode code = curl_easy_perform(curl);
  if (code != CURLE_OK) {
    // A time-out before the connection stood: nothing was sent.
    curl_off_t connected_us = 0;
    curl_easy_getinfo(curl, CURLINFO_PRETRANSFER_TIME_T, &connected_us);
    const bool never_sent = code == CURLE_OPERATION_TIMEDOUT && connected_us == 0;
    return fail(never_sent ? ErrorCode::unavailable : code_of(code),
                why[0] == '\0' ? curl_easy_strerror(code) : why);
  }
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  receiver.answer.status = static_cast<int>(status);
  return std::move(receiver.answer);
}

}  // namespace holdfast::http
