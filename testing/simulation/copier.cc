#include "testing/simulation/copier.h"

#include <algorithm>

namespace holdfast::simulation {
namespace {

constexpr int64_t request_timeout_us = 4 * seconds;

}  // namespace

Copier::Copier(World& world, std::string name, Identity identity, TopicPlan input, TopicPlan output,
               int64_t pause_us)
    : TransactionalClient(world, std::move(name), identity),
      input_(std::move(input)),
      output_(std::move(output)),
      group_(identity.id + "-group"),
      pause_us_(pause_us) {}

void Copier::crash() {
  forget();
  restart();
}

void Copier::restart() {
  // One that was fenced while all comes to its end leaves the rest to the one that fenced it.
  if (finishing_) finished_ = true;
  if (!finished_) later(scheduler().between(ms, 15 * seconds), [this] { begin_session(); });
}

void Copier::begin_session() {
  init(true, [this](Step step) { step == Step::done ? read_positions() : restart(); });
}

/// Where the one before stood; what he left open is aborted by now.
void Copier::read_positions() {
  wire::OffsetFetchRequest request;
  request.require_stable = true;
  request.group_id = group_;
  request.topics.emplace().push_back({input_.name, {}});
  for (int32_t i = 0; i < input_.partitions; ++i)
    request.topics->back().partition_indexes.push_back(i);
  peer_.call<wire::OffsetFetchResponse>(
      request, 7, request_timeout_us, true,
      [this, invoked = world_.stamp()](std::optional<wire::OffsetFetchResponse> answer) {
        if (answer && take_positions(*answer, invoked)) return poll();
        later(scheduler().between(20 * ms, 200 * ms), [this] { read_positions(); });
      });
}

bool Copier::take_positions(const wire::OffsetFetchResponse& answer, history::Time invoked) {
  positions_.clear();
  for (const auto& topic : answer.topics) {
    for (const auto& told : topic.partitions) {
      if (try_again(told.error_code) || told.error_code == Code::unstable_offset_commit)
        return false;
      if (told.error_code != Code::none) return unexpected("OffsetFetch", told.error_code), false;
      world_.history.offset_reads.push_back(
          {group_,
           {world_.partition(topic.name, told.partition_index), told.committed_offset},
           invoked,
           world_.stamp()});
      positions_.push_back(
          {topic.name, told.partition_index, std::max<int64_t>(0, told.committed_offset), true});
    }
  }
  if (positions_.empty()) return false;
  ends_.assign(positions_.size(), -1);
  consumer_ = world_.new_consumer();
  return true;
}

void Copier::poll() {
  const auto request =
      make_fetch(positions_, true, static_cast<int32_t>(scheduler().between(0, 500)),
                 static_cast<int32_t>(scheduler().between(100, 20'000)));
  peer_.call<wire::FetchResponse>(
      request, 12, request_timeout_us, true,
      [this, invoked = world_.stamp()](std::optional<wire::FetchResponse> answer) {
        Inputs inputs;
        if (answer) inputs = take(*answer, invoked);
        if (!inputs.empty()) return copy(std::move(inputs));
        go_on();
      });
}

Copier::Inputs Copier::take(const wire::FetchResponse& answer, history::Time invoked) {
  Inputs inputs;
  for (const auto& topic : answer.responses) {
    for (const auto& told : topic.partitions) {
      const auto number = static_cast<size_t>(told.partition_index);
      if (try_again(told.error_code)) continue;
      if (told.error_code != wire::ErrorCode::none) {
        unexpected("Fetch", told.error_code);
        continue;
      }
      ends_[number] = told.last_stable_offset;
      for (auto& found :
           take_poll(world_, peer_.name(), consumer_, positions_[number], told, true, invoked))
        inputs.emplace_back(number, std::move(found));
    }
  }
  return inputs;
}

void Copier::go_on() {
  bool at_end = true;
  for (size_t i = 0; i < positions_.size(); ++i)
    at_end &= ends_[i] >= 0 && positions_[i].offset >= ends_[i];
  if (finishing_ && at_end) {
    finished_ = true;
    return;
  }
  later(scheduler().between(pause_us_ / 4, pause_us_ * 2), [this] {
    if (needs_new_epoch())
      return init(false, [this](Step step) { step == Step::done ? poll() : restart(); });
    poll();
  });
}

void Copier::copy(Inputs inputs) {
  begin();
  std::map<int32_t, Batch> batches;
  for (const auto& [number, found] : inputs) {
    const auto partition =
        static_cast<int32_t>(found.item.value % static_cast<uint64_t>(output_.partitions));
    Batch& batch = batches[partition];
    batch.topic = output_.name;
    batch.partition = partition;
    batch.items.push_back({.value = world_.new_value()});
    batch.made_from.push_back(
        history::Place{world_.partition(input_.name, positions_[number].partition), found.offset});
  }
  std::vector<Batch> all;
  for (auto& [partition, batch] : batches) all.push_back(std::move(batch));
  std::vector<Position> upto;
  for (const auto& position : positions_)
    upto.push_back({position.topic, position.partition, position.offset});
  send(std::move(all), [this, upto = std::move(upto)](Step step) mutable {
    if (step == Step::fenced) return restart();
    if (step == Step::abortable || scheduler().one_in(12)) return finish_with(false);
    const int64_t pause =
        scheduler().one_in(25) ? scheduler().between(0, 2 * timeout_ms()) * ms : 0;
    later(pause, [this, upto = std::move(upto)]() mutable {
      send_offsets(group_, std::move(upto), {}, [this](Step stored) {
        if (stored == Step::fenced) return restart();
        finish_with(stored == Step::done);
      });
    });
  });
}

/// After an abort the input is read once more, from where the group stands.
void Copier::finish_with(bool commit) {
  end(commit, [this, commit](Step step) {
    if (step != Step::done) return restart();
    if (commit) return go_on();
    if (needs_new_epoch())
      return init(false,
                  [this](Step taken) { taken == Step::done ? read_positions() : restart(); });
    read_positions();
  });
}

}  // namespace holdfast::simulation
