#include "broker/recovery.h"

namespace holdfast::broker {

Status recover(log::Log& log, State& state, int64_t now_ms) {
  if (const ByteView checkpoint = log.checkpoint(); !checkpoint.empty()) {
    HOLDFAST_CHECKED(state.load(checkpoint, now_ms));
  }
  HOLDFAST_CHECKED(log.replay(log.checkpoint_position(), [&](const log::Frame& frame) -> Status {
    if (frame.key.kind == log::FrameKind::state) {
      return state.replay(HOLDFAST_TRY(decode_state_record(frame.body)));
    }
    const auto batch = HOLDFAST_TRY(record::BatchView::parse(frame.body));
    state.replay_batch(frame.key.partition, batch, now_ms);
    return {};
  }));
  state.restart_done();
  return {};
}

}  // namespace holdfast::broker
