#pragma once

#include "testing/simulation/peer.h"
#include "testing/simulation/records.h"
#include "testing/simulation/world.h"
#include "wire/messages/fetch.h"

namespace holdfast::simulation {

/// A reader's place in one partition.
struct Position {
  std::string topic;
  int32_t partition = 0;
  int64_t offset = 0;
  bool moved = true;  // set anew since the last poll
};

/// A fetch of these positions, all of a session of its own.
wire::FetchRequest make_fetch(const std::vector<Position>& positions, bool committed_only,
                              int32_t max_wait_ms, int32_t partition_max_bytes);

/// Asks where the partition begins now, as every client does after OFFSET_OUT_OF_RANGE; without an
/// answer it does not call back.
void ask_start(Peer& peer, const Position& position, std::move_only_function<void(int64_t)> then);

/// What a consumer gets to see of one partition's answer, as the Java client makes it of batches,
/// control batches and the list of aborted transactions. Writes the poll down in the history, moves
/// the position, and reports what the answer itself shows to be wrong.
std::vector<FoundBatch::Found> take_poll(World& world, const std::string& who, uint32_t consumer,
                                         Position& position,
                                         const wire::FetchResponse::Topic::Partition& answer,
                                         bool committed_only, history::Time invoked);

}  // namespace holdfast::simulation
