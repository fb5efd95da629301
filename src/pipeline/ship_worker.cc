#include "pipeline/ship_worker.h"

#include <algorithm>
#include <fmt/core.h>

#include "base/fault.h"
#include "base/log_line.h"
#include "kafka/decided.h"

namespace holdfast::pipeline {
namespace {

constexpr int64_t first_back_off_ms = 50;
constexpr int64_t back_off_max_ms = 3'000;
constexpr int64_t idle_wait_ms = 1'000;
constexpr int step_wait_ms =
    250;  // of one look at a step of a transaction; then it may have to stop
constexpr int64_t between_steps_ms = 10;
constexpr int abort_wait_ms = 1'000;
constexpr int abort_wait_at_stop_ms = 200;
constexpr int broker_wait_ms = 2'000;
constexpr int decided_wait_ms = 2'000;
constexpr int32_t batch_messages = 2'000;
constexpr int full_batch_wait_ms = 200;
constexpr int32_t batch_bytes_max = 1'000'000;
constexpr int32_t batch_bytes_least = 1'024;
constexpr int32_t single_bytes_max = 100 << 20;  // as large as any broker takes by default
constexpr const char* failure_bytes_max = "104857600";
constexpr uint64_t transaction_bytes_least = 64 << 10;
constexpr size_t in_flight_messages_max =
    400'000;  // what one lane adds keeps below the producer's bound

Error to_error(const char* what, const kafka::TransactionStep& step) {
  const bool fenced = step.outcome == kafka::TransactionOutcome::fenced;
  return {fenced ? ErrorCode::fenced : ErrorCode::unavailable,
          fmt::format("{}: {} ({})", what, step.why, kafka::name(step.outcome))};
}

}  // namespace

ShipWorker::ShipWorker(spool::Spool& spool, os::Clock& clock, ShipSettings settings,
                       std::string transactional_id, std::vector<ShipRoute> routes)
    : spool_(spool),
      clock_(clock),
      settings_(std::move(settings)),
      transactional_id_(std::move(transactional_id)),
      transaction_bytes_(settings_.transaction_bytes_max),
      batch_bytes_(batch_bytes_max) {
  for (const ShipRoute& route : routes) {
    lanes_.push_back(
        std::make_unique<ShipLane>(spool_, route, settings_.failures_topic, lanes_.size()));
  }
}

ShipWorker::~ShipWorker() {
  ask_to_stop(0);
  join();
}

void ShipWorker::start() {
  thread_ = std::thread([this] { run(); });
}

void ShipWorker::ask_to_stop(int64_t grace_ms) {
  stop_by_ms_ = clock_.steady_ms() + grace_ms;
  stopping_ = true;
  spool_.wake();
}

void ShipWorker::join() {
  if (thread_.joinable()) thread_.join();
}

ShipProgress ShipWorker::progress() const {
  const std::lock_guard lock(mutex_);
  return progress_;
}

void ShipWorker::run() {
  while (!stopping_) {
    const Status went = producer_ == nullptr ? connect() : turn();
    note();
    if (went) continue;
    disconnect(went.error());
    if (!stopping_) back_off();
  }
  producer_.reset();
}

/// Fences whoever shipped before, and only then finds out what is in Kafka already: what is read
/// now is final.
Status ShipWorker::connect() {
  const auto admin = HOLDFAST_TRY(kafka::Admin::create(settings_.client));
  HOLDFAST_CHECKED(admin->wait_for_broker(broker_wait_ms));
  HOLDFAST_CHECKED(make_topics(*admin));
  const auto suspicious = [](const auto& lane) { return lane->suspicious(); };
  const bool singly = std::ranges::any_of(lanes_, suspicious);
  auto producer = HOLDFAST_TRY(take_over(singly));
  fault::point("ship.after_fence");
  HOLDFAST_CHECKED(find_shipped_of(*admin));
  if (singly) {
    HOLDFAST_CHECKED(send_suspects_singly(*producer));
    producer = HOLDFAST_TRY(take_over(false));
  }
  producer_ = std::move(producer);
  if (told_) log_info("ship", "Kafka answers again: shipping goes on");
  told_ = false;
  back_off_ms_ = 0;
  const std::lock_guard lock(mutex_);
  progress_.connected = true;
  progress_.trouble.reset();
  return {};
}

Status ShipWorker::make_topics(kafka::Admin& admin) {
  const kafka::NewTopic failures{.name = settings_.failures_topic,
                                 .partitions = 1,
                                 .replication_factor = settings_.replication_factor,
                                 .configs = {{"max.message.bytes", failure_bytes_max}}};
  HOLDFAST_CHECKED(admin.ensure_topic(failures, settings_.request_timeout_ms));
  for (const auto& lane : lanes_) {
    const kafka::NewTopic wanted{.name = lane->route().topic,
                                 .partitions = lane->route().partitions,
                                 .replication_factor = settings_.replication_factor,
                                 .configs = {}};
    HOLDFAST_CHECKED(admin.ensure_topic(wanted, settings_.request_timeout_ms));
  }
  return {};
}

/// A producer that has the transactional id for itself: what was open under it is aborted, and
/// nothing more of an older one is taken. `singly`: it packs each message alone, as large as it may
/// be.
Result<std::unique_ptr<kafka::Producer>> ShipWorker::take_over(bool singly) {
  kafka::ProducerSettings wanted{.linger_ms = settings_.transaction_timeout_ms / 2.0,
                                 .batch_bytes = batch_bytes_,
                                 .batch_messages = batch_messages,
                                 .compression = settings_.compression,
                                 .transactional_id = transactional_id_,
                                 .transaction_timeout_ms = settings_.transaction_timeout_ms,
                                 .delivery_timeout_ms = settings_.transaction_timeout_ms,
                                 .queue_bytes_max = 1 << 30};
  if (singly) {
    wanted.linger_ms = 0;
    wanted.batch_messages = 1;
    wanted.message_bytes_max = single_bytes_max;
  }
  auto producer = HOLDFAST_TRY(kafka::Producer::create(settings_.client, wanted));
  const int64_t until = clock_.steady_ms() + settings_.request_timeout_ms;
  for (;;) {
    const kafka::TransactionStep step = producer->init_transactions(step_wait_ms);
    if (step.done()) return producer;
    if (step.outcome != kafka::TransactionOutcome::retry || stopping_ ||
        clock_.steady_ms() >= until)
      return std::unexpected(to_error("no transactions", step));
    spool_.wait_for_change(spool_.changes(), between_steps_ms);
  }
}

Status ShipWorker::find_shipped_of(kafka::Admin& admin) {
  const int timeout_ms = settings_.request_timeout_ms;
  std::vector<kafka::TopicPartition> asked;
  const auto ask = [&](const std::string& topic, const StreamRange& range) -> Result<int32_t> {
    const kafka::TopicInfo info = HOLDFAST_TRY(admin.topic(topic, timeout_ms));
    for (int32_t number = 0; number < info.partitions && !range.empty(); ++number)
      asked.push_back({topic, number});
    return info.partitions;
  };
  std::vector<std::pair<int32_t, int32_t>> partitions;  // of the topic, of the failures
  for (const auto& lane : lanes_) {
    const int32_t of_topic = HOLDFAST_TRY(ask(lane->route().topic, lane->events_range()));
    const int32_t of_failures = HOLDFAST_TRY(ask(settings_.failures_topic, lane->rejected_range()));
    partitions.emplace_back(of_topic, of_failures);
  }
  // Topics may be shared with others, whose open transactions hide what we committed behind them.
  std::ranges::sort(asked);
  const auto doubles = std::ranges::unique(asked);
  asked.erase(doubles.begin(), doubles.end());
  HOLDFAST_CHECKED(kafka::wait_until_decided(admin, asked, decided_wait_ms));

  const auto consumer =
      HOLDFAST_TRY(kafka::Consumer::create(settings_.client, {.fetch_wait_max_ms = 10}));

  for (size_t i = 0; i < lanes_.size(); ++i) {
    ShipLane& lane = *lanes_[i];
    const auto [of_topic, of_failures] = partitions[i];
    const StreamRange events = lane.events_range();
    ShippedAlready events_in = HOLDFAST_TRY(
        find_shipped(*consumer, lane.route().topic, of_topic, events, timeout_ms));
    ShippedAlready rejected_in =
        HOLDFAST_TRY(find_shipped(*consumer, settings_.failures_topic, of_failures,
                                  lane.rejected_range(), timeout_ms));
    if (events_in.below > events.known_below || !events_in.more.empty()) {
      log_info("ship", "{} events of source {} were in topic {} already, below {}",
               events_in.below - events.known_below + static_cast<int64_t>(events_in.more.count()),
               events.source, lane.route().topic, events_in.below);
    }
    lane.restart(std::move(events_in), std::move(rejected_in), of_topic, of_failures);
  }
  return {};
}

/// A broker refuses batches whole. So what was refused is sent again, each message alone. If none
/// of them is refused then, it was the size of the batch, and batches are smaller from then on.
Status ShipWorker::send_suspects_singly(kafka::Producer& producer) {
  uint64_t refused = 0;
  for (const auto& lane : lanes_)
    refused += HOLDFAST_TRY(lane->send_singly(producer, settings_.transaction_timeout_ms));
  if (refused == 0) batch_bytes_ = std::max(batch_bytes_ / 4, batch_bytes_least);
  return {};
}

/// One transaction, of what there is; waits when there is nothing.
Status ShipWorker::turn() {
  uint64_t seen = spool_.changes();
  HOLDFAST_CHECKED(fill());
  if (!open_) {
    HOLDFAST_CHECKED(take(producer_->poll(0)));
    if (auto fatal = producer_->fatal()) return std::unexpected(std::move(*fatal));
    if (!stopping_) spool_.wait_for_change(seen, idle_wait_ms);
    return {};
  }
  // Where one transaction follows the other, fewer and larger ones cost less. The first event after
  // a silence does not wait.
  const int64_t linger_ms = settings_.linger_ms;
  const bool busy = began_ms_ - committed_ms_ <= linger_ms;
  for (int64_t left = linger_ms; busy && left > 0 && !is_full() && !stopping_;
       left = began_ms_ + linger_ms - clock_.steady_ms()) {
    spool_.wait_for_change(seen, left);
    seen = spool_.changes();
    HOLDFAST_CHECKED(fill());
  }
  return commit();
}

/// In the open transaction.
SentAmount ShipWorker::amount() const {
  SentAmount sum;
  for (const auto& lane : lanes_) {
    sum.messages += lane->amount().messages;
    sum.payload_bytes += lane->amount().payload_bytes;
    sum.bytes += lane->amount().bytes;
  }
  return sum;
}

bool ShipWorker::is_full() const {
  return amount().bytes >= transaction_bytes_ || producer_->in_flight() >= in_flight_messages_max;
}

/// Sends what there is, up to a transaction.
Status ShipWorker::fill() {
  for (bool moved = true; moved && !stopping_;) {
    moved = false;
    for (const auto& lane : lanes_) {
      if (open_ && is_full()) return {};
      const auto batches = HOLDFAST_TRY(lane->next());
      if (batches.empty()) continue;
      if (!open_) HOLDFAST_CHECKED(begin());
      HOLDFAST_CHECKED(lane->send(*producer_, batches));
      HOLDFAST_CHECKED(take(producer_->poll(0)));
      moved = true;
    }
  }
  return {};
}

Status ShipWorker::begin() {
  const kafka::TransactionStep begun = producer_->begin_transaction();
  if (!begun.done()) return std::unexpected(to_error("no transaction begins", begun));
  open_ = true;
  began_ms_ = clock_.steady_ms();
  return {};
}

/// Full batches leave by themselves, one after the other, and the rest with the commit. librdkafka
/// burns its thread's time while it flushes what still waits for an answer to the batch before: so
/// the commit begins when only the rest is left.
Status ShipWorker::await_full_batches() {
  const SentAmount all = amount();
  uint64_t partitions = 0;
  for (const auto& lane : lanes_)
    if (lane->amount().messages > 0) partitions += static_cast<uint64_t>(lane->partitions());
  // Of each partition less than a full batch may be left; sizes are estimates.
  const uint64_t messages_left = partitions * batch_messages;
  const uint64_t bytes_left = 2 * partitions * static_cast<uint64_t>(batch_bytes_);
  for (size_t waiting = producer_->in_flight(); waiting > 0;) {
    const uint64_t bytes = all.payload_bytes / std::max(all.messages, uint64_t{1}) * waiting;
    if (waiting < messages_left && bytes < bytes_left) return {};
    HOLDFAST_CHECKED(take(producer_->poll(full_batch_wait_ms)));
    if (producer_->in_flight() == waiting) return {};  // slow, or nothing of it leaves by itself
    waiting = producer_->in_flight();
  }
  return {};
}

/// Only an answer makes it committed. Without one, `connect` finds out by reading.
Status ShipWorker::commit() {
  HOLDFAST_CHECKED(await_full_batches());
  fault::point("ship.before_commit");
  const int64_t until = clock_.steady_ms() + settings_.transaction_timeout_ms;
  for (;;) {
    const kafka::TransactionStep step = producer_->commit_transaction(step_wait_ms);
    HOLDFAST_CHECKED(take(producer_->poll(0)));
    if (step.done()) break;
    if (step.outcome != kafka::TransactionOutcome::retry ||
        clock_.steady_ms() >= std::min<int64_t>(until, stop_by_ms_))
      return std::unexpected(to_error("not committed as far as is known", step));
    spool_.wait_for_change(spool_.changes(), between_steps_ms);
  }
  fault::point("ship.after_commit");
  open_ = false;
  ++transactions_;
  committed_ms_ = clock_.steady_ms();
  transaction_bytes_ = std::min(transaction_bytes_ * 2, settings_.transaction_bytes_max);
  for (const auto& lane : lanes_) lane->settle();
  return {};
}

Status ShipWorker::take(std::span<const kafka::Delivery> deliveries) {
  const kafka::Delivery* failed = nullptr;
  for (const kafka::Delivery& delivery : deliveries) {
    if (delivery.outcome == kafka::DeliveryOutcome::delivered) continue;
    if (failed == nullptr) failed = &delivery;
    if (delivery.outcome == kafka::DeliveryOutcome::rejected)
      lanes_[lane_of(delivery.token)]->suspect(batch_of(delivery.token));
  }
  if (failed == nullptr) return {};
  return fail(ErrorCode::unknown_outcome,
              fmt::format("topic {}: {} ({})", lanes_[lane_of(failed->token)]->route().topic,
                          failed->cause, kafka::name(failed->outcome)));
}

/// The producer is of no use any more. What it had open is aborted, here or by its successor; what
/// it may have committed is looked for in the topics.
void ShipWorker::disconnect(const Error& why) {
  if (!told_) {
    log_warning(
        "ship", "not shipping, events wait in the spool: {}{}", why.message,
        why.code == ErrorCode::fenced ? "; does another process have a copy of this spool?" : "");
  }
  told_ = true;
  const bool had_producer = producer_ != nullptr;
  if (std::exchange(open_, false)) {
    // Readers need not wait for the successor then.
    producer_->abort_transaction(stopping_ ? abort_wait_at_stop_ms : abort_wait_ms);
    static_cast<void>(take(producer_->poll(0)).has_value());  // which batch was it?
    transaction_bytes_ = std::max(transaction_bytes_ / 2, transaction_bytes_least);
  }
  producer_.reset();
  for (const auto& lane : lanes_) lane->go_back();
  const std::lock_guard lock(mutex_);
  progress_.connected = false;
  progress_.trouble = why;
  progress_.restarts += had_producer ? 1 : 0;
}

void ShipWorker::back_off() {
  back_off_ms_ = std::clamp(back_off_ms_ * 2, first_back_off_ms, back_off_max_ms);
  std::uniform_int_distribution<int64_t> jitter(back_off_ms_ / 2, back_off_ms_);
  pause(jitter(random_));
}

/// Waits, unless it is to stop.
void ShipWorker::pause(int64_t duration_ms) {
  const int64_t until = clock_.steady_ms() + duration_ms;
  uint64_t seen = spool_.changes();
  for (int64_t now = clock_.steady_ms(); !stopping_ && now < until; now = clock_.steady_ms()) {
    spool_.wait_for_change(seen, until - now);
    seen = spool_.changes();
  }
}

void ShipWorker::note() {
  uint64_t sent = 0;
  uint64_t skipped = 0;
  for (const auto& lane : lanes_) {
    sent += lane->sent();
    skipped += lane->skipped();
  }
  const std::lock_guard lock(mutex_);
  progress_.sent = sent;
  progress_.skipped = skipped;
  progress_.transactions = transactions_;
}

}  // namespace holdfast::pipeline
