#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "wire/api.h"
#include "wire/error_code.h"
#include "wire/gather.h"
#include "wire/header.h"
#include "wire/types.h"

/// How a message is described and what one can do with it. A message is a struct with
///
///     static constexpr const ApiSpec& api = fetch_api;
///     static void describe(auto& codec, auto& m) {
///       codec.field(m.max_wait_ms);                       // in every version
///       codec.field(m.max_bytes, since(3));               // from version 3 on; absent: keeps its
///       initial value codec.field(m.replica_id, since(0).until(14)); codec.field(m.name,
///       nullable_since(10));          // std::optional: null is an error before version 10
///       codec.tagged(0, m.cluster_id, since(12));         // in the tag buffer, if it is not T{}
///       (or the 4th argument)
///     }
///
/// with one field a line, in the order of the bytes. Codecs (wire/codec.h) are instantiated in the
/// .cc beside each message, so that including a message costs no template.
///
/// Ownership: requests hold views (std::string_view, ByteView) into the bytes they were decoded
/// from, and are good as long as those. Responses own their strings and bytes; only RecordParts are
/// views.
namespace holdfast::wire {

/// Reads a body (what follows the header). Fails with `invalid` on anything malformed: truncated, a
/// negative or too large length, null where none may be, more elements than `decode_memory_limit`
/// holds; or on a version outside `M::api`. Bytes after the message are ignored, as Kafka does,
/// unless `rest` asks how many there are.
template <class M>
Result<M> decode(ByteView body, int16_t version, size_t* rest = nullptr);

/// What `encode` would give, in bytes.
template <class M>
size_t encoded_size(const M& message, int16_t version);

/// The bytes of the message after those of `prefix`. `framed`: the first four bytes of the prefix
/// are set to the size of all that follows them. A string beyond 32767 bytes is cut there (only
/// error texts can be that long), a null where the version has none becomes an empty value;
/// encoding cannot fail.
template <class M>
Gather encode(const M& message, int16_t version, ByteView prefix = {}, bool framed = false);

/// A whole response frame: size, response header, body.
template <class M>
Gather encode_response(const M& message, int16_t version, int32_t correlation_id) {
  ResponsePrefix prefix(M::api, version, correlation_id);
  return encode(message, version, prefix.bytes(), true);
}

/// A whole request frame: size, request header, body.
template <class M>
Gather encode_request(const M& message, int16_t version, int32_t correlation_id,
                      std::optional<std::string_view> client_id) {
  ByteBuffer prefix = request_prefix(M::api, version, correlation_id, client_id);
  return encode(message, version, prefix, true);
}

/// Bound on the memory that the arrays of one decoded message may take, whatever the bytes say.
inline constexpr size_t decode_memory_limit = size_t{64} << 20;

}  // namespace holdfast::wire
