#include "audit/report.h"

#include <algorithm>
#include <fmt/format.h>
#include <span>

#include "audit/evidence_lines.h"
#include "base/json_writer.h"

namespace holdfast::audit {
namespace {

constexpr size_t findings_in_text = 20;

std::string grouped(uint64_t number) {
  std::string digits = std::to_string(number);
  for (size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

/// A column of the table: its title, and what it shows. Shown only if some row has it, unless
/// `always`.
struct ColumnOf {
  const char* title;
  uint64_t Balance::* count;
  bool always;
};
constexpr ColumnOf in_stores[] = {{"captured", &Balance::captured, true},
                                  {"delivered", &Balance::delivered, true},
                                  {"lost", &Balance::lost, true},
                                  {"doubled", &Balance::doubled, true},
                                  {"unknown", &Balance::unknown, true},
                                  {"refused", &Balance::refused, false},
                                  {"filtered", &Balance::filtered, false},
                                  {"in flight", &Balance::in_flight, false},
                                  {"doubled in topics", &Balance::doubled_in_topics, false}};
constexpr ColumnOf in_topics[] = {
    {"captured", &Balance::captured, true}, {"in topics", &Balance::in_topics, true},
    {"lost", &Balance::lost, true},         {"doubled", &Balance::doubled, true},
    {"unknown", &Balance::unknown, true},   {"in flight", &Balance::in_flight, false}};

std::string table_of(const StoreReport& store) {
  const Balance total = store.total();
  const std::span<const ColumnOf> columns =
      store.store.empty() ? std::span<const ColumnOf>(in_topics) : in_stores;
  size_t width = 6;
  for (const SourceRow& row : store.sources) width = std::max(width, row.source.size());
  std::string head = fmt::format("  {:<{}}", "source", width);
  for (const ColumnOf& column : columns) {
    if (column.always || total.*column.count > 0) head += fmt::format("  {:>9}", column.title);
  }
  const auto line = [&](std::string_view name, const Balance& balance) {
    std::string text = fmt::format("  {:<{}}", name, width);
    for (const ColumnOf& column : columns) {
      if (!column.always && total.*column.count == 0) continue;
      text += fmt::format("  {:>{}}", grouped(balance.*column.count),
                          std::max<size_t>(9, std::string_view(column.title).size()));
    }
    return text + "\n";
  };
  std::string text = store.store.empty()
                         ? "kept in topics only (refused input, and topics that no store reads)\n"
                         : fmt::format("{} -> {}\n", store.pipeline, store.store);
  text += head + "\n";
  for (const SourceRow& row : store.sources) text += line(row.source, row.balance);
  if (store.sources.size() > 1) text += line("all", total);
  return text;
}

std::string range_of(const event::Finding& finding) {
  if (finding.sequences.size() == 1)
    return fmt::format("{}-{}", finding.epoch, finding.sequences.first);
  return fmt::format("{}-{}..{}", finding.epoch, finding.sequences.first, finding.sequences.last);
}

}  // namespace

Balance StoreReport::total() const {
  Balance sum;
  for (const SourceRow& row : sources) sum += row.balance;
  return sum;
}

bool Report::clean() const {
  return std::all_of(stores.begin(), stores.end(),
                     [](const StoreReport& store) { return store.total().clean(); });
}

uint64_t Report::captured() const {
  uint64_t sum = 0;
  for (const StoreReport& store : stores) sum += store.total().captured;
  return sum;
}

double Report::bound_without_findings(uint64_t events) {
  return events < 3 ? 1.0 : 3.0 / static_cast<double>(events);
}

std::string Report::to_json() const {
  JsonWriter json;
  json.begin_object().member("clean", clean()).key("stores").begin_array();
  for (const StoreReport& store : stores) {
    json.begin_object()
        .member("pipeline", store.pipeline)
        .member("store", store.store)
        .key("sources")
        .begin_array();
    for (const SourceRow& row : store.sources) {
      json.begin_object().member("source", row.source);
      add_members(json, row.balance);
      json.end_object();
    }
    json.end_array().end_object();
  }
  json.end_array().key("findings").begin_array();
  for (const event::Finding& finding : findings) json.raw(event::to_json(finding));
  json.end_array().member("findings_unnamed", findings_unnamed).key("topics").begin_array();
  for (const TopicRange& range : topics) {
    json.begin_object().member("topic", range.topic).member("partition", range.partition);
    json.member("first_offset", range.first_offset).member("end_offset", range.end_offset);
    json.member("events", range.events).member("foreign", range.foreign).end_object();
  }
  json.end_array().key("limits").begin_array();
  for (const std::string& limit : limits) json.value(limit);
  json.end_array();
  if (clean()) json.member("wrong_at_most", bound_without_findings(captured()));
  json.member("windows", windows).member("evidence_digest", digest).end_object();
  return json.take() + "\n";
}

std::string Report::to_text() const {
  std::string text;
  for (const StoreReport& store : stores) text += table_of(store) + "\n";
  if (captured() == 0 && clean()) {
    text += "Nothing to judge: no event was captured yet.\n";
  } else if (clean()) {
    text += fmt::format(
        "Nothing wrong in {} events: at most {:.3g} % are wrong, with 95 % confidence (3/N).\n",
        grouped(captured()), std::min(100.0, 100 * bound_without_findings(captured())));
  }
  for (size_t i = 0; i < std::min(findings.size(), findings_in_text); ++i) {
    const event::Finding& finding = findings[i];
    text += fmt::format("{:<8} {} {} ({} event{}): {}; {}\n", event::name(finding.kind),
                        finding.source, range_of(finding), grouped(finding.sequences.size()),
                        finding.sequences.size() == 1 ? "" : "s", finding.where, finding.note);
  }
  const uint64_t more =
      findings.size() - std::min(findings.size(), findings_in_text) + findings_unnamed;
  if (more > 0) text += fmt::format("... and {} more; --json prints them all\n", grouped(more));
  for (const std::string& limit : limits) text += fmt::format("Not seen: {}.\n", limit);
  return text;
}

}  // namespace holdfast::audit
