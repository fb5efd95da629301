#include "testing/simulation/consumer.h"

#include <numeric>

namespace holdfast::simulation {
namespace {

constexpr int64_t request_timeout_us = 5 * seconds;

}  // namespace

Consumer::Consumer(World& world, std::string name, std::vector<TopicPlan> topics,
                   bool committed_only, int64_t pause_us, int64_t fetch_bytes_most)
    : Actor(world, std::move(name)),
      topics_(std::move(topics)),
      committed_only_(committed_only),
      pause_us_(pause_us),
      fetch_bytes_most_(fetch_bytes_most) {}

void Consumer::rewind() {
  consumer_ = world_.new_consumer();
  positions_.clear();
  for (const TopicPlan& topic : topics_) {
    for (int32_t partition = 0; partition < topic.partitions; ++partition)
      positions_.push_back({topic.name, partition});
  }
  ends_.assign(positions_.size(), -1);
}

void Consumer::start() {
  rewind();
  poll();
}

void Consumer::crash() {
  die();
  later(scheduler().between(ms, 2 * seconds), [this] { start(); });
}

bool Consumer::at_end() const {
  for (size_t i = 0; i < positions_.size(); ++i) {
    if (ends_[i] < 0 || positions_[i].offset < ends_[i]) return false;
  }
  return true;
}

void Consumer::poll() {
  if (finishing_) return;
  // Mostly everything; sometimes one partition only.
  std::vector<size_t> asked(positions_.size());
  std::iota(asked.begin(), asked.end(), size_t{0});
  if (scheduler().one_in(6))
    asked = {static_cast<size_t>(scheduler().below(static_cast<int64_t>(positions_.size())))};
  std::vector<Position> wanted;
  for (const size_t i : asked) wanted.push_back(positions_[i]);
  const auto version =
      static_cast<int16_t>(scheduler().one_in(2) ? 12 : scheduler().between(5, 11));
  const auto request =
      make_fetch(wanted, committed_only_, static_cast<int32_t>(scheduler().between(0, 1000)),
                 static_cast<int32_t>(scheduler().between(100, fetch_bytes_most_)));
  peer_.call<wire::FetchResponse>(
      request, version, request_timeout_us, true,
      [this, asked, invoked = world_.stamp()](std::optional<wire::FetchResponse> answer) {
        if (answer) take(*answer, asked, invoked);
        later(scheduler().between(pause_us_ / 4, pause_us_ * 2), [this] { poll(); });
      });
}

void Consumer::take(const wire::FetchResponse& answer, const std::vector<size_t>& asked,
                    history::Time invoked) {
  if (answer.error_code != wire::ErrorCode::none) return unexpected("Fetch", answer.error_code);
  for (const auto& topic : answer.responses) {
    for (const auto& partition : topic.partitions) {
      for (const size_t i : asked) {
        if (positions_[i].topic == topic.topic &&
            positions_[i].partition == partition.partition_index)
          take_partition(i, partition, invoked);
      }
    }
  }
}

/// Only what was trimmed meanwhile is out of range.
void Consumer::out_of_range(size_t number) {
  ask_start(peer_, positions_[number], [this, number, consumer = consumer_](int64_t start) {
    if (consumer != consumer_) return;
    Position& position = positions_[number];
    if (position.moved && position.offset == start) return;  // asked twice
    if (position.offset >= start)
      world_.violation(
          Violation::Kind::answer,
          fmt::format("{}: {}-{}: offset {} is out of range, the start is {}", peer_.name(),
                      position.topic, position.partition, position.offset, start));
    position.offset = std::max(position.offset, start);
    position.moved = true;
  });
}

void Consumer::take_partition(size_t number, const wire::FetchResponse::Topic::Partition& answer,
                              history::Time invoked) {
  Position& position = positions_[number];
  if (answer.error_code == wire::ErrorCode::offset_out_of_range) return out_of_range(number);
  if (try_again(answer.error_code)) return;
  if (answer.error_code != wire::ErrorCode::none) return unexpected("Fetch", answer.error_code);
  ends_[number] = answer.high_watermark;
  take_poll(world_, peer_.name(), consumer_, position, answer, committed_only_, invoked);
}

}  // namespace holdfast::simulation
