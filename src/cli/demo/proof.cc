#include "cli/demo/proof.h"

#include <algorithm>
#include <fmt/format.h>

#include "base/os/files.h"
#include "control/audit.h"
#include "control/inspect.h"
#include "settings/load.h"

namespace holdfast::cli::demo {
namespace {

settings::Environment environment_of(
    const std::vector<std::pair<std::string, std::string>>& given) {
  return [given, rest = settings::process_environment()](
             const std::string& name) -> std::optional<std::string> {
    for (const auto& [known, value] : given) {
      if (known == name) return value;
    }
    return rest(name);
  };
}

std::vector<Proven> by_table(const std::vector<Table>& tables, const audit::Report& report) {
  std::vector<Proven> result;
  for (const Table& table : tables) {
    Proven& proven = result.emplace_back();
    proven.table = table;
    for (const auto& store : report.stores) {
      for (const auto& row : store.sources) {
        if (row.source != table.source) continue;
        proven.captured += static_cast<int64_t>(row.balance.captured);
        proven.delivered += static_cast<int64_t>(row.balance.delivered);
        proven.lost += static_cast<int64_t>(row.balance.lost);
        proven.doubled += static_cast<int64_t>(row.balance.doubled);
        proven.unknown += static_cast<int64_t>(row.balance.unknown);
        proven.doubled_in_topics += static_cast<int64_t>(row.balance.doubled_in_topics);
      }
    }
  }
  return result;
}

/// Changes one byte of a copy of the evidence, anywhere, and has it verified.
Status try_changed_byte(Proof& proof, Draw& draw) {
  os::Files& files = os::real_files();
  ByteBuffer bytes = HOLDFAST_TRY(os::read_file(files, proof.evidence_file, 1ull << 30));
  proof.changed_byte = draw.next() % bytes.size();
  bytes[proof.changed_byte] ^= std::byte{1};
  const std::string copy = proof.evidence_file + ".changed";
  HOLDFAST_CHECKED(os::replace_file(files, copy, bytes));
  proof.changed_byte_rejected = !HOLDFAST_TRY(control::verify_evidence(copy, "")).accepted;
  return files.remove(copy);
}

}  // namespace

bool Proof::good() const {
  return std::all_of(tables.begin(), tables.end(),
                     [](const Proven& table) { return table.good(); }) &&
         evidence_accepted && changed_byte_rejected;
}

Result<Proof> prove(const std::string& config_file,
                    const std::vector<std::pair<std::string, std::string>>& environment,
                    const std::vector<Table>& tables, const control::Kinds& kinds,
                    const std::string& folder, Draw& draw) {
  const settings::Loaded loaded =
      HOLDFAST_TRY(settings::load_file(os::real_files(), config_file, environment_of(environment)));
  if (!loaded.usable()) return fail(ErrorCode::invalid, format(loaded.faults.front(), config_file));
  Proof proof;
  proof.evidence_file = folder + "/evidence.jsonl";
  const audit::Report report =
      HOLDFAST_TRY(control::run_audit(loaded.config, kinds, proof.evidence_file));
  proof.tables = by_table(tables, report);
  proof.report_text = report.to_text();
  const control::EvidenceReport verified =
      HOLDFAST_TRY(control::verify_evidence(proof.evidence_file, report.digest));
  proof.evidence_accepted = verified.accepted;
  proof.digest = report.digest;
  HOLDFAST_CHECKED(try_changed_byte(proof, draw));
  return proof;
}

}  // namespace holdfast::cli::demo
