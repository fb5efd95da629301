#include "base/log_line.h"

#include <atomic>

#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "base/json_writer.h"
#include "base/log_output.h"

namespace holdfast {
namespace {

constexpr const char* usual_pattern = "%Y-%m-%dT%H:%M:%S.%eZ %l %v";
std::atomic<bool> as_json = false;

spdlog::logger& logger() {
  static spdlog::logger instance = [] {
    spdlog::logger made("holdfast", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made.set_pattern(usual_pattern, spdlog::pattern_time_type::utc);
    made.set_level(spdlog::level::info);
    made.flush_on(spdlog::level::debug);
    return made;
  }();
  return instance;
}

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::debug: return spdlog::level::debug;
    case LogLevel::info: return spdlog::level::info;
    case LogLevel::warning: return spdlog::level::warn;
    case LogLevel::error: return spdlog::level::err;
    case LogLevel::off: return spdlog::level::off;
  }
  return spdlog::level::info;
}

}  // namespace

void log_line(LogLevel level, std::string_view component, std::string_view text) {
  if (!as_json.load(std::memory_order_relaxed))
    return logger().log(to_spdlog(level), "{}: {}", component, text);
  // The time and the level are the pattern's, in front.
  JsonWriter json;
  json.begin_object().member("component", component).member("message", text).end_object();
  logger().log(to_spdlog(level), "{}", std::string_view(json.text()).substr(1));
}

void set_log_level(LogLevel least) { logger().set_level(to_spdlog(least)); }

Status set_log_output(const LogOutput& output) {
  try {
    if (!output.file.empty())
      logger().sinks() = {std::make_shared<spdlog::sinks::rotating_file_sink_mt>(output.file, output.bytes_max,
                                                                                 output.files_max)};
  } catch (const spdlog::spdlog_ex& error) {
    return fail(ErrorCode::io, "log file: " + std::string(error.what()));
  }
  as_json = output.json;
  const std::string text = output.pattern.empty() ? usual_pattern : output.pattern;
  logger().set_pattern(output.json ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v)" : text,
                       spdlog::pattern_time_type::utc);
  set_log_level(output.level);
  return {};
}

}  // namespace holdfast
