#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "settings/load.h"

/// Any bytes as a configuration: no crash, no exception, and every fault says something.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace holdfast::settings;
  const Environment environment = [](const std::string& name) -> std::optional<std::string> {
    if (name.size() % 2 == 0) return name;
    return std::nullopt;
  };
  const Loaded loaded =
      load_text(std::string_view(reinterpret_cast<const char*>(data), size), "fuzz", environment);
  for (const Fault& fault : loaded.faults) {
    if (fault.message.empty()) std::abort();
  }
  return 0;
}
