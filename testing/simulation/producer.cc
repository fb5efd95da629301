#include "testing/simulation/producer.h"

#include <algorithm>

#include "wire/messages/init_producer_id.h"

namespace holdfast::simulation {
namespace {

constexpr int16_t init_version = 4;
constexpr int16_t produce_version = 9;
constexpr int64_t request_timeout_us = 4 * seconds;
constexpr int64_t delivery_timeout_us = 30 * seconds;

}  // namespace

Producer::Producer(World& world, std::string name, TopicPlan topic, int64_t pause_us)
    : Actor(world, std::move(name)),
      topic_(std::move(topic)),
      pause_us_(pause_us),
      queues_(static_cast<size_t>(topic_.partitions)) {}

bool Producer::finished() const {
  return finishing_ &&
         std::ranges::all_of(queues_, [](const Queue& queue) { return queue.batches.empty(); });
}

void Producer::crash() {
  die();
  pump_planned_ = false;
  give_up_all();
}

/// What was sent and not answered stays unknown for ever.
void Producer::give_up_all() {
  for (Queue& queue : queues_) queue = {};
  ++session_number_;
  session_ = history::none;
  if (!finishing_) later(scheduler().between(ms, seconds), [this] { begin_session(); });
}

void Producer::begin_session() {
  if (finishing_) return;
  wire::InitProducerIdRequest request;
  if (producer_id_ >= 0 && scheduler().one_in(2)) {
    request.producer_id = producer_id_;
    request.producer_epoch = epoch_;
  }
  peer_.call<wire::InitProducerIdResponse>(
      request, init_version, request_timeout_us, true,
      [this](std::optional<wire::InitProducerIdResponse> answer) {
        if (!answer || try_again(answer->error_code))
          return later(100 * ms, [this] { begin_session(); });
        if (answer->error_code != wire::ErrorCode::none)
          return unexpected("InitProducerId", answer->error_code);
        producer_id_ = answer->producer_id;
        epoch_ = answer->producer_epoch;
        session_ = world_.new_producer();
        produce_on();
      });
}

void Producer::produce_on() {
  if (finishing_) return;
  add_batch();
  pump();
  later(scheduler().between(pause_us_ / 4, pause_us_ * 2), [this, session = session_number_] {
    if (session == session_number_) produce_on();
  });
}

void Producer::add_batch() {
  const auto partition = static_cast<int32_t>(scheduler().below(topic_.partitions));
  Queue& queue = queues_[static_cast<size_t>(partition)];
  if (queue.batches.size() >= 2 * under_way_max) return;
  Batch batch{.sequence = queue.next_sequence,
              .sends = {},
              .bytes = {},
              .deadline_us = scheduler().now_us() + delivery_timeout_us};
  std::vector<Item> items;
  for (int64_t left = scheduler().between(1, 8); left > 0; --left) {
    Item item{.value = world_.new_value()};
    if (topic_.compacted) {
      item.key = static_cast<uint64_t>(scheduler().between(1, topic_.keys));
      item.tombstone = scheduler().one_in(10);
    }
    batch.sends.push_back(world_.history.sends.size());
    world_.history.sends.push_back({.value = item.value,
                                    .partition = world_.partition(topic_.name, partition),
                                    .producer = session_,
                                    .invoked = world_.stamp(),
                                    .key = item.key,
                                    .tombstone = item.tombstone});
    items.push_back(item);
  }
  batch.bytes = make_batch(items,
                           {.producer_id = producer_id_,
                            .epoch = epoch_,
                            .sequence = batch.sequence,
                            .timestamp_ms = world_.scheduler.wall_us() / 1000,
                            .codec = topic_.codec},
                           topic_.value_bytes_most);
  queue.next_sequence += static_cast<int32_t>(items.size());
  queue.batches.push_back(std::move(batch));
}

/// Sends what waits, each partition in order: not past one that is to be sent again while later
/// ones are still under way.
void Producer::pump() {
  for (int32_t partition = 0; partition < topic_.partitions; ++partition) {
    auto& batches = queues_[static_cast<size_t>(partition)].batches;
    const auto waiting = std::ranges::find(batches, false, &Batch::under_way);
    if (std::any_of(waiting, batches.end(), [](const Batch& batch) { return batch.under_way; }))
      continue;
    auto left = under_way_max -
                std::min<size_t>(under_way_max, static_cast<size_t>(waiting - batches.begin()));
    for (auto batch = waiting; batch != batches.end() && left > 0; ++batch, --left)
      send(partition, *batch);
  }
}

void Producer::send(int32_t partition, Batch& batch) {
  batch.under_way = true;
  batch.was_first = &batch == &queues_[static_cast<size_t>(partition)].batches.front();
  world_.trace("{}: {}-{}: {}{} sent", peer_.name(), topic_.name, partition, batch.sequence,
               batch.was_first ? ", first in line," : "");
  wire::ProduceRequest request;
  request.acks = -1;
  request.timeout_ms = 3000;
  request.topic_data.push_back({topic_.name, {}, {{partition, batch.bytes}}});
  peer_.call<wire::ProduceResponse>(
      request, produce_version, request_timeout_us, true,
      [this, partition, sequence = batch.sequence,
       session = session_number_](std::optional<wire::ProduceResponse> answer) {
        if (session == session_number_) answered(partition, sequence, answer);
      });
}

void Producer::answered(int32_t partition, int32_t sequence,
                        const std::optional<wire::ProduceResponse>& answer) {
  Queue& queue = queues_[static_cast<size_t>(partition)];
  const auto batch = std::ranges::find(queue.batches, sequence, &Batch::sequence);
  if (batch == queue.batches.end() || !batch->under_way) return;
  batch->under_way = false;
  if (!answer)
    world_.trace("{}: {}-{}: {}: no answer", peer_.name(), topic_.name, partition, sequence);
  if (answer) {
    const auto& told = answer->responses.at(0).partition_responses.at(0);
    world_.trace("{}: {}-{}: producer {} sequence {}: {}, offset {}", peer_.name(), topic_.name,
                 partition, producer_id_, sequence, wire::name(told.error_code), told.base_offset);
    if (told.error_code == wire::ErrorCode::none) {
      acknowledged(*batch, told.base_offset);
      queue.batches.erase(batch);
      return pump();
    }
    refused(queue, *batch, told.error_code);
  }
  if (scheduler().now_us() > queue.batches.front().deadline_us) return give_up_all();
  if (std::exchange(pump_planned_, true)) return;
  later(scheduler().between(20 * ms, 300 * ms), [this] {
    pump_planned_ = false;
    pump();
  });
}

void Producer::acknowledged(const Batch& batch, int64_t base_offset) {
  for (size_t i = 0; i < batch.sends.size(); ++i) {
    history::Send& send = world_.history.sends[batch.sends[i]];
    send.completed = world_.stamp();
    send.outcome = history::Outcome::ok;
    send.offset = base_offset + static_cast<int64_t>(i);
  }
}

void Producer::refused(Queue& queue, const Batch& batch, wire::ErrorCode code) {
  if (try_again(code)) return;
  // Behind one that failed any batch is out of order; the first in line never is.
  const bool first = &batch == &queue.batches.front() && batch.was_first;
  if (code == wire::ErrorCode::out_of_order_sequence_number && !first) return;
  unexpected("Produce", code);
}

}  // namespace holdfast::simulation
