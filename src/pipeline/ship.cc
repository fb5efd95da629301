#include "pipeline/ship.h"

#include <algorithm>
#include <atomic>
#include <fmt/core.h>
#include <mutex>
#include <random>
#include <thread>

#include "base/log_line.h"
#include "kafka/admin.h"
#include "kafka/producer.h"
#include "pipeline/ship_lane.h"

namespace holdfast::pipeline {
namespace {

constexpr int64_t first_back_off_ms = 50;
constexpr int64_t back_off_max_ms = 3'000;
constexpr int64_t idle_wait_ms = 1'000;
constexpr int poll_wait_max_ms = 50;
constexpr int32_t delivery_timeout_ms =
    INT32_MAX;  // an outage is waited out: the events are safe in the spool
constexpr int looks_max = 50;
constexpr int32_t batch_bytes_max = 1'000'000;
constexpr int32_t batch_bytes_least = 1'024;
constexpr int32_t single_bytes_max = 100 << 20;  // as large as any broker takes by default
constexpr const char* failure_bytes_max = "104857600";
constexpr int single_wait_ms = 60'000;
constexpr int fatal_wait_ms = 1'000;
constexpr int broker_wait_ms = 2'000;
constexpr size_t in_flight_messages_max =
    400'000;  // one more pump keeps below the producer's bound

}  // namespace

class Shipper::Worker {
 public:
  Worker(spool::Spool& spool, os::Clock& clock, ShipSettings settings,
         std::vector<ShipRoute> routes)
      : spool_(spool), clock_(clock), settings_(std::move(settings)) {
    for (const ShipRoute& route : routes) {
      lanes_.push_back(
          std::make_unique<ShipLane>(spool_, route, settings_.failures_topic, lanes_.size()));
    }
  }

  void start() {
    thread_ = std::thread([this] { run(); });
  }
  void stop(int64_t grace_ms) {
    grace_ms_ = grace_ms;
    stopping_ = true;
    spool_.wake();
    if (thread_.joinable()) thread_.join();
  }
  ShipProgress progress() const {
    const std::lock_guard lock(mutex_);
    return progress_;
  }

 private:
  void run();
  Status connect();
  Status wait_for_stragglers(kafka::Admin& admin);
  Status find_shipped_of(kafka::Admin& admin, ShipLane& lane);
  Status send_suspects_singly();
  Status turn();
  Result<bool> pump();
  Status take(std::span<const kafka::Delivery> deliveries);
  void disconnect(const Error& why);
  void back_off();
  void pause(int64_t duration_ms);
  void last_turn();
  void note();

  spool::Spool& spool_;
  os::Clock& clock_;
  const ShipSettings settings_;
  std::vector<std::unique_ptr<ShipLane>> lanes_;
  std::unique_ptr<kafka::Producer> producer_;
  int64_t back_off_ms_ = 0;
  int32_t batch_bytes_ = batch_bytes_max;
  int poll_wait_ms_ = 1;
  std::minstd_rand random_{
      std::random_device{}()};  // tidy: random, because it is jitter and nothing else
  bool told_ = false;

  std::atomic<bool> stopping_ = false;
  std::atomic<int64_t> grace_ms_ = 0;
  mutable std::mutex mutex_;
  ShipProgress progress_;
  std::thread thread_;
};

void Shipper::Worker::run() {
  while (!stopping_) {
    const Status went = producer_ == nullptr ? connect() : turn();
    note();
    if (went) continue;
    disconnect(went.error());
    if (!stopping_) back_off();
  }
  last_turn();
}

/// Finds out what is in Kafka already, and only then makes a producer.
Status Shipper::Worker::connect() {
  const auto admin = HOLDFAST_TRY(kafka::Admin::create(settings_.client));
  HOLDFAST_CHECKED(admin->wait_for_broker(broker_wait_ms));
  const kafka::NewTopic failures{.name = settings_.failures_topic,
                                 .partitions = 1,
                                 .replication_factor = settings_.replication_factor,
                                 .configs = {{"max.message.bytes", failure_bytes_max}}};
  HOLDFAST_CHECKED(admin->ensure_topic(failures, settings_.request_timeout_ms));
  for (const auto& lane : lanes_) {
    const kafka::NewTopic wanted{.name = lane->route().topic,
                                 .partitions = lane->route().partitions,
                                 .replication_factor = settings_.replication_factor,
                                 .configs = {}};
    HOLDFAST_CHECKED(admin->ensure_topic(wanted, settings_.request_timeout_ms));
  }
  HOLDFAST_CHECKED(wait_for_stragglers(*admin));
  for (const auto& lane : lanes_) HOLDFAST_CHECKED(find_shipped_of(*admin, *lane));
  HOLDFAST_CHECKED(send_suspects_singly());

  kafka::ClientSettings client = settings_.client;
  // A message that failed while later ones got in would be a hole that nobody sees: rather stop,
  // and look again.
  client.extra["enable.gapless.guarantee"] = "true";
  producer_ = HOLDFAST_TRY(
      kafka::Producer::create(client, {.linger_ms = settings_.linger_ms,
                                       .batch_bytes = batch_bytes_,
                                       .compression = settings_.compression,
                                       .transactional_id = {},
                                       .delivery_timeout_ms = delivery_timeout_ms,
                                       .queue_bytes_max = static_cast<int32_t>(std::min<uint64_t>(
                                           settings_.in_flight_bytes_max * 4, 1 << 30))}));
  if (told_) log_info("ship", "Kafka answers again: shipping goes on");
  told_ = false;
  back_off_ms_ = 0;
  const std::lock_guard lock(mutex_);
  progress_.connected = true;
  progress_.trouble.reset();
  return {};
}

/// A request of a dead predecessor may still wait at the broker, behind others. So the topics are
/// read only when they have stood still for a moment. That makes a double unlikely, not impossible.
Status Shipper::Worker::wait_for_stragglers(kafka::Admin& admin) {
  const int timeout_ms = settings_.request_timeout_ms;
  std::vector<kafka::TopicPartition> partitions;
  const auto add = [&](const std::string& topic) -> Status {
    const kafka::TopicInfo info = HOLDFAST_TRY(admin.topic(topic, timeout_ms));
    for (int32_t number = 0; number < info.partitions; ++number)
      partitions.push_back({topic, number});
    return {};
  };
  for (const auto& lane : lanes_) {
    if (lane->events_range().empty() && lane->rejected_range().empty()) continue;
    HOLDFAST_CHECKED(add(lane->route().topic));
    if (!lane->rejected_range().empty()) HOLDFAST_CHECKED(add(settings_.failures_topic));
  }
  if (partitions.empty()) return {};
  std::vector<int64_t> before;
  for (int look = 0; look < looks_max && !stopping_; ++look) {
    std::vector<int64_t> ends;
    for (const auto& marks : HOLDFAST_TRY(admin.watermarks(partitions, timeout_ms)))
      ends.push_back(marks.high);
    if (ends == before) return {};
    before = std::move(ends);
    pause(settings_.settle_ms);
  }
  return {};
}

Status Shipper::Worker::find_shipped_of(kafka::Admin& admin, ShipLane& lane) {
  const ShipRoute& route = lane.route();
  const int timeout_ms = settings_.request_timeout_ms;
  const kafka::TopicInfo topic = HOLDFAST_TRY(admin.topic(route.topic, timeout_ms));
  const kafka::TopicInfo failures = HOLDFAST_TRY(admin.topic(settings_.failures_topic, timeout_ms));
  const StreamRange events = lane.events_range();
  const StreamRange rejected = lane.rejected_range();
  ShippedAlready events_in = HOLDFAST_TRY(
      find_shipped(settings_.client, route.topic, topic.partitions, events, timeout_ms));
  ShippedAlready rejected_in = HOLDFAST_TRY(find_shipped(
      settings_.client, settings_.failures_topic, failures.partitions, rejected, timeout_ms));
  if (events_in.below > events.known_below || !events_in.more.empty()) {
    log_info("ship", "{} events of source {} were in topic {} already, below {}",
             events_in.more.count(), events.source, route.topic, events_in.below);
  }
  lane.restart(std::move(events_in), std::move(rejected_in), topic.partitions, failures.partitions);
  return {};
}

/// A broker refuses batches whole. So what was refused is sent again, each message alone. If none
/// of them is refused then, it was the size of the batch, and batches are smaller from then on.
Status Shipper::Worker::send_suspects_singly() {
  const auto suspicious = [](const auto& lane) { return lane->suspicious(); };
  if (std::none_of(lanes_.begin(), lanes_.end(), suspicious)) return {};
  const auto producer =
      HOLDFAST_TRY(kafka::Producer::create(settings_.client, {.linger_ms = 0,
                                                              .batch_messages = 1,
                                                              .message_bytes_max = single_bytes_max,
                                                              .compression = settings_.compression,
                                                              .transactional_id = {},
                                                              .delivery_timeout_ms = single_wait_ms,
                                                              .queue_bytes_max = 1 << 30}));
  uint64_t refused = 0;
  for (const auto& lane : lanes_)
    refused += HOLDFAST_TRY(lane->send_singly(*producer, single_wait_ms));
  if (refused == 0) batch_bytes_ = std::max(batch_bytes_ / 4, batch_bytes_least);
  return {};
}

/// Sends what there is, takes what has arrived; waits when there is nothing to do.
Status Shipper::Worker::turn() {
  const uint64_t seen = spool_.changes();
  const bool moved = HOLDFAST_TRY(pump());
  const auto deliveries = producer_->poll(moved ? 0 : poll_wait_ms_);
  HOLDFAST_CHECKED(take(deliveries));
  if (const auto fatal = producer_->fatal()) {
    HOLDFAST_CHECKED(take(producer_->flush(fatal_wait_ms)));  // which batch was it?
    return std::unexpected(*fatal);
  }
  if (moved || !deliveries.empty()) {
    poll_wait_ms_ = 1;
  } else if (producer_->in_flight() > 0) {
    poll_wait_ms_ = std::min(poll_wait_ms_ * 2, poll_wait_max_ms);
  } else if (!stopping_) {
    poll_wait_ms_ = 0;
    spool_.wait_for_change(seen, idle_wait_ms);
  }
  return {};
}

Result<bool> Shipper::Worker::pump() {
  bool moved = false;
  for (const auto& lane : lanes_) {
    uint64_t in_flight = 0;
    for (const auto& each : lanes_) in_flight += each->in_flight_bytes();
    if (in_flight >= settings_.in_flight_bytes_max ||
        producer_->in_flight() >= in_flight_messages_max)
      break;
    moved |= HOLDFAST_TRY(lane->pump(*producer_));
  }
  return moved;
}

Status Shipper::Worker::take(std::span<const kafka::Delivery> deliveries) {
  const kafka::Delivery* failed = nullptr;
  for (const kafka::Delivery& delivery : deliveries) {
    if (delivery.outcome == kafka::DeliveryOutcome::delivered) {
      lanes_[lane_of(delivery.token)]->arrived(batch_of(delivery.token));
      continue;
    }
    if (failed == nullptr) failed = &delivery;
    if (delivery.outcome == kafka::DeliveryOutcome::rejected)
      lanes_[lane_of(delivery.token)]->suspect(batch_of(delivery.token));
  }
  if (!deliveries.empty()) {
    for (const auto& lane : lanes_) lane->settle();
  }
  if (failed == nullptr) return {};
  return fail(ErrorCode::unknown_outcome,
              fmt::format("source {}: {} ({})",
                          spool_.source(lanes_[lane_of(failed->token)]->route().source).name,
                          failed->cause, kafka::name(failed->outcome)));
}

/// The producer is of no use any more. What it had in flight is looked for in the topics by the
/// next `connect`.
void Shipper::Worker::disconnect(const Error& why) {
  if (!told_) log_warning("ship", "not shipping, events wait in the spool: {}", why.message);
  told_ = true;
  const bool had_producer = producer_ != nullptr;
  producer_.reset();
  const std::lock_guard lock(mutex_);
  progress_.connected = false;
  progress_.trouble = why;
  progress_.restarts += had_producer ? 1 : 0;
}

void Shipper::Worker::back_off() {
  back_off_ms_ = std::clamp(back_off_ms_ * 2, first_back_off_ms, back_off_max_ms);
  std::uniform_int_distribution<int64_t> jitter(back_off_ms_ / 2, back_off_ms_);
  pause(jitter(random_));
}

/// Waits, unless it is to stop.
void Shipper::Worker::pause(int64_t duration_ms) {
  const int64_t until = clock_.steady_ms() + duration_ms;
  uint64_t seen = spool_.changes();
  for (int64_t now = clock_.steady_ms(); !stopping_ && now < until; now = clock_.steady_ms()) {
    spool_.wait_for_change(seen, until - now);
    seen = spool_.changes();
  }
}

void Shipper::Worker::last_turn() {
  if (producer_ == nullptr) return;
  const int64_t until = clock_.steady_ms() + grace_ms_;
  while (producer_->in_flight() > 0) {
    const int64_t left = until - clock_.steady_ms();
    if (left <= 0 || !take(producer_->flush(static_cast<int>(left)))) break;
  }
  note();
  producer_.reset();
}

void Shipper::Worker::note() {
  uint64_t sent = 0;
  uint64_t skipped = 0;
  for (const auto& lane : lanes_) {
    sent += lane->sent();
    skipped += lane->skipped();
  }
  const std::lock_guard lock(mutex_);
  progress_.sent = sent;
  progress_.skipped = skipped;
}

Shipper::Shipper(spool::Spool& spool, os::Clock& clock, ShipSettings settings,
                 std::vector<ShipRoute> routes)
    : worker_(std::make_unique<Worker>(spool, clock, std::move(settings), std::move(routes))) {}

Shipper::~Shipper() {
  worker_->stop(0);
}

void Shipper::start() {
  worker_->start();
}

void Shipper::stop(int64_t grace_ms) {
  worker_->stop(grace_ms);
}

ShipProgress Shipper::progress() const {
  return worker_->progress();
}

}  // namespace holdfast::pipeline
