#include "testing/simulation/fetching.h"

#include <algorithm>

#include "wire/messages/list_offsets.h"

namespace holdfast::simulation {
namespace {

using Answer = wire::FetchResponse::Topic::Partition;

void check_ends(World& world, const std::string& who, const Position& position,
                const Answer& answer) {
  const auto wrong = [&](const char* what) {
    world.violation(Violation::Kind::visibility,
                    fmt::format("{}: {}-{}: {} (high watermark {}, last stable {}, start {})", who,
                                position.topic, position.partition, what, answer.high_watermark,
                                answer.last_stable_offset, answer.log_start_offset));
  };
  if (answer.last_stable_offset > answer.high_watermark)
    wrong("the last stable offset is above the high watermark");
  if (answer.log_start_offset > answer.high_watermark)
    wrong("the start is above the high watermark");
}

class Sieve {
 public:
  explicit Sieve(const Answer& answer) {
    if (answer.aborted_transactions) aborted_ = *answer.aborted_transactions;
    std::ranges::sort(aborted_, {}, [](const auto& one) { return one.first_offset; });
  }
  /// Whether a committed-only reader sees the records of the batch.
  bool passes(const FoundBatch& batch) {
    for (; next_ < aborted_.size() && aborted_[next_].first_offset <= batch.last_offset; ++next_)
      under_way_.insert(aborted_[next_].producer_id);
    if (batch.control) {
      if (!batch.commits) under_way_.erase(batch.producer_id);
      return false;
    }
    return !(batch.transactional && under_way_.contains(batch.producer_id));
  }

 private:
  std::vector<Answer::AbortedTransaction> aborted_;
  size_t next_ = 0;
  std::set<int64_t> under_way_;
};

}  // namespace

wire::FetchRequest make_fetch(const std::vector<Position>& positions, bool committed_only,
                              int32_t max_wait_ms, int32_t partition_max_bytes) {
  wire::FetchRequest request;
  request.max_wait_ms = max_wait_ms;
  request.min_bytes = 1;
  request.max_bytes = 1 << 20;
  request.isolation_level = committed_only ? 1 : 0;
  request.session_epoch = -1;
  for (const Position& position : positions) {
    if (request.topics.empty() || request.topics.back().topic != position.topic)
      request.topics.push_back({position.topic, {}, {}});
    request.topics.back().partitions.push_back({.partition = position.partition,
                                                .fetch_offset = position.offset,
                                                .partition_max_bytes = partition_max_bytes,
                                                .replica_directory_id = {}});
  }
  return request;
}

void ask_start(Peer& peer, const Position& position, std::move_only_function<void(int64_t)> then) {
  constexpr int64_t earliest = -2;
  wire::ListOffsetsRequest request;
  request.replica_id = -1;
  request.topics.push_back({position.topic, {}});
  request.topics.back().partitions.push_back(
      {.partition_index = position.partition, .timestamp = earliest});
  peer.call<wire::ListOffsetsResponse>(
      request, 7, 4 * seconds, true,
      [then = std::move(then)](std::optional<wire::ListOffsetsResponse> answer) mutable {
        if (!answer) return;
        const auto& told = answer->topics.at(0).partitions.at(0);
        if (told.error_code == wire::ErrorCode::none) then(told.offset);
      });
}

std::vector<FoundBatch::Found> take_poll(World& world, const std::string& who, uint32_t consumer,
                                         Position& position, const Answer& answer,
                                         bool committed_only, history::Time invoked) {
  check_ends(world, who, position, answer);
  ByteBuffer bytes;
  for (const ByteView part : answer.records.parts) append(bytes, part);
  const auto batches = read_batches(bytes);
  if (!batches) {
    world.violation(Violation::Kind::visibility,
                    fmt::format("{}: {}-{}: read damaged: {}", who, position.topic,
                                position.partition, batches.error().message));
    return {};
  }
  history::Poll poll{.consumer = consumer,
                     .partition = world.partition(position.topic, position.partition),
                     .committed_only = committed_only,
                     .moved = position.moved,
                     .invoked = invoked,
                     .completed = world.stamp(),
                     .from = position.offset,
                     .to = position.offset,
                     .end = answer.high_watermark,
                     .stable = answer.last_stable_offset};
  Sieve sieve(answer);
  std::vector<FoundBatch::Found> found;
  const int64_t bound = committed_only ? answer.last_stable_offset : answer.high_watermark;
  for (const FoundBatch& batch : *batches) {
    if (batch.last_offset >= bound)
      world.violation(Violation::Kind::visibility,
                      fmt::format("{}: {}-{}: a batch at {} to {} though readers may see below {}",
                                  who, position.topic, position.partition, batch.base_offset,
                                  batch.last_offset, bound));
    const bool passes = committed_only ? sieve.passes(batch) : !batch.control;
    for (const auto& record : batch.records) {
      if (!passes || record.offset < position.offset) continue;
      poll.records.push_back({record.offset, record.item.value});
      found.push_back(record);
    }
    poll.to = std::max(poll.to, batch.last_offset + 1);
  }
  world.learn_end(poll.partition, poll.end);
  if (poll.to > poll.from)
    world.trace("{}: {}-{}: read {} to {}, {} records", who, position.topic, position.partition,
                poll.from, poll.to, found.size());
  position.offset = poll.to;
  position.moved = false;
  world.history.polls.push_back(std::move(poll));
  return found;
}

}  // namespace holdfast::simulation
