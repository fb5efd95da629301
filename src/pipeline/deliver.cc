#include "pipeline/deliver.h"

#include <algorithm>
#include <mutex>
#include <thread>

#include "base/fault.h"
#include "base/log_line.h"
#include "base/os/clock.h"
#include "pipeline/failure_queue.h"
#include "pipeline/fill_batch.h"
#include "pipeline/hand_over.h"
#include "pipeline/stop_signal.h"
#include "pipeline/topic_reader.h"

namespace holdfast::pipeline {

using event::FailureRecord;
using sink::Entry;
using sink::Outcome;
using State = DeliverProgress::State;

const char* name(State state) {
  switch (state) {
    case State::starting:
      return "starting";
    case State::running:
      return "running";
    case State::waiting_for_kafka:
      return "waiting_for_kafka";
    case State::waiting_for_topics:
      return "waiting_for_topics";
    case State::waiting_for_store:
      return "waiting_for_store";
    case State::ended:
      return "ended";
    case State::failed:
      return "failed";
  }
  return "?";
}

namespace {

/// Batches under way between reader and store, beside the one that each has in hand: enough to keep
/// both busy.
constexpr size_t batches_ahead = 2;

struct Refused {
  uint32_t event;
  std::string code;
  std::string cause;
  event::FailureStage stage;
};

}  // namespace

struct Deliver::Impl {
  DeliverSettings settings;
  std::unique_ptr<transform::Transform> transform;
  std::unique_ptr<sink::Sink> sink;
  StopSignal stop;
  HandOver<ReadBatch> batches{batches_ahead};
  HandOver<ReadBatch> used{batches_ahead};
  FailureQueue failures{settings, stop};
  TopicReader reader{settings, stop, batches, used};

  // Of the worker alone.
  uint64_t generation = 0;
  transform::Output output;
  sink::Batch batch;
  std::vector<Refused> refused;

  mutable std::mutex mutex;  // of what follows, for those who ask; only the worker changes it
  DeliverProgress now;
  sink::Positions delivered;  // as the store has them

  void say(State state, std::string message = {}) {
    const std::lock_guard lock(mutex);
    now.state = state;
    now.message = std::move(message);
  }

  /// The store's own positions, waiting for it as long as it takes; the reader starts from them.
  Status start_from_store() {
    Backoff backoff(settings.retry_first_ms, settings.retry_max_ms);
    while (!stop.raised()) {
      Result<sink::Positions> positions = sink->positions();
      if (positions) {
        resume_from(std::move(*positions));
        return {};
      }
      if (positions.error().code == ErrorCode::invalid ||
          positions.error().code == ErrorCode::version_unknown)
        return std::unexpected(positions.error());
      say(State::waiting_for_store, positions.error().message);
      stop.sleep(backoff.next_ms());
    }
    return fail(ErrorCode::interrupted, "asked to stop");
  }

  void resume_from(sink::Positions positions) {
    {
      const std::lock_guard lock(mutex);
      delivered = positions;
    }
    generation = reader.read_from(std::move(positions));
    say(State::running);
  }

  FailureRecord record_of(const transform::InputEvent& input, const Refused& why,
                          int64_t now_us) const {
    FailureRecord record;
    record.kind = event::FailureKind::rejected;
    record.stage = why.stage;
    record.event = input.event;
    record.store = settings.store;
    record.pipeline = settings.name;
    record.cause_code = why.code;
    record.cause = why.cause;
    record.first_failure_us = record.last_failure_us = now_us;
    record.origin = input.origin;
    return record;
  }

  Status hand_over(const transform::EventBatch& events, const std::vector<Refused>& which) {
    if (which.empty()) return {};
    const int64_t now_us = os::real_clock().wall_us();
    std::vector<FailureRecord> records;
    for (const Refused& one : which)
      records.push_back(record_of(events.events()[one.event], one, now_us));
    HOLDFAST_CHECKED(failures.put(records));
    if (settings.on_rejected) settings.on_rejected(records.size(), which.front().cause);
    const std::lock_guard lock(mutex);
    now.rejected += records.size();
    return {};
  }

  Status hand_over_unreadable(const Decoded& decoded) {
    refused.clear();
    for (uint32_t i = 0; i < decoded.unreadable.size(); ++i)
      refused.push_back({i, "envelope", decoded.reasons[i], event::FailureStage::transform});
    return hand_over(decoded.unreadable, refused);
  }

  Status run_transform(const transform::EventBatch& events) {
    HOLDFAST_CHECKED(transform->run(events, output));
    refused.clear();
    for (const transform::Output::Rejection& rejection : output.rejections)
      refused.push_back(
          {rejection.event, rejection.code, rejection.message, event::FailureStage::transform});
    return hand_over(events, refused);
  }

  Status hand_over_refusals(const transform::EventBatch& events, const sink::Written& written) {
    refused.clear();
    for (const sink::Written::Refusal& refusal : written.refusals) {
      if (written.outcomes[refusal.entry] != Outcome::rejected) continue;
      refused.push_back(
          {refusal.entry, refusal.cause.code, refusal.cause.message, event::FailureStage::sink});
      batch.entries[refusal.entry].row = Entry::handed_over;
    }
    return hand_over(events, refused);
  }

  enum class Step { done, again, resumed };

  /// After a write whose end is not well: what the store itself says.
  Result<Step> after_trouble() {
    const Result<sink::Positions> positions = sink->positions();
    if (!positions) {
      say(State::waiting_for_store, positions.error().message);
      return Step::again;
    }
    const auto has = [&](const auto& place) {
      const auto found = positions->find(place.first);
      return found != positions->end() && found->second == place.second;
    };
    if (std::ranges::all_of(batch.upto, has)) return Step::done;  // it had been applied
    if (*positions == delivered) return Step::again;
    log_warning("pipeline",
                "{}: the store's positions are not where they were; reading on from them",
                settings.name);
    resume_from(*positions);
    return Step::resumed;
  }

  void count(const sink::Written& written) {
    const std::lock_guard lock(mutex);
    for (size_t i = 0; i < batch.entries.size(); ++i) {
      if (batch.entries[i].row == Entry::handed_over) continue;
      if (batch.entries[i].row == Entry::filtered)
        ++now.filtered;
      else if (written.outcomes[i] == Outcome::superseded)
        ++now.superseded;
      else
        ++now.applied;
    }
  }

  Status write(const transform::EventBatch& events) {
    Backoff backoff(settings.retry_first_ms, settings.retry_max_ms);
    while (!stop.raised()) {
      sink::Written written = sink->write(batch);
      if (written.complete()) {
        count(written);
        return moved();
      }
      if (written.has(Outcome::rejected)) {
        HOLDFAST_CHECKED(hand_over_refusals(events, written));
        if (!refused.empty()) continue;  // without them it will go well
      }
      const std::string why = written.why();
      say(State::waiting_for_store, why);
      const int64_t pause_ms = backoff.next_ms();
      log_warning("pipeline",
                  "{}: the store did not take a batch of {} events, next attempt in {} ms: {}",
                  settings.name, batch.entries.size(), pause_ms, why);
      stop.sleep(pause_ms);
      {
        const std::lock_guard lock(mutex);
        ++now.retries;
      }
      const Step step = HOLDFAST_TRY(after_trouble());
      if (step == Step::resumed) return {};
      if (step == Step::again) continue;
      written.outcomes.assign(batch.entries.size(), Outcome::applied);
      count(written);
      return moved();
    }
    return fail(ErrorCode::interrupted, "asked to stop");
  }

  /// The batch is in the store.
  Status moved() {
    fault::point("deliver.after_write");
    const std::lock_guard lock(mutex);
    for (const auto& [place, offset] : batch.upto) delivered[place] = offset;
    now.state = State::running;
    now.message.clear();
    ++now.batches;
    return {};
  }

  Status deliver(ReadBatch& read) {
    {
      const std::lock_guard lock(mutex);
      now.consumed += read.decoded.events.size() + read.decoded.unreadable.size();
    }
    fault::point("deliver.before_transform");
    HOLDFAST_CHECKED(hand_over_unreadable(read.decoded));
    HOLDFAST_CHECKED(run_transform(read.decoded.events));
    fill_batch(read.decoded.events, output, batch);
    batch.upto = std::move(read.upto);
    fault::point("deliver.before_write");
    return write(read.decoded.events);
  }

  void give_back(ReadBatch read) {
    read.decoded.events.clear();
    read.decoded.unreadable.clear();
    read.decoded.reasons.clear();
    read.upto.clear();
    used.try_push(std::move(read));
  }

  Status work() {
    HOLDFAST_CHECKED(start_from_store());
    while (std::optional<ReadBatch> read = batches.pop()) {
      const bool valid = read->generation == generation;
      if (valid && !read->upto.empty()) HOLDFAST_CHECKED(deliver(*read));
      // Delivering may have begun a new generation: then the reader starts again, whatever it had
      // come to.
      if (read->last && read->generation == generation) {
        HOLDFAST_CHECKED(read->status);
        return failed_partition();
      }
      give_back(std::move(*read));
    }
    return {};
  }

  /// In the end: a partition that could not be read is an error of the whole run.
  Status failed_partition() {
    for (const auto& [place, why] : reader.seen().failures)
      return fail(ErrorCode::corrupt,
                  place.topic + "/" + std::to_string(place.partition) + ": " + why);
    return {};
  }

  Status run() {
    std::jthread reading([this] { reader.run(); });
    Status status = work();
    stop.raise();
    batches.close();
    used.close();
    reading.join();
    if (!status && status.error().code == ErrorCode::interrupted) status = {};
    say(status ? State::ended : State::failed, status ? "" : status.error().message);
    return status;
  }
};

Deliver::Deliver(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Deliver::~Deliver() {
  stop();
}

Result<std::unique_ptr<Deliver>> Deliver::open(const DeliverSettings& settings,
                                               std::unique_ptr<transform::Transform> transform,
                                               std::unique_ptr<sink::Sink> sink) {
  if (settings.topics.empty())
    return fail(ErrorCode::invalid, "pipeline " + settings.name + " reads no topic");
  if (settings.batch_events_max == 0)
    return fail(ErrorCode::invalid, "a batch must hold at least one event");
  auto impl = std::make_unique<Impl>(settings, std::move(transform), std::move(sink));
  return std::unique_ptr<Deliver>(new Deliver(std::move(impl)));
}

Status Deliver::run() {
  return impl_->run();
}

void Deliver::stop() {
  impl_->stop.raise();
  impl_->batches.close();
  impl_->used.close();
}

void Deliver::finish() {
  impl_->reader.finish();
}

sink::Sink& Deliver::sink() {
  return *impl_->sink;
}

DeliverProgress Deliver::progress() const {
  const TopicReader::Seen seen = impl_->reader.seen();
  const std::lock_guard lock(impl_->mutex);
  DeliverProgress progress = impl_->now;
  std::map<sink::TopicPartition, DeliverProgress::Partition> partitions;
  for (const auto& [place, offset] : impl_->delivered) partitions[place].next_offset = offset;
  for (const auto& [place, offset] : seen.ends) partitions[place].end_offset = offset;
  for (const auto& [place, why] : seen.failures) partitions[place].failure = why;
  for (auto& [place, partition] : partitions) {
    partition.place = place;
    partition.end_offset = std::max(partition.end_offset, partition.next_offset);
    progress.partitions.push_back(partition);
  }
  if (progress.state == State::running && !seen.waiting.empty()) {
    progress.state = seen.no_broker ? State::waiting_for_kafka : State::waiting_for_topics;
    progress.message = seen.waiting;
  }
  return progress;
}

}  // namespace holdfast::pipeline
