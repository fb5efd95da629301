// Any bytes as a spooled batch, or as a state: they are refused, or read back without leaving their
// bounds.
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "spool/batch.h"
#include "spool/state.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace holdfast;
  const ByteView bytes(reinterpret_cast<const std::byte*>(data), size);
  if (const auto batch = spool::BatchView::parse(bytes)) {
    size_t sum = 0;
    spool::BatchView::Events events(*batch, "s");
    uint32_t count = 0;
    for (event::Event event; events.next(event); ++count) {
      sum += event.key.value_or("").size() + event.value.value_or("").size() + event.type.size();
    }
    HOLDFAST_CHECK(count == batch->header().events);
    spool::BatchView::RejectedEvents pieces(*batch, "s/rejected");
    count = 0;
    for (spool::BatchView::RejectedEvent piece; pieces.next(piece); ++count)
      sum += piece.piece.raw.size();
    HOLDFAST_CHECK(count == batch->header().rejected && sum <= size * 3);
  }
  if (const auto state = spool::parse_state(bytes)) {
    const ByteBuffer again = spool::encode_state(*state);
    const auto twice = spool::parse_state(again);
    HOLDFAST_CHECK(twice && *twice == *state);
  }
  return 0;
}
