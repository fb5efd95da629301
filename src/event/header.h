#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace holdfast::event {

/// One Kafka header. Views belong to the message (or to the scratch that formatted them). No value
/// is Kafka's null.
struct Header {
  std::string_view name;
  std::optional<std::string_view> value;
};

using Headers = std::span<const Header>;

/// The last header of that name, as Kafka's own `lastHeader` has it; nullptr when there is none.
const Header* find(Headers headers, std::string_view name);

}  // namespace holdfast::event
