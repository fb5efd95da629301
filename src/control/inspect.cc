#include "control/inspect.h"

#include <fmt/format.h>

#include "audit/evidence.h"
#include "log/format.h"
#include "log/log.h"
#include "spool/state.h"

namespace holdfast::control {

namespace {

Status must_exist(const std::string& folder) {
  if (HOLDFAST_TRY(os::real_files().exists(folder))) return {};
  return fail(ErrorCode::not_found, fmt::format("there is no folder {}", folder));
}

void fill(LogReport& report, const log::VerifyReport& found) {
  report.segments = found.segments;
  report.frames = found.frames;
  report.bytes = found.bytes;
  report.begin = found.begin.value;
  report.end = found.end.value;
  report.torn_tail = found.torn_tail;
  for (const log::Damage& damage : found.damage) {
    report.damage.push_back({damage.file, damage.position.value, damage.what});
  }
}

}  // namespace

Result<LogReport> inspect_log(const std::string& folder, uint64_t frames_max) {
  HOLDFAST_CHECKED(must_exist(folder));
  LogReport report;
  report.folder = folder;
  auto visit = [&](const log::Frame& frame) {
    const bool batch = frame.key.kind == log::FrameKind::batch;
    if (batch) ++report.batch_frames;
    if (report.first_frames.size() >= frames_max) return;
    report.first_frames.push_back({frame.begin.value, batch ? "batch" : "state",
                                   frame.key.partition.value, frame.key.first_offset,
                                   frame.key.last_offset, frame.body.size()});
  };
  fill(report, HOLDFAST_TRY(log::verify(os::real_files(), folder, visit)));
  return report;
}

Result<SpoolReport> inspect_spool(const std::string& folder) {
  HOLDFAST_CHECKED(must_exist(folder));
  const spool::Inspection found = HOLDFAST_TRY(spool::inspect(os::real_files(), folder));
  SpoolReport report;
  report.log.folder = folder;
  fill(report.log, found.log);
  report.batches = found.batches;
  report.log.batch_frames = found.batches;
  report.events = found.events;
  for (const spool::SourceState& source : found.sources) {
    report.sources.push_back({source.name, source.epoch, source.next_sequence,
                              source.shipped_sequence, source.next_rejected_sequence});
  }
  return report;
}

Result<CheckpointReport> inspect_checkpoint(const std::string& file) {
  const ByteBuffer bytes = HOLDFAST_TRY(os::read_file(os::real_files(), file, 1ull << 30));
  const log::format::Checkpoint found = HOLDFAST_TRY(log::format::decode_checkpoint(bytes));
  return CheckpointReport{found.upto.value, found.durable.value,
                          bytes.size() - log::format::checkpoint_header_bytes};
}

Result<EvidenceReport> verify_evidence(const std::string& file, const std::string& digest) {
  audit::Verdict verdict = HOLDFAST_TRY(audit::verify_evidence(os::real_files(), file));
  if (verdict.accepted && !digest.empty() && digest != verdict.digest) {
    verdict.accepted = false;
    verdict.line = verdict.lines;
    verdict.why = fmt::format("its digest is {}, not the one given", verdict.digest);
  }
  return EvidenceReport{verdict.accepted, verdict.line,    verdict.why,     verdict.digest,
                        verdict.lines,    verdict.windows, verdict.findings};
}

}  // namespace holdfast::control
