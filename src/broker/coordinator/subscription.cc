#include "broker/coordinator/subscription.h"

#include <cstdint>

#include "base/bytes.h"

namespace holdfast::broker::coordinator {
namespace {

/// Takes a big-endian number off the front.
template <class T>
std::optional<T> take(std::string_view& from) {
  if (from.size() < sizeof(T)) return std::nullopt;
  const T value = load_be<T>(as_bytes(from).data());
  from.remove_prefix(sizeof(T));
  return value;
}

}  // namespace

// Version, then an array of topic names; whatever later versions add comes behind.
std::optional<bool> subscription_names(std::string_view metadata, std::string_view topic) {
  if (!take<int16_t>(metadata)) return std::nullopt;
  const auto count = take<int32_t>(metadata);
  if (!count || *count < 0) return std::nullopt;
  for (int32_t i = 0; i < *count; ++i) {
    const auto length = take<int16_t>(metadata);
    if (!length || *length < 0 || metadata.size() < static_cast<size_t>(*length))
      return std::nullopt;
    if (metadata.substr(0, static_cast<size_t>(*length)) == topic) return true;
    metadata.remove_prefix(static_cast<size_t>(*length));
  }
  return false;
}

}  // namespace holdfast::broker::coordinator
