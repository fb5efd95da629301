#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace holdfast {

/// A number with a meaning: two kinds of id cannot be mixed up, and none turns into a bare number unasked.
template <class Tag, class Number>
struct Id {
  Number value{};
  auto operator<=>(const Id&) const = default;
};

}  // namespace holdfast

template <class Tag, class Number>
struct std::hash<holdfast::Id<Tag, Number>> {
  size_t operator()(const holdfast::Id<Tag, Number>& id) const noexcept { return std::hash<Number>{}(id.value); }
};
