#include "spool/replay.h"

#include <algorithm>
#include <fmt/core.h>

#include "spool/batch.h"

namespace holdfast::spool {

Status Replay::apply(const log::Frame& frame) {
  return frame.key.kind == log::FrameKind::state ? apply_state(frame.body) : apply_batch(frame);
}

Status Replay::apply_state(ByteView body) {
  std::vector<SourceState> states = HOLDFAST_TRY(parse_state(body));
  if (states.size() < sources_.size())
    return fail(ErrorCode::corrupt, "a later state knows fewer sources");
  for (size_t i = 0; i < sources_.size(); ++i) {
    const SourceState& before = sources_[i];
    if (states[i].name != before.name || states[i].epoch != before.epoch ||
        states[i].next_sequence != before.next_sequence ||
        states[i].next_batch != before.next_batch) {
      return fail(ErrorCode::corrupt,
                  fmt::format("the state of source {} does not follow its batches", before.name));
    }
  }
  sources_ = std::move(states);
  begun_ = true;
  return {};
}

Status Replay::apply_batch(const log::Frame& frame) {
  const BatchView batch = HOLDFAST_TRY(BatchView::parse(frame.body));
  const BatchHeader& header = batch.header();
  ++batches_;
  events_ += header.events;
  rejected_ += header.rejected;
  if (!begun_) return {};
  const uint32_t id = frame.key.partition.value;
  if (id >= sources_.size())
    return fail(ErrorCode::corrupt, fmt::format("a batch of source {}, which is not known", id));
  SourceState& source = sources_[id];
  if (header.epoch != source.epoch || header.first_sequence != source.next_sequence ||
      header.first_rejected_sequence != source.next_rejected_sequence ||
      frame.key.first_offset != source.next_batch) {
    return fail(ErrorCode::corrupt,
                fmt::format("batch {} of source {} begins at sequence {}, but {} was expected",
                            frame.key.first_offset, source.name, header.first_sequence,
                            source.next_sequence));
  }
  source.next_sequence = header.next_sequence();
  source.next_rejected_sequence = header.next_rejected_sequence();
  source.last_version = std::max(source.last_version, header.last_version());
  source.next_batch = frame.key.last_offset + 1;
  if (header.has_position) {
    source.has_position = true;
    source.position.assign(batch.position().begin(), batch.position().end());
  }
  return {};
}

}  // namespace holdfast::spool
