#pragma once

#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/bytes.h"
#include "wire/types.h"

/// The kinds of values that fields may have, as the codecs tell them apart.
namespace holdfast::wire {

template <class T>
concept Number = std::integral<T> || std::is_enum_v<T>;
template <class T>
concept Text = std::same_as<T, std::string> || std::same_as<T, std::string_view>;
template <class T>
concept Blob = std::same_as<T, ByteBuffer> || std::same_as<T, ByteView>;

template <class T>
inline constexpr bool is_array = false;
template <class T>
inline constexpr bool is_array<std::vector<T>> = !std::same_as<T, std::byte>;
template <class T>
concept Array = is_array<T>;

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;
template <class T>
concept Optional = is_optional<T>;

template <class T>
concept Struct = std::is_class_v<T> && !Text<T> && !Blob<T> && !Array<T> && !Optional<T> &&
                 !std::same_as<T, Uuid> && !std::same_as<T, RecordParts>;

/// No version at all: switches plain fields off while the tags are handled.
inline constexpr int no_version = -1;

/// The longest string that Kafka takes.
inline constexpr size_t longest_text = INT16_MAX;

}  // namespace holdfast::wire
