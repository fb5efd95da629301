#include "wire/api.h"

#include <algorithm>
#include <array>

#include "wire/all_messages.h"

namespace holdfast::wire {
namespace {

template <class... Apis>
constexpr auto specs_of(ApiList<Apis...>) {
  return std::array{Apis::spec...};
}

constexpr auto specs = specs_of(AllApis{});
static_assert(std::ranges::is_sorted(specs, {}, &ApiSpec::key));

}  // namespace

std::span<const ApiSpec> all_apis() {
  return specs;
}

const ApiSpec* find_api(int16_t key) {
  auto found = std::ranges::lower_bound(specs, ApiKey{key}, {}, &ApiSpec::key);
  return found != specs.end() && found->key == ApiKey{key} ? &*found : nullptr;
}

}  // namespace holdfast::wire
