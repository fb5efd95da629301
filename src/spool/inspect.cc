#include <optional>

#include "spool/replay.h"
#include "spool/state.h"

namespace holdfast::spool {

Result<Inspection> inspect(os::Files& files, const std::string& folder) {
  Replay replay;
  std::optional<log::Damage> damage;
  Inspection found;
  found.log = HOLDFAST_TRY(log::verify(files, folder, [&](const log::Frame& frame) {
    if (damage) return;
    const Status applied = replay.apply(frame);
    if (!applied)
      damage =
          log::Damage{.file = folder, .position = frame.begin, .what = applied.error().message};
  }));
  if (damage) found.log.damage.push_back(*damage);
  found.sources = replay.sources();
  found.batches = replay.batches();
  found.events = replay.events();
  found.rejected = replay.rejected();
  return found;
}

Status visit_waiting(os::Files& files, const std::string& folder, const VisitBatch& visit) {
  // Twice: what was shipped is known only at the end.
  const Inspection now = HOLDFAST_TRY(inspect(files, folder));
  if (!now.log.damage.empty()) return fail(ErrorCode::corrupt, now.log.damage.front().what);
  Status status;
  HOLDFAST_TRY(log::verify(files, folder, [&](const log::Frame& frame) {
    if (!status || frame.key.kind != log::FrameKind::batch) return;
    const uint32_t id = frame.key.partition.value;
    // Written since the first look, or shipped.
    if (id >= now.sources.size() || frame.key.first_offset <= now.sources[id].shipped_batch) return;
    const auto batch = BatchView::parse(frame.body);
    if (batch)
      visit(now.sources[id], *batch);
    else
      status = std::unexpected(batch.error());
  }));
  return status;
}

}  // namespace holdfast::spool
