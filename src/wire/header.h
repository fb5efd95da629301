#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "wire/api.h"

namespace holdfast::wire {

/// Requests larger than this are refused unless a setting says otherwise (Kafka's
/// socket.request.max.bytes).
inline constexpr size_t largest_request = 100 * 1024 * 1024;

/// The size in front of a frame, once its four bytes are there: how many bytes follow. Fails with
/// `invalid` if negative or too short to hold a header, with `limit` if above `largest`; the stream
/// cannot be resynchronised then, so close it.
Result<size_t> frame_size(ByteView four_bytes, size_t largest = largest_request);

/// Request header 1 or 2, in front of every request.
struct RequestHeader {
  enum class Verdict {
    known,                // api is set, body can be decoded
    unknown_api,          // no such key here: close the connection, as Kafka does
    unsupported_version,  // api is set; if it is ApiVersions, answer in its version 0, else close
                          // the connection
  };

  Verdict verdict = Verdict::unknown_api;
  const ApiSpec* api = nullptr;
  int16_t api_key = 0;
  int16_t api_version = 0;
  int32_t correlation_id = 0;
  std::optional<std::string_view> client_id;  // view into the frame; only if known
  ByteView body;                              // only if known
};

/// Reads the header of a frame (without its size). Fails with `invalid` if it is malformed.
Result<RequestHeader> decode_request_header(ByteView frame);

/// Response header 0 or 1.
struct ResponseHeader {
  int32_t correlation_id = 0;
  ByteView body;
};
Result<ResponseHeader> decode_response_header(const ApiSpec& api, int16_t version, ByteView frame);

/// Four bytes for the size, then the response header, without an allocation.
class ResponsePrefix {
 public:
  ResponsePrefix(const ApiSpec& api, int16_t version, int32_t correlation_id);
  ByteView bytes() const { return {bytes_.data(), size_}; }

 private:
  std::array<std::byte, 9> bytes_{};
  size_t size_ = 8;
};

/// Four bytes for the size, then the request header.
ByteBuffer request_prefix(const ApiSpec& api, int16_t version, int32_t correlation_id,
                          std::optional<std::string_view> client_id);

}  // namespace holdfast::wire
