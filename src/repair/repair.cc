#include "repair/repair.h"

#include <algorithm>
#include <chrono>
#include <deque>
#include <set>
#include <thread>

#include "base/fault.h"
#include "base/os/clock.h"
#include "base/planted_bug.h"
#include "kafka/admin.h"
#include "kafka/events/event_reader.h"
#include "repair/read_partition.h"

namespace holdfast::repair {
namespace {

using sink::Entry;
using sink::Held;
using sink::Outcome;

constexpr int request_timeout_ms = 10'000;
constexpr int64_t read_timeout_ms = 30'000;

struct Item {
  Place place;
  event::FailureRecord record;  // points into the chunk's messages
};

/// Records of one store that go together: as many as the window has room for with one of them in
/// each worker's hand. The next is read meanwhile; smaller ones cost the store more for each
/// record.
struct Chunk {
  std::shared_ptr<kafka::MessageBatch> messages;
  std::vector<Item> items;
};

std::string target_key(const event::FailureRecord& record) {
  return std::string(record.pipeline) + "\n" + std::string(record.datacenter) + "\n" +
         std::string(record.store);
}

using Failed = std::map<uint32_t, sink::Cause>;  // by entry
constexpr const char* needs_decision = "needs_decision";

/// A store, opened by one worker.
struct Opened {
  std::unique_ptr<Target> target;
  int64_t remembers_deletions_us = INT64_MAX;
};
struct Targets {
  size_t worker;
  std::map<std::string, Opened> open;
};

class Run {
 public:
  Run(const RepairSettings& settings, Stop& stop)
      : settings_(settings),
        stop_(stop),
        chunk_max_(
            std::max<size_t>(settings.concurrency / std::max<size_t>(settings.workers, 1), 1)) {}

  Result<RepairReport> run() {
    const auto admin = HOLDFAST_TRY(kafka::Admin::create(settings_.kafka));
    const auto topic = admin->topic(settings_.queue, request_timeout_ms);
    if (!topic && topic.error().code == ErrorCode::not_found) return finish();
    if (!topic) return std::unexpected(topic.error());
    if (settings_.dry_run) {
      marks_ = HOLDFAST_TRY(read_marks(settings_.kafka, settings_.queue));
    } else {
      report_.lease = HOLDFAST_TRY(Lease::take(settings_.kafka, settings_.queue, stop_));
      marks_ = report_.lease->marks();
    }
    std::vector<std::thread> workers;
    if (!settings_.dry_run)
      for (size_t i = 0; i < std::max<size_t>(settings_.workers, 1); ++i)
        workers.emplace_back([this, i] { work(i); });
    Status read;
    for (int32_t i = 0; i < topic->partitions && read; ++i) read = read_queue(i);
    close();
    for (std::thread& worker : workers) worker.join();
    HOLDFAST_CHECKED(read);
    report_.stopped = stop_.raised();
    return finish();
  }

 private:
  RepairReport finish() {
    report_.all_repaired = marks_.repaired();
    report_.all_superseded = marks_.superseded();
    report_.to_tell_repaired =
        report_.all_repaired - std::min(report_.all_repaired, marks_.told_repaired);
    report_.to_tell_superseded =
        report_.all_superseded - std::min(report_.all_superseded, marks_.told_superseded);
    return std::move(report_);
  }

  // The reader.

  bool wanted(const Place& place, const event::FailureRecord& record) const {
    const PartitionMarks& marks = known_;
    if (marks.done(place.offset)) return false;
    if (marks.quarantined.contains(place.offset) && !settings_.by_hand) return false;
    if (settings_.wanted) return settings_.wanted(place, record);
    return record.kind != event::FailureKind::rejected;
  }

  Status read_queue(int32_t partition) {
    known_ = marks_of(partition);
    // What is done from the beginning on need not be read again.
    int64_t from = 0;
    for (bool more = true; more;) {
      more = false;
      for (const event::IntervalSet* set : {&known_.repaired, &known_.superseded})
        for (const event::Interval& one : set->intervals())
          if (one.first <= from && from <= one.last) {
            from = one.last + 1;
            more = true;
          }
    }
    return read_partition(settings_.kafka, {settings_.queue, partition}, from, read_timeout_ms,
                          [&](kafka::MessageBatch batch) {
                            return take(std::make_shared<kafka::MessageBatch>(std::move(batch)));
                          });
  }

  Result<bool> take(std::shared_ptr<kafka::MessageBatch> batch) {
    std::map<std::string, Chunk> chunks;
    for (const kafka::Message& message : batch->messages()) {
      const auto record = reader_.failure(message);
      const Place place{message.partition, message.offset};
      if (!record) {
        ++report_.foreign;
        continue;
      }
      if (!wanted(place, *record)) continue;
      if (report_.waiting >= settings_.max) break;
      ++report_.waiting;
      ++report_.causes[std::string(record->cause_code)];
      if (settings_.dry_run) continue;
      Chunk& chunk = chunks[target_key(*record)];
      chunk.messages = batch;
      chunk.items.push_back({place, *record});
      if (chunk.items.size() >= chunk_max_ && !hand_out(std::exchange(chunk, {}))) return false;
    }
    for (auto& [key, chunk] : chunks)
      if (!chunk.items.empty() && !hand_out(std::move(chunk))) return false;
    return report_.waiting < settings_.max && !stop_.raised();
  }

  /// Waits for its turn, and until the window has room. False: the run ends.
  bool hand_out(Chunk chunk) {
    if (settings_.rate > 0) {
      const int64_t now_ms = os::real_clock().steady_ms();
      due_ms_ = std::max<double>(due_ms_, static_cast<double>(now_ms));
      const auto wait_ms = static_cast<int64_t>(due_ms_) - now_ms;
      due_ms_ += static_cast<double>(chunk.items.size()) * 1000 / settings_.rate;
      if (wait_ms > 0 && !stop_.sleep(wait_ms)) return false;
    }
    std::unique_lock lock(mutex_);
    while (!stop_.raised() && under_way_ > 0 &&
           under_way_ + chunk.items.size() > settings_.concurrency)
      changed_.wait_for(lock, std::chrono::milliseconds(100));
    if (stop_.raised()) return false;
    under_way_ += chunk.items.size();
    chunks_.push_back(std::move(chunk));
    changed_.notify_all();
    return true;
  }

  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }

  // A worker.

  std::optional<Chunk> next() {
    std::unique_lock lock(mutex_);
    while (chunks_.empty() && !closed_) changed_.wait_for(lock, std::chrono::seconds(1));
    if (chunks_.empty() || stop_.raised()) return {};
    std::optional<Chunk> chunk(std::move(chunks_.front()));
    chunks_.pop_front();
    return chunk;
  }

  void work(size_t worker) {
    Targets targets{worker, {}};
    while (std::optional<Chunk> chunk = next()) {
      const std::string key = target_key(chunk->items.front().record);
      Status status;
      if (!is_away(key)) status = repair(*chunk, targets);
      const std::lock_guard lock(mutex_);
      under_way_ -= chunk->items.size();
      if (!status && status.error().code != ErrorCode::interrupted) {
        away_.insert(key);
        if (!report_.failure) report_.failure = status.error();
      }
      changed_.notify_all();
    }
  }

  bool is_away(const std::string& key) {
    const std::lock_guard lock(mutex_);
    return away_.contains(key);
  }

  Result<Opened*> target_of(const event::FailureRecord& record, Targets& targets) {
    Opened& opened = targets.open[target_key(record)];
    for (int attempt = 1; !opened.target; ++attempt) {
      auto target = settings_.open(record, targets.worker);
      auto remembers = target ? (*target)->sink().remembers_deletions_us()
                              : Result<int64_t>(std::unexpected(target.error()));
      if (remembers) {
        opened = {std::move(*target), *remembers};
      } else if (is_lasting(remembers.error()) || attempt >= settings_.store_attempts_max) {
        return std::unexpected(remembers.error());
      } else if (!stop_.sleep(settings_.store_pause_ms * attempt)) {
        return fail(ErrorCode::interrupted, "asked to stop");
      }
    }
    return &opened;
  }

  Status repair(const Chunk& chunk, Targets& targets) {
    const auto found = target_of(chunk.items.front().record, targets);
    if (!found && is_lasting(found.error())) return mark_all_failed(chunk, found.error());
    Opened* opened = HOLDFAST_TRY(found);
    Target& target = *opened->target;
    std::vector<event::Consumed> events;
    for (const Item& item : chunk.items) events.push_back({item.record.event, item.record.origin});
    Rows rows;
    HOLDFAST_CHECKED(target.make_rows(events, rows));
    rows.batch.upto.clear();  // the positions are the pipeline's
    rows.batch.events = events;
    Failed failed;
    for (const auto& refusal : rows.refused) failed[refusal.entry] = refusal.cause;
    put_aside_old(chunk, opened->remembers_deletions_us, rows.batch, failed);
    if constexpr (planted_bug == PlantedBug::skip_in_repair) skip_one(rows.batch);
    HOLDFAST_CHECKED(write(target, rows.batch, failed));
    fault::point("repair.after_write");
    auto held = HOLDFAST_TRY(target.sink().confirm(rows.batch));
    if (target.sink().hides_deletions()) HOLDFAST_CHECKED(look_again(target, rows.batch, held));
    fault::point("repair.after_confirm");
    return mark(chunk, held, failed);
  }

  /// No later attempt would find it otherwise.
  static bool is_lasting(const Error& error) {
    return error.code == ErrorCode::invalid || error.code == ErrorCode::not_found;
  }

  /// There is no such store (any more): each record has failed, and keeps its place.
  Status mark_all_failed(const Chunk& chunk, const Error& why) {
    Failed failed;
    for (uint32_t i = 0; i < chunk.items.size(); ++i) failed[i] = {"no_store", why.message};
    return mark(chunk, std::vector(chunk.items.size(), Held::missing), failed);
  }

  /// What is older than the store remembers deletions could bring a deleted row back.
  void put_aside_old(const Chunk& chunk, int64_t remembers_us, sink::Batch& batch,
                     Failed& failed) const {
    if (settings_.by_hand || remembers_us == INT64_MAX) return;
    const int64_t now_us = os::real_clock().wall_us();
    for (uint32_t i = 0; i < chunk.items.size(); ++i) {
      if (now_us - chunk.items[i].record.first_failure_us < remembers_us) continue;
      batch.entries[i].row = Entry::handed_over;
      failed[i] = {
          needs_decision,
          "it was missed longer ago than the store remembers deletions: replaying it could "
          "bring a deleted row back"};
    }
  }

  /// The bug: one event is taken for done without being written.
  static void skip_one(sink::Batch& batch) {
    for (Entry& entry : batch.entries)
      if (entry.row >= 0 && entry.sequence % 1'000 == 100) entry.row = Entry::handed_over;
  }

  /// A row that the store took and does not show was deleted by a newer deletion - or it was lost,
  /// so it is written and looked up once more.
  Status look_again(Target& target, const sink::Batch& batch, std::vector<Held>& held) {
    sink::Batch again = batch;
    bool any = false;
    for (size_t i = 0; i < held.size(); ++i) {
      if (held[i] == Held::missing)
        any = true;
      else
        again.entries[i].row = Entry::handed_over;
    }
    if (!any) return {};
    Failed failed;
    HOLDFAST_CHECKED(write(target, again, failed));
    const auto held_now = HOLDFAST_TRY(target.sink().confirm(again));
    for (uint32_t i = 0; i < held.size(); ++i)
      if (held[i] == Held::missing && !failed.contains(i))
        held[i] = held_now[i] == Held::missing ? Held::superseded : held_now[i];
    return {};
  }

  /// Until the store has all but those that it refuses.
  Status write(Target& target, sink::Batch& batch, Failed& failed) {
    for (int attempt = 1;;) {
      const sink::Written written = target.sink().write(batch);
      if (written.complete()) return {};
      bool refused = false;
      for (const auto& refusal : written.refusals) {
        if (written.outcomes[refusal.entry] != Outcome::rejected) continue;
        batch.entries[refusal.entry].row = Entry::handed_over;
        failed[refusal.entry] = refusal.cause;
        refused = true;
      }
      if (refused) continue;
      if (attempt++ >= settings_.store_attempts_max)
        return fail(ErrorCode::unavailable, "the store does not take it: " + written.why());
      if (!stop_.sleep(settings_.store_pause_ms * attempt))
        return fail(ErrorCode::interrupted, "asked to stop");
      (void)target.sink().positions();  // opens it again
    }
  }

  /// By what the store says, nothing else. Durable before it is counted.
  Status mark(const Chunk& chunk, const std::vector<Held>& held, const Failed& failed) {
    const std::lock_guard lock(marks_mutex_);
    std::map<int32_t, PartitionMarks> changes;
    uint64_t failing = 0, quarantined = 0, undecided = 0;
    for (uint32_t i = 0; i < chunk.items.size(); ++i) {
      const Place& place = chunk.items[i].place;
      PartitionMarks& change = changes[place.partition];
      const auto cause = failed.find(i);
      if (cause == failed.end() && held[i] != Held::missing) {
        (held[i] == Held::present ? change.repaired : change.superseded).add(place.offset);
        continue;
      }
      const auto& known = marks_.partitions[place.partition].failing;
      const auto before = known.find(place.offset);
      PartitionMarks::Note note{before == known.end() ? 1 : before->second.attempts + 1, "missing",
                                "written, and not there when it was read back"};
      if (cause != failed.end()) {
        note.code = cause->second.code;
        note.why = cause->second.message;
      }
      const bool old = note.code == needs_decision;
      const bool give_up = old || note.attempts >= settings_.attempts_max;
      (old ? undecided : quarantined) += give_up;
      failing += !old;
      (give_up ? change.quarantined : change.failing)[place.offset] = std::move(note);
    }
    const std::string message = to_json(changes);
    fault::point("repair.before_mark");
    HOLDFAST_CHECKED(report_.lease->write(message));
    fault::point("repair.after_mark");
    const uint64_t repaired = marks_.repaired(), superseded = marks_.superseded();
    HOLDFAST_CHECKED(marks_.apply(message));
    const std::lock_guard counting(mutex_);
    report_.repaired += marks_.repaired() - repaired;
    report_.superseded += marks_.superseded() - superseded;
    report_.failing += failing;
    report_.quarantined += quarantined;
    report_.undecided += undecided;
    return {};
  }

  PartitionMarks marks_of(int32_t partition) {
    const std::lock_guard lock(marks_mutex_);
    return marks_.partitions[partition];
  }

  const RepairSettings& settings_;
  Stop& stop_;
  const size_t chunk_max_;
  PartitionMarks known_;  // of the reader: the partition in hand, as it was
  kafka::EventReader reader_;
  double due_ms_ = 0;

  std::mutex mutex_;  // of what follows; `report_.waiting`, `causes`, `foreign` are the reader's
  std::condition_variable changed_;
  std::deque<Chunk> chunks_;
  size_t under_way_ = 0;
  bool closed_ = false;
  std::set<std::string> away_;  // targets that do not answer in this run
  RepairReport report_;

  std::mutex marks_mutex_;
  Marks marks_;
};

}  // namespace

Result<RepairReport> run(const RepairSettings& settings, Stop& stop) {
  return Run(settings, stop).run();
}

Status mark_told(const RepairReport& report) {
  if (report.lease == nullptr) return fail(ErrorCode::invalid, "a run that had no lease");
  return report.lease->write(told_json(report.all_repaired, report.all_superseded));
}

}  // namespace holdfast::repair
