#include "broker/core.h"

#include <algorithm>
#include <array>
#include <fmt/core.h>

#include "base/check.h"
#include "base/log_line.h"
#include "base/planted_bug.h"
#include "broker/api_table.h"
#include "broker/context.h"
#include "broker/fetch_waiter.h"
#include "broker/retention.h"

namespace holdfast::broker {
namespace {

constexpr int64_t kWaitingCheckMs = 1000;  // how exactly produce time-outs are kept
constexpr int64_t kHousekeepingMs = 600'000;
constexpr uint64_t kCheckpointShare = 64;  // checkpoints are at most this part of what is written

}  // namespace

Core::Core(const BrokerSettings& settings, State& state, log::Log& log, Outlet& outlet,
           std::function<TopicId()> new_id)
    : settings_(settings),
      state_(state),
      log_(log),
      outlet_(outlet),
      state_end_(log.end()),
      durable_(log.durable()),
      retention_(std::make_unique<Retention>(settings, state, log)),
      new_id_(std::move(new_id)),
      groups_(*this),
      fetch_sessions_({.sessions_max = settings.limits.fetch_sessions_max,
                       .partitions_max = settings.limits.fetch_session_partitions_max},
                      [this] { return load_be<uint32_t>(new_id_().bytes.data()); }) {
  last_checkpoint_ = log.checkpoint_position();
  retention_->release_after_restart();
  state_.on_topic_deleted = [this](Topic& topic) { topic_deleted(topic); };
  groups_.has_pending_offsets = [this](std::string_view group) {
    return state_.pending_offsets().has_group(group);
  };
}

Core::~Core() {
  state_.on_topic_deleted = nullptr;
}

void Core::serve(const wire::RequestHeader& request, uint64_t connection, uint64_t sequence,
                 Instant now) {
  transactions_.recover(now);
  Context context(*this, {connection, sequence, request.api_version, request.correlation_id},
                  request.client_id.value_or(""), now);
  const ServedApi* api = find_served_api(request.api_key);
  if (!api) return context.disconnect(fmt::format("unknown API key {}", request.api_key));
  if (request.verdict == wire::RequestHeader::Verdict::known &&
      api->versions.contains(request.api_version)) {
    return api->serve(context, request.body);
  }
  // A client that asks what we speak cannot know it yet, so it gets an answer that every version of
  // it can read.
  if (api->spec->key == wire::ApiKey::api_versions) return refuse_api_versions(context);
  context.disconnect(
      fmt::format("{} of version {}, which is not served", api->spec->name, request.api_version));
}

void Core::forget(uint64_t connection) {
  for (auto fetch = fetches_.begin(); fetch != fetches_.end();) {
    FetchWaiter& waiter = *fetch->second;
    ++fetch;
    if (waiter.ticket.connection == connection) release(waiter);
  }
}

void Core::durable(log::Position upto, Instant now) {
  if (stalled_) log_info("broker", "there is space on the disk again; going on");
  stalled_ = false;
  durable_ = upto;
  for (; !appends_.empty() && appends_.front().position <= upto; appends_.pop_front()) {
    const Append& append = appends_.front();
    if (!append.partition) continue;
    Partition& partition = *append.partition;
    const int64_t stable_end = std::max(partition.last_stable_offset, append.stable_end);
    const bool newly_stable = stable_end > partition.last_stable_offset;
    partition.high_watermark = append.end;
    partition.last_stable_offset = stable_end;
    grown(partition, append.bytes, newly_stable);
  }
  while (!waiting_.empty() && waiting_.front().position <= upto) {
    auto then = std::move(waiting_.front().then);
    waiting_.pop_front();
    then(true);
  }
  finish_ready(now);
  if (checkpoint_ && checkpoint_->upto <= upto) write_checkpoint();
  retention_->durable(upto, now);
  follow_cleaning();
}

void Core::stalled(const Error& why) {
  if (!stalled_)
    log_error("broker",
              "nothing can be written: {}; produce requests are refused until there is space",
              why.message);
  stalled_ = true;
}

void Core::failed(const Error& why) {
  log_error("broker", "the log takes no more until a restart: {}", why.message);
  failed_ = true;
  for (const Waiting& waiting : waiting_) disconnect(waiting.ticket.connection, "the log failed");
  waiting_.clear();
}

void Core::segment_sealed() {
  retention_->log_has_grown();
  // A big state is not written for every segment: restart then reads a few more of them.
  if (checkpoint_ ||
      log_.end().value - last_checkpoint_.value < kCheckpointShare * last_checkpoint_bytes_)
    return;
  take_checkpoint();
}

void Core::take_checkpoint() {
  checkpoint_ = Checkpoint{log_.end(), state_.checkpoint()};
  last_checkpoint_ = checkpoint_->upto;
  last_checkpoint_bytes_ = checkpoint_->bytes.size();
  if (checkpoint_->upto <= durable_) write_checkpoint();
}

void Core::write_checkpoint() {
  log_.write_checkpoint(checkpoint_->upto, std::move(checkpoint_->bytes));
  checkpoint_.reset();
}

void Core::give_back_space() {
  retention_->give_back_space();
  follow_cleaning();
}

/// Does what giving space back has led to.
void Core::follow_cleaning() {
  if (retention_->take_checkpoint_wish()) take_checkpoint();
  const AbortsForgotten forgotten = retention_->take_forgettable();
  if (forgotten.partitions.empty()) return;
  if (const Status done = change(forgotten); !done)  // later, then
    log_warning("broker", "aborted transactions are not forgotten: {}", done.error().message);
}

void Core::tick(Instant now) {
  while (!fetches_.empty() && fetches_.begin()->first.first <= now.steady_ms) {
    release(*fetches_.begin()->second)->answer(*this, now);
  }
  if (now.steady_ms >= waiting_check_ms_) {
    waiting_check_ms_ = now.steady_ms + kWaitingCheckMs;
    for (Waiting& waiting : waiting_) {
      if (waiting.deadline_ms > now.steady_ms) continue;
      waiting.deadline_ms = INT64_MAX;
      std::exchange(waiting.then, [](bool) {})(false);
    }
  }
  groups_.tick(now);
  transactions_.tick(now);
  if (now.steady_ms >= housekeeping_ms_) {
    housekeeping_ms_ = now.steady_ms + kHousekeepingMs;
    forget_idle_producers(now);
    transactions_.forget_idle_ids(now);
    retention_->check_clock(now);
  }
  if (now.steady_ms >= retention_->next_ms()) keep_retention(now);
}

void Core::keep_retention(Instant now) {
  const LogStartsMoved moves = retention_->step(now);
  follow_cleaning();
  if (moves.moves.empty()) return;
  const Status moved = change(moves);
  if (moved) return;
  log_warning("broker", "retention: {}", moved.error().message);
  retention_->look_again();
}

void Core::answer_waiting_fetches(Instant now) {
  while (!fetches_.empty()) release(*fetches_.begin()->second)->answer(*this, now);
}

int64_t Core::next_deadline_ms() const {
  int64_t next = std::min({housekeeping_ms_, groups_.next_deadline_ms(),
                           transactions_.next_deadline_ms(), retention_->next_ms()});
  if (!fetches_.empty()) next = std::min(next, fetches_.begin()->first.first);
  if (!waiting_.empty()) next = std::min(next, waiting_check_ms_);
  return next;
}

bool Core::congested() const {
  return !stalled_ && !failed_ &&
         log_.end().value - log_.durable().value > settings_.pending_bytes_max / 2;
}

Status Core::may_append() const {
  if (failed_) return fail(ErrorCode::read_only, "the log takes no more until a restart");
  if (stalled_) return fail(ErrorCode::disk_full, "no space on the disk");
  return {};
}

Status Core::change(const StateRecord& record) {
  HOLDFAST_CHECKED(may_append());
  const ByteBuffer bytes = encode(record);
  const ByteView body = bytes;
  state_end_ =
      HOLDFAST_TRY(log_.append({.kind = log::FrameKind::state, .partition = {}}, {&body, 1}));
  const Status applied = state_.replay(record);
  HOLDFAST_CHECK(applied.has_value());
  retention_->changed(record);
  return {};
}

Result<int64_t> Core::append(Partition& partition, const record::BatchView& batch, Instant now) {
  HOLDFAST_CHECKED(may_append());
  const int64_t base_offset = partition.end;
  std::array<std::byte, record::batch_header_bytes> header;
  std::copy_n(batch.bytes().begin(), header.size(), header.begin());
  record::set_base_offset(header, base_offset);
  record::set_leader_epoch(header, leader_epoch);
  const std::array<ByteView, 2> body{header, batch.payload()};
  const log::FrameKey key{.kind = log::FrameKind::batch,
                          .partition = partition.log_id,
                          .first_offset = base_offset,
                          .last_offset = base_offset + batch.last_offset_delta(),
                          .max_timestamp_ms = batch.max_timestamp_ms()};
  partition.last_append = HOLDFAST_TRY(log_.append(key, body));
  state_.replay_batch(partition, batch, base_offset, now.wall_ms);
  if (partition.producers.size() > settings_.limits.producer_ids_per_partition_max) {
    partition.producers.shrink(settings_.limits.producer_ids_per_partition_max * 9 / 10,
                               [&](int64_t id) { return partition.in_transaction(id); });
  }
  retention_->appended(partition, batch.max_timestamp_ms(), now);
  appends_.push_back(
      {partition.last_append, &partition, partition.end, partition.stable_end(), batch.size()});
  metrics_.messages_in.add(static_cast<uint64_t>(batch.record_count()));
  metrics_.bytes_in.add(batch.size());
  return base_offset;
}

void Core::answer_when_durable(const Ticket& ticket, wire::Gather bytes, log::Position position) {
  if (position <= durable_) return answer(ticket, {std::move(bytes), {}});
  when_durable(ticket, position, INT64_MAX, [this, ticket, bytes = std::move(bytes)](bool) mutable {
    answer(ticket, {std::move(bytes), {}});
  });
}

void Core::when_durable(const Ticket& ticket, log::Position position, int64_t deadline_ms,
                        std::move_only_function<void(bool)> then) {
  if (position <= durable_ || planted_bug == PlantedBug::acknowledge_before_sync) return then(true);
  if (failed_) return disconnect(ticket.connection, "the log failed");
  // Nearly always at the back: only answers that need no append of their own may belong further
  // ahead.
  auto place = waiting_.end();
  while (place != waiting_.begin() && std::prev(place)->position > position) --place;
  waiting_.insert(place, Waiting{ticket, position, deadline_ms, std::move(then)});
}

void Core::park(std::unique_ptr<FetchWaiter> waiter) {
  FetchWaiter& parked = *waiter;
  for (Partition* partition : parked.partitions) partition->waiters.push_back(&parked);
  parked.number = fetches_parked_++;
  fetches_.emplace(std::pair(parked.deadline_ms, parked.number), std::move(waiter));
}

/// Takes a fetch out of everything that points to it.
std::unique_ptr<FetchWaiter> Core::release(FetchWaiter& waiter) {
  for (Partition* partition : waiter.partitions) std::erase(partition->waiters, &waiter);
  if (waiter.ready) std::erase(ready_, &waiter);
  auto node = fetches_.extract({waiter.deadline_ms, waiter.number});
  HOLDFAST_CHECK(!node.empty());
  return std::move(node.mapped());
}

/// A reader of committed records waits for the last stable offset. When it moves, more may have
/// become readable than what was appended last, so it looks for itself.
void Core::grown(Partition& partition, uint64_t bytes, bool newly_stable) {
  for (FetchWaiter* waiter : partition.waiters) {
    if (waiter->committed_only && partition.transactions) {
      if (!newly_stable) continue;
      waiter->missing_bytes = 0;
    }
    waiter->missing_bytes -= static_cast<int64_t>(bytes);
    if (waiter->missing_bytes > 0 || waiter->ready) continue;
    waiter->ready = true;
    ready_.push_back(waiter);
  }
}

void Core::finish_ready(Instant now) {
  while (!ready_.empty()) release(*ready_.front())->answer(*this, now);
}

void Core::topic_deleted(Topic& topic) {
  retention_->topic_deleted(topic);
  for (const auto& partition : topic.partitions) {
    for (Append& append : appends_) {
      if (append.partition == partition.get()) append.partition = nullptr;
    }
    grown(*partition, INT64_MAX / 2, true);
    for (FetchWaiter* waiter : partition->waiters) std::erase(waiter->partitions, partition.get());
  }
}

void Core::forget_idle_producers(Instant now) {
  for (const auto& [name, topic] : state_.topics()) {
    for (const auto& partition : topic->partitions) {
      partition->producers.expire(now.wall_ms - settings_.producer_id_expiration_ms,
                                  [&](int64_t id) { return partition->in_transaction(id); });
    }
  }
}

}  // namespace holdfast::broker
