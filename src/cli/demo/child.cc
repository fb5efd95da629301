#include "cli/demo/child.h"

#include <algorithm>
#include <csignal>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/os/clock.h"

namespace holdfast::cli::demo {
namespace {

/// Takes a progress line in. What was reported before stays where the line says nothing: a process
/// that has just started does not know yet how far its predecessor came.
void take(Reported& reported, const std::string& line) {
  const auto json = nlohmann::json::parse(line, nullptr, false);
  if (!json.is_object()) return;
  int64_t captured = 0, shipped = 0, delivered = 0;
  bool done = true;
  for (const auto& source : json.value("sources", nlohmann::json::array())) {
    captured += source.value("captured", int64_t{0});
    shipped += source.value("shipped", int64_t{0});
    done = done && source.value("done", false);
  }
  for (const auto& pipeline : json.value("pipelines", nlohmann::json::array())) {
    delivered += pipeline.value("delivered", int64_t{0});
  }
  reported.captured = std::max(reported.captured, captured);
  reported.shipped = std::max(reported.shipped, shipped);
  reported.delivered = std::max(reported.delivered, delivered);
  reported.sources_done = done && captured > 0;
}

}  // namespace

Status Child::start() {
  process_ = HOLDFAST_TRY(os::Process::start(settings_));
  heard_ = false;
  return {};
}

Result<std::string> Child::wait_until_ready(int64_t timeout_ms) {
  const auto line = process_->read_line(timeout_ms);
  if (line && line->starts_with("ready ")) return line->substr(6);
  if (const auto code = process_->wait(1'000)) return std::unexpected(ended_badly(*code).error());
  return fail(ErrorCode::timeout, fmt::format("the {} is not ready after {} s; see {}", role_,
                                              timeout_ms / 1000, settings_.error_file));
}

Status Child::look() {
  if (const auto line = process_->last_line()) {
    take(reported_, *line);
    heard_ = true;
  }
  if (const auto code = process_->ended()) return ended_badly(*code);
  return {};
}

Status Child::kill() {
  process_->signal(SIGKILL);
  const auto code = process_->wait(10'000);
  if (!code) return fail(ErrorCode::timeout, fmt::format("the {} does not die of SIGKILL", role_));
  if (*code != -SIGKILL) return ended_badly(*code);  // it had ended by itself, and that is no kill
  plan_.killed();
  return {};
}

Status Child::stop(int64_t timeout_ms) {
  process_->signal(SIGTERM);
  return finish(timeout_ms);
}

Status Child::finish(int64_t timeout_ms) {
  // Its output is read meanwhile: a full pipe would hold it up.
  const int64_t deadline_ms = os::real_clock().steady_ms() + timeout_ms;
  std::optional<int> code;
  while (!(code = process_->wait(20)) && os::real_clock().steady_ms() < deadline_ms) {
    if (const auto line = process_->last_line()) take(reported_, *line);
  }
  if (!code) {
    return fail(ErrorCode::timeout, fmt::format("the {} has not ended after {} s; see {}", role_,
                                                timeout_ms / 1000, settings_.error_file));
  }
  if (const auto line = process_->last_line()) take(reported_, *line);
  return *code == 0 ? Status() : ended_badly(*code);
}

Status Child::ended_badly(int code) const {
  return fail(ErrorCode::io, fmt::format("the {} ended {}; see {}", role_,
                                         code < 0 ? fmt::format("by signal {}", -code)
                                                  : fmt::format("with {}", code),
                                         settings_.error_file));
}

}  // namespace holdfast::cli::demo
