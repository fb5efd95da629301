#include <nlohmann/json.hpp>

#include "event/failure_record.h"

namespace holdfast::event {
namespace {

bool is_utf8(const std::string& text) {
  try {
    static_cast<void>(nlohmann::json(text).dump());
    return true;
  } catch (const nlohmann::json::exception&) {
    return false;
  }
}

std::string base64(std::string_view bytes) {
  static constexpr char digits[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t group = 0;
    const size_t count = std::min<size_t>(3, bytes.size() - i);
    for (size_t j = 0; j < 3; ++j)
      group = group << 8 | (j < count ? static_cast<uint8_t>(bytes[i + j]) : 0u);
    for (size_t j = 0; j < 4; ++j) text += j <= count ? digits[group >> (18 - 6 * j) & 63] : '=';
  }
  return text;
}

void put_payload(nlohmann::ordered_json& json, const char* name,
                 std::optional<std::string_view> bytes) {
  if (!bytes) {
    json[name] = nullptr;
  } else if (const std::string text(*bytes); is_utf8(text)) {
    json[name] = text;
  } else {
    json[std::string(name) + "_base64"] = base64(*bytes);
  }
}

std::string time_text(int64_t time_us) {
  std::array<char, 32> buffer;
  return std::string(format_time(time_us, buffer));
}

}  // namespace

std::string to_json(const FailureRecord& record, bool with_payload) {
  nlohmann::ordered_json json;
  json["kind"] = name(record.kind);
  json["stage"] = name(record.stage);
  json["store"] = record.store;
  if (!record.pipeline.empty()) json["pipeline"] = record.pipeline;
  if (!record.datacenter.empty()) json["datacenter"] = record.datacenter;
  if (!record.tables.empty()) json["tables"] = record.tables;
  json["source"] = record.event.stamp.source;
  json["epoch"] = record.event.stamp.epoch;
  json["sequence"] = record.event.stamp.sequence;
  json["version"] = record.event.version;
  json["time"] = time_text(record.event.time_us);
  json["cause_code"] = record.cause_code;
  json["cause"] = record.cause;
  json["first_failure"] = time_text(record.first_failure_us);
  json["last_failure"] = time_text(record.last_failure_us);
  json["attempts"] = record.attempts;
  if (record.origin.partition >= 0) {
    json["origin"] = {{"topic", record.origin.topic},
                      {"partition", record.origin.partition},
                      {"offset", record.origin.offset}};
  }
  if (!record.file.empty()) json["origin"] = {{"file", record.file}, {"line", record.line}};
  if (with_payload) {
    put_payload(json, "key", record.event.key);
    put_payload(json, "value", record.event.value);
  }
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace holdfast::event
