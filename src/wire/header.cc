#include "wire/header.h"

#include <string>

#include "base/check.h"
#include "wire/reader.h"

namespace holdfast::wire {
namespace {

/// Key, version and correlation id: the same in every request header.
constexpr size_t least_header = 8;

std::unexpected<Error> malformed(const char* what, const char* problem) {
  return fail(holdfast::ErrorCode::invalid, std::string(what) + " " + problem);
}

}  // namespace

Result<size_t> frame_size(ByteView four_bytes, size_t largest) {
  HOLDFAST_CHECK(four_bytes.size() >= 4);
  auto size = load_be<int32_t>(four_bytes.data());
  if (size < static_cast<int32_t>(least_header)) {
    return fail(holdfast::ErrorCode::invalid,
                "request of " + std::to_string(size) + " bytes: not Kafka's protocol");
  }
  if (static_cast<size_t>(size) > largest) {
    return fail(holdfast::ErrorCode::limit, "request of " + std::to_string(size) +
                                                " bytes is above the limit of " +
                                                std::to_string(largest));
  }
  return static_cast<size_t>(size);
}

Result<RequestHeader> decode_request_header(ByteView frame) {
  RequestHeader header;
  Reader reader(frame, 0, false);
  header.api_key = reader.read_number<int16_t>();
  header.api_version = reader.read_number<int16_t>();
  header.correlation_id = reader.read_number<int32_t>();
  if (!reader.ok()) return malformed("request header", reader.problem());
  header.api = find_api(header.api_key);
  if (!header.api) return header;
  if (!header.api->versions.contains(header.api_version)) {
    header.verdict = RequestHeader::Verdict::unsupported_version;
    return header;
  }
  header.verdict = RequestHeader::Verdict::known;
  header.client_id = reader.read_text(true, false);  // never compact, also in header 2
  if (header.api->flexible(header.api_version)) reader.skip_tags();
  if (!reader.ok()) return malformed("request header", reader.problem());
  header.body = frame.last(reader.left());
  return header;
}

Result<ResponseHeader> decode_response_header(const ApiSpec& api, int16_t version, ByteView frame) {
  Reader reader(frame, 0, false);
  ResponseHeader header{.correlation_id = reader.read_number<int32_t>(), .body = {}};
  if (api.response_header_flexible(version)) reader.skip_tags();
  if (!reader.ok()) return malformed("response header", reader.problem());
  header.body = frame.last(reader.left());
  return header;
}

ResponsePrefix::ResponsePrefix(const ApiSpec& api, int16_t version, int32_t correlation_id) {
  store_be(bytes_.data() + 4, correlation_id);
  if (api.response_header_flexible(version)) ++size_;  // no tags: one zero byte
}

ByteBuffer request_prefix(const ApiSpec& api, int16_t version, int32_t correlation_id,
                          std::optional<std::string_view> client_id) {
  std::string_view id = client_id.value_or("").substr(0, longest_text);
  ByteBuffer prefix(14);
  store_be(prefix.data() + 4, static_cast<int16_t>(api.key));
  store_be(prefix.data() + 6, version);
  store_be(prefix.data() + 8, correlation_id);
  store_be(prefix.data() + 12, client_id ? static_cast<int16_t>(id.size()) : int16_t{-1});
  append(prefix, as_bytes(id));
  if (api.flexible(version)) prefix.push_back(std::byte{0});
  return prefix;
}

}  // namespace holdfast::wire
