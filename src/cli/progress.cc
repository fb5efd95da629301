#include "cli/progress.h"

#include <algorithm>
#include <fmt/format.h>

#include "base/json_writer.h"
#include "cli/output.h"

namespace holdfast::cli {

std::string progress_line(const control::ServiceProgress& progress) {
  int64_t captured = 0, shipped = 0, rejected = 0, delivered = 0, lag = 0;
  std::string trouble = progress.shipping;
  for (const auto& source : progress.sources) {
    captured += source.captured;
    shipped += source.shipped;
    rejected += source.rejected;
    if (!source.trouble.empty()) trouble = source.name + ": " + source.trouble;
  }
  for (const auto& pipeline : progress.pipelines) {
    delivered += pipeline.delivered;
    lag += pipeline.lag;
    rejected += static_cast<int64_t>(pipeline.rejected);
    if (!pipeline.message.empty()) trouble = pipeline.name + ": " + pipeline.message;
  }
  std::string line;
  if (!progress.sources.empty())
    line += fmt::format("captured {}  shipped {}  ", grouped(captured), grouped(shipped));
  if (!progress.pipelines.empty())
    line += fmt::format("delivered {}  behind {}  ", grouped(delivered), grouped(lag));
  if (rejected > 0) line += fmt::format("refused {}  ", grouped(rejected));
  if (progress.spool_bytes > 0)
    line += fmt::format("spool {}  ", readable_bytes(progress.spool_bytes));
  if (!trouble.empty()) line += "| " + trouble;
  while (line.ends_with(' ')) line.pop_back();
  return line;
}

std::string progress_json(const control::ServiceProgress& progress) {
  JsonWriter json;
  json.begin_object().member("broker", progress.broker).member("spool_bytes", progress.spool_bytes);
  json.member("shipping", progress.shipping).key("sources").begin_array();
  for (const auto& source : progress.sources) {
    json.begin_object()
        .member("name", source.name)
        .member("state", source.state)
        .member("trouble", source.trouble);
    json.member("captured", source.captured).member("shipped", source.shipped);
    json.member("rejected", source.rejected).member("done", source.done).end_object();
  }
  json.end_array().key("pipelines").begin_array();
  for (const auto& pipeline : progress.pipelines) {
    json.begin_object()
        .member("name", pipeline.name)
        .member("store", pipeline.store)
        .member("state", pipeline.state);
    json.member("message", pipeline.message)
        .member("delivered", pipeline.delivered)
        .member("lag", pipeline.lag);
    json.member("superseded", pipeline.superseded).member("filtered", pipeline.filtered);
    json.member("rejected", pipeline.rejected).member("done", pipeline.done).end_object();
  }
  return json.end_array().member("done", progress.done()).end_object().take();
}

std::string bar(double share, size_t width) {
  const auto full = static_cast<size_t>(std::clamp(share, 0.0, 1.0) * static_cast<double>(width));
  return std::string(full, '#') + std::string(width - full, '-');
}

}  // namespace holdfast::cli
