#include "base/fault.h"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace holdfast::fault {
namespace {
std::string armed_point;
std::atomic<long> passes_left = 0;
int signal_to_raise = SIGKILL;
}  // namespace

namespace detail {
std::atomic<bool> armed = false;

void reached(const char* point) {
  if (armed_point != point || passes_left.fetch_sub(1) != 1) return;
  std::fprintf(stderr, "fault point %s reached: %s this process as HOLDFAST_FAULT asks\n", point,
               signal_to_raise == SIGKILL ? "killing" : "stopping");
  std::raise(signal_to_raise);
}
}  // namespace detail

void arm_from_environment() {
  const char* setting = std::getenv("HOLDFAST_FAULT");
  if (setting == nullptr) return;
  const std::string_view text = setting;
  const size_t colon = text.rfind(':');
  armed_point = text.substr(0, colon);
  passes_left = colon == std::string_view::npos ? 1 : std::atol(setting + colon + 1);
  const char* action = std::getenv("HOLDFAST_FAULT_ACTION");
  if (action != nullptr && std::string_view(action) == "stop") signal_to_raise = SIGSTOP;
  detail::armed = true;
}

}  // namespace holdfast::fault
