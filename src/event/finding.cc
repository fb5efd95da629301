#include "event/finding.h"

#include <array>
#include <nlohmann/json.hpp>

namespace holdfast::event {

const char* name(FindingKind kind) {
  switch (kind) {
    case FindingKind::lost:
      return "lost";
    case FindingKind::doubled:
      return "doubled";
    case FindingKind::unknown:
      return "unknown";
  }
  return "?";
}

std::string to_json(const Finding& finding) {
  nlohmann::ordered_json json;
  json["kind"] = name(finding.kind);
  json["source"] = finding.source;
  json["epoch"] = finding.epoch;
  json["first"] = finding.sequences.first;
  json["last"] = finding.sequences.last;
  json["count"] = finding.sequences.size();
  json["where"] = finding.where;
  json["note"] = finding.note;
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Result<Finding> parse_finding(std::string_view text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) return fail(ErrorCode::invalid, "a finding is not a JSON object");
  Finding finding;
  try {
    const std::string kind = json.at("kind");
    bool known = false;
    for (const auto candidate : {FindingKind::lost, FindingKind::doubled, FindingKind::unknown}) {
      if (kind != name(candidate)) continue;
      finding.kind = candidate;
      known = true;
    }
    if (!known) return fail(ErrorCode::invalid, "a finding of unknown kind \"" + kind + "\"");
    finding.source = json.at("source");
    finding.epoch = json.at("epoch");
    finding.sequences = {json.at("first"), json.at("last")};
    finding.where = json.at("where");
    finding.note = json.at("note");
  } catch (const nlohmann::json::exception& error) {
    return fail(ErrorCode::invalid, std::string("a finding: ") + error.what());
  }
  if (finding.sequences.first > finding.sequences.last) {
    return fail(ErrorCode::invalid, "a finding whose first sequence is above its last");
  }
  return finding;
}

}  // namespace holdfast::event
