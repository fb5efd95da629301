#include "pipeline/queued_failures.h"

#include "base/fault.h"
#include "base/log_line.h"
#include "pipeline/spooled_message.h"

namespace holdfast::pipeline {
namespace {

/// So long a Kafka that does not answer is waited for before the spool takes the records.
constexpr int64_t direct_ms = 3'000;
constexpr size_t append_bytes = 1 << 20;
constexpr uint64_t ship_bytes = 4 << 20;
constexpr int64_t look_every_ms = 1'000;

}  // namespace

QueuedFailures::QueuedFailures(std::string pipeline, kafka::ClientSettings client,
                               std::string topic, FailureSpool* spool, std::string name)
    : settings_{.name = std::move(pipeline),
                .kafka = std::move(client),
                .failure_topic = std::move(topic)},
      folder_(spool),
      name_(std::move(name)) {}

QueuedFailures::~QueuedFailures() {
  stop();
  if (spool::Spool* const spool = spool_) spool->wake();
  if (shipping_.joinable()) shipping_.join();
}

Status QueuedFailures::start() {
  if (folder_ == nullptr || !HOLDFAST_TRY(folder_->exists())) return {};
  return open_spool();
}

Status QueuedFailures::open_spool() {
  if (spool_ != nullptr) return {};
  spool::Spool* const spool = HOLDFAST_TRY(folder_->open());
  source_ = HOLDFAST_TRY(spool->open_source(name_));
  spool_ = spool;
  shipping_ = std::thread([this] { ship(); });
  return {};
}

int64_t QueuedFailures::spooled() const {
  const spool::Spool* const spool = spool_;
  if (spool == nullptr) return 0;
  const spool::SourceState state = spool->source(source_);
  return state.next_batch - 1 - state.shipped_batch;
}

Status QueuedFailures::put(std::span<const event::FailureRecord> records) {
  if (folder_ == nullptr) return queue_.put(records);
  std::vector<bool> delivered(records.size());
  if (spooled() == 0) {
    const Status sent = queue_.put(records, delivered, direct_ms);
    if (sent || sent.error().code != ErrorCode::unavailable) return sent;
    log_warning("pipeline", "{}: failure records wait in the spool until {} takes them: {}",
                settings_.name, settings_.failure_topic, sent.error().message);
  }
  HOLDFAST_CHECKED(open_spool());
  return append(records, delivered);
}

Status QueuedFailures::append(std::span<const event::FailureRecord> records,
                              const std::vector<bool>& delivered) {
  event::FailureFormatter formatter;
  spool::BatchBuilder batch;
  for (size_t i = 0; i < records.size(); ++i) {
    if (delivered[i]) continue;
    const event::Event& event = records[i].event;
    batch.add(event.key, encode_message(formatter.format(records[i]), event.value), "", "");
    if (batch.bytes() < append_bytes) continue;
    HOLDFAST_CHECKED(append_batch(batch));
    batch.clear();
  }
  if (!batch.empty()) HOLDFAST_CHECKED(append_batch(batch));
  fault::point("deliver.after_spooled_failures");
  return {};
}

/// Returns when it is on the disk.
Status QueuedFailures::append_batch(const spool::BatchBuilder& batch) {
  spool::Spool& spool = *spool_.load();
  while (!stop_.raised()) {
    uint64_t seen = spool.changes();
    const auto end = spool.append(source_, batch, std::nullopt);
    if (!end && end.error().code != ErrorCode::limit) return std::unexpected(end.error());
    for (; end && !stop_.raised(); seen = spool.changes()) {
      if (spool.durable() >= *end) return {};
      if (const auto failed = spool.status().failed) return std::unexpected(*failed);
      spool.wait_for_change(seen, look_every_ms);
    }
    spool.wait_for_change(seen, look_every_ms);  // full
  }
  return fail(ErrorCode::interrupted, "asked to stop");
}

void QueuedFailures::ship() {
  spool::Spool& spool = *spool_.load();
  FailureQueue queue(settings_, stop_);
  while (!stop_.raised()) {
    const uint64_t seen = spool.changes();
    const Result<bool> shipped = ship_next(queue);
    if (shipped && *shipped) continue;
    if (!shipped && shipped.error().code != ErrorCode::interrupted) {
      log_error("pipeline", "{}: a spooled failure record cannot be sent to {}: {}", settings_.name,
                settings_.failure_topic, shipped.error().message);
      stop_.sleep(settings_.retry_max_ms);
    }
    if (shipped) spool.wait_for_change(seen, settings_.retry_max_ms);
  }
}

Result<bool> QueuedFailures::ship_next(FailureQueue& queue) {
  spool::Spool& spool = *spool_.load();
  const auto batches =
      HOLDFAST_TRY(spool.read(source_, spool.source(source_).shipped_batch + 1, ship_bytes));
  for (const spool::StoredBatch& stored : batches) {
    std::vector<event::Event> events;
    spool::BatchView::Events cursor(stored.view, name_);
    for (event::Event event; cursor.next(event);) events.push_back(event);
    SpooledMessage message;
    for (const event::Event& event : events)
      HOLDFAST_CHECKED(decode_message(event.value.value_or(""), message));
    HOLDFAST_CHECKED(queue.put(events.size(), [&](size_t i) -> FailureQueue::Message {
      static_cast<void>(decode_message(*events[i].value, message));
      return {events[i].key, message.value, message.headers};
    }));
    fault::point("deliver.before_spooled_mark");
    const spool::BatchHeader& header = stored.view.header();
    spool.mark_shipped(source_, stored.number, header.next_sequence(),
                       header.next_rejected_sequence());
  }
  return !batches.empty();
}

}  // namespace holdfast::pipeline
