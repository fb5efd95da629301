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

}  // namespace holdfast::spool
