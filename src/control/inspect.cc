#include "control/inspect.h"

#include <fmt/format.h>

#include "log/log.h"

namespace holdfast::control {

Result<LogReport> inspect_log(const std::string& folder, uint64_t frames_max) {
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
  const log::VerifyReport found = HOLDFAST_TRY(log::verify(os::real_files(), folder, visit));
  report.segments = found.segments;
  report.frames = found.frames;
  report.bytes = found.bytes;
  report.begin = found.begin.value;
  report.end = found.end.value;
  report.torn_tail = found.torn_tail;
  for (const log::Damage& damage : found.damage) {
    report.damage.push_back({damage.file, damage.position.value, damage.what});
  }
  return report;
}

}  // namespace holdfast::control
