#include "sink/replicated/replicated_sink.h"

#include <algorithm>
#include <atomic>
#include <future>
#include <mutex>

#include "base/fault.h"
#include "base/log_line.h"
#include "sink/replicated/together.h"

namespace holdfast::sink {
namespace {

/// Topics cannot have an '@' in their names.
std::string mark_name(const std::string& topic, const std::string& datacenter) {
  return topic + "@" + datacenter;
}

/// Later of two positions, partition by partition.
void advance(Positions& positions, const TopicPartition& place, int64_t offset) {
  auto [known, fresh] = positions.try_emplace(place, offset);
  if (!fresh) known->second = std::max(known->second, offset);
}

/// One store, its breaker, and how far it is accounted for.
struct Member {
  Replica replica;
  std::unique_ptr<Sink> sink;
  Breaker breaker;
  Positions accounted;                   // applied here, or in the failure log
  bool in_doubt = true;                  // its positions must be asked for before the next write
  std::future<Result<Positions>> probe;  // while it runs, the sink is its own
  std::atomic<uint64_t> missed = 0;
  Written written;  // of the batch in hand

  Member(Replica made, os::Clock& clock, const BreakerSettings& settings)
      : replica(std::move(made)), breaker(clock, settings) {}

  /// What the store says, opened first if need be.
  Result<Positions> ask() {
    if (!sink) sink = HOLDFAST_TRY(replica.open());
    return sink->positions();
  }
};

bool has_row(const Entry& entry) {
  return entry.row >= 0;
}

}  // namespace

struct ReplicatedSink::Impl {
  std::vector<std::unique_ptr<Member>> members;
  std::optional<Together> together;
  ReplicatedSettings settings;
  os::Clock& clock;

  explicit Impl(os::Clock& its_clock) : clock(its_clock) {}

  void failed(Member& member, const std::string& why) {
    member.in_doubt = true;
    if (!member.breaker.failed(why)) return;
    log_warning("sink", "{} in {} does not answer, writing goes on without it: {}",
                member.replica.store, member.replica.datacenter, why);
    if (settings.on_open) settings.on_open(member.replica, why);
  }

  /// What a store knows of itself and of the others.
  void learn(Member& from, const Positions& positions) {
    for (const auto& [place, offset] : positions) {
      const size_t at = place.topic.find('@');
      if (at == std::string::npos) {
        advance(from.accounted, place, offset);
        continue;
      }
      const std::string datacenter = place.topic.substr(at + 1);
      for (auto& member : members)
        if (member->replica.datacenter == datacenter)
          advance(member->accounted, {place.topic.substr(0, at), place.partition}, offset);
    }
  }

  void recovered(Member& member, const Positions& positions) {
    if (member.breaker.report().state != Breaker::State::closed)
      log_info("sink", "{} in {} answers again", member.replica.store, member.replica.datacenter);
    learn(member, positions);
    member.in_doubt = false;
    member.breaker.succeeded();
  }

  /// Takes the answer of a probe that has ended. False: it still runs.
  bool collect_probe(Member& member, bool wait) {
    if (!member.probe.valid()) return true;
    if (!wait && member.probe.wait_for(std::chrono::seconds(0)) != std::future_status::ready)
      return false;
    const Result<Positions> answer = member.probe.get();
    if (answer)
      recovered(member, *answer);
    else
      failed(member, answer.error().message);
    return true;
  }

  /// Whether the store takes part in the next write. One that is away is asked beside the writing,
  /// never in its way.
  bool ready(Member& member) {
    if (!collect_probe(member, false)) return false;
    if (!member.in_doubt) return member.breaker.allows();
    if (!member.breaker.allows()) return false;
    if (member.breaker.report().state == Breaker::State::closed) {
      const Result<Positions> answer = member.ask();
      if (answer)
        recovered(member, *answer);
      else
        failed(member, answer.error().message);
      return !member.in_doubt;
    }
    begin_probe(member);
    return false;
  }

  static void begin_probe(Member& member) {
    member.probe = std::async(std::launch::async, [&member] { return member.ask(); });
  }

  /// The batch's positions, and how far the others are accounted for.
  Positions upto_for(const Member& member, const Positions& upto) const {
    Positions result = upto;
    for (const auto& other : members) {
      if (other.get() == &member) continue;
      for (const auto& [place, offset] : upto) {
        const auto known = other->accounted.find(place);
        if (known != other->accounted.end())
          result[{mark_name(place.topic, other->replica.datacenter), place.partition}] =
              known->second;
      }
    }
    return result;
  }

  bool may_write_together() {
    const bool all_well = std::ranges::all_of(
        members, [](const auto& m) { return m->sink->health().health == Health::well; });
    return together && all_well && together->ready();
  }

  /// One write for all; nothing when it must be done for each of them, though it may have been done
  /// in part.
  std::optional<Written> write_together(const Batch& batch) {
    Batch whole = batch;
    for (const auto& member : members)
      for (const auto& [place, offset] : batch.upto)
        whole.upto[{mark_name(place.topic, member->replica.datacenter), place.partition}] = offset;
    std::optional<Written> written = together->write(whole);
    if (written && written->complete())
      for (auto& member : members) account(*member, batch.upto);
    return written;
  }

  /// Takes the answers of those that are being asked, till the last; but for one that is in trouble
  /// (all of them, if `hurry`) only so long after another has answered well. The error that no
  /// retry can mend, if there is one.
  std::optional<Error> take_answers(bool hurry) {
    constexpr std::chrono::milliseconds look(5);
    std::optional<Error> hopeless;
    int64_t until_ms = INT64_MAX;
    for (bool wait = true; wait;) {
      wait = false;
      for (auto& member : members) {
        if (!member->probe.valid()) continue;
        if (member->probe.wait_for(look) == std::future_status::ready) {
          const Result<Positions> answer = member->probe.get();
          if (answer) {
            recovered(*member, *answer);
            until_ms = std::min(until_ms, os::real_clock().steady_ms() + settings.roll_call_ms);
          } else {
            failed(*member, answer.error().message);
            if (answer.error().code == ErrorCode::invalid ||
                answer.error().code == ErrorCode::version_unknown)
              hopeless = answer.error();
          }
          continue;
        }
        const bool trusted = !hurry && member->breaker.report().state == Breaker::State::closed;
        wait = wait || trusted || os::real_clock().steady_ms() < until_ms;
      }
    }
    return hopeless;
  }

  /// After a write to all at once that was not answered: who is there? A data center that died
  /// without a word would cost its own requests a whole time-out once more.
  void call_the_roll(std::vector<Member*>& live, std::vector<Member*>& away) {
    for (Member* member : live) begin_probe(*member);
    static_cast<void>(take_answers(true));
    std::erase_if(live, [&](Member* member) {
      if (member->probe.valid()) failed(*member, "it is silent while another data center answers");
      const bool gone = member->probe.valid() || member->in_doubt;
      if (gone) away.push_back(member);
      return gone;
    });
  }

  void account(Member& member, const Positions& upto) {
    for (const auto& [place, offset] : upto) advance(member.accounted, place, offset);
  }

  static bool is_accounted(const Member& member, const Positions& upto) {
    return std::ranges::all_of(upto, [&](const auto& place) {
      const auto known = member.accounted.find(place.first);
      return known != member.accounted.end() && known->second >= place.second;
    });
  }

  /// Writes down what a store misses of the batch.
  Status record(Member& member, const Batch& batch, event::FailureKind kind, const Cause& cause) {
    std::vector<event::FailureRecord> records;
    const int64_t now_us = clock.wall_us();
    for (size_t i = 0; i < batch.entries.size(); ++i) {
      if (!has_row(batch.entries[i])) continue;
      if (batch.events.size() != batch.entries.size())
        return fail(ErrorCode::invalid, "a batch without its events cannot be recorded");
      event::FailureRecord record;
      record.kind = kind;
      record.stage = event::FailureStage::sink;
      record.event = batch.events[i].event;
      record.origin = batch.events[i].origin;
      record.store = member.replica.store;
      record.pipeline = settings.pipeline;
      record.datacenter = member.replica.datacenter;
      record.tables = member.replica.tables;
      record.cause_code = cause.code;
      record.cause = cause.message;
      record.first_failure_us = record.last_failure_us = now_us;
      records.push_back(record);
    }
    if (!records.empty()) {
      if (member.replica.failures == nullptr)
        return fail(ErrorCode::invalid, "there is no failure log for " + member.replica.datacenter);
      HOLDFAST_CHECKED(member.replica.failures->put(records));
    }
    fault::point("replicated.after_record");
    member.missed += records.size();
    return {};
  }

  /// The same for all that are away, but for those of which it was written down before.
  Status record_all(const std::vector<Member*>& away, const Batch& batch, event::FailureKind kind) {
    for (Member* member : away)
      if (batch.upto.empty() || !is_accounted(*member, batch.upto))
        HOLDFAST_CHECKED(record(*member, batch, kind, cause_of(*member)));
    return {};
  }

  static Cause cause_of(const Member& member) {
    if (!member.written.refusals.empty()) return member.written.refusals.front().cause;
    return {"unavailable", member.breaker.report().why};
  }

  /// To all that are ready, at the same time.
  void write_all(const std::vector<Member*>& live, const Batch& batch) {
    const auto one = [&](Member& member) {
      Batch mine;
      mine.sources = batch.sources;
      mine.entries = batch.entries;
      mine.upto = upto_for(member, batch.upto);
      mine.events = batch.events;
      // A copy for each: a twentieth of what the store's own encoding costs.
      mine.rows = batch.rows;
      member.written = member.sink->write(mine);
    };
    std::vector<std::future<void>> others;
    for (size_t i = 1; i < live.size(); ++i)
      others.push_back(std::async(std::launch::async, [&one, member = live[i]] { one(*member); }));
    one(*live.front());
    for (auto& other : others) other.get();
  }

  /// An event that one store refuses is refused: the caller hands it over and writes again.
  static bool collect_rejections(const std::vector<Member*>& live, Written& result) {
    for (const Member* member : live) {
      if (!member->written.has(Outcome::rejected)) continue;
      for (const Written::Refusal& refusal : member->written.refusals) {
        if (member->written.outcomes[refusal.entry] != Outcome::rejected ||
            result.outcomes[refusal.entry] == Outcome::rejected)
          continue;
        result.outcomes[refusal.entry] = Outcome::rejected;
        result.refusals.push_back(refusal);
      }
    }
    return !result.refusals.empty();
  }

  static Written none(const Batch& batch, Outcome outcome, Cause cause) {
    return Written::all(batch.entries.size(), outcome, std::move(cause));
  }

  /// Sees to it that the living know that what the others miss is recorded: else the next start
  /// would record the batch a second time. A wish, not a need.
  void tell_living(const std::vector<Member*>& well, const Batch& batch) {
    Batch marks;
    for (Member* member : well) {
      marks.upto = upto_for(*member, batch.upto);
      if (!member->sink->write(marks).complete()) member->in_doubt = true;
    }
  }

  Written write(const Batch& batch) {
    std::vector<Member*> live, away;
    for (auto& member : members) (ready(*member) ? live : away).push_back(member.get());
    const bool sent = away.empty() && may_write_together();
    if (sent) {
      if (std::optional<Written> written = write_together(batch)) return std::move(*written);
      call_the_roll(live, away);
    }
    // What went to all at once may be in each of them.
    const Outcome not_there = sent ? Outcome::unknown : Outcome::unavailable;
    if (live.empty())
      return none(batch, not_there,
                  {"unavailable",
                   "no data center's store answers: " + members.front()->breaker.report().why});
    const auto kind = sent ? event::FailureKind::unknown : event::FailureKind::unavailable;
    for (Member* member : away) member->written = {};
    // Beside the writing: the living learn that it is recorded only when it is (`tell_living`).
    auto recording = std::async(away.empty() ? std::launch::deferred : std::launch::async,
                                [&] { return record_all(away, batch, kind); });
    write_all(live, batch);
    const Status recorded = recording.get();
    if (recorded)
      for (Member* member : away) account(*member, batch.upto);
    return settle(batch, live, not_there, recorded, !away.empty());
  }

  /// After the write: who has it, and what is to be recorded.
  Written settle(const Batch& batch, const std::vector<Member*>& live, Outcome not_there,
                 const Status& recorded, bool any_away) {
    Written result;
    result.outcomes.assign(batch.entries.size(), Outcome::unavailable);
    std::vector<Member*> well, ill;
    for (Member* member : live) {
      const bool complete = member->written.complete();
      (complete ? well : ill).push_back(member);
      if (complete) account(*member, batch.upto);
      if (!complete && !member->written.has(Outcome::rejected))
        failed(*member, member->written.why());
    }
    if (collect_rejections(live, result)) return result;
    if (well.empty()) {
      const bool unknown = std::ranges::any_of(
          ill, [](const Member* m) { return m->written.has(Outcome::unknown); });
      return none(batch, unknown ? Outcome::unknown : not_there, cause_of(*ill.front()));
    }
    if (!recorded) return none(batch, Outcome::unknown, {"failure_log", recorded.error().message});
    for (Member* member : ill) {
      const auto kind = member->written.has(Outcome::unknown) ? event::FailureKind::unknown
                                                              : event::FailureKind::unavailable;
      const Status noted = record(*member, batch, kind, cause_of(*member));
      // The living have it: the outcome is known only when the caller comes again.
      if (!noted) return none(batch, Outcome::unknown, {"failure_log", noted.error().message});
      account(*member, batch.upto);
    }
    if (any_away || !ill.empty()) tell_living(well, batch);
    for (size_t i = 0; i < batch.entries.size(); ++i) {
      const bool all_had_it = std::ranges::all_of(
          well, [&](const Member* m) { return m->written.outcomes[i] == Outcome::superseded; });
      result.outcomes[i] = all_had_it ? Outcome::superseded : Outcome::applied;
    }
    return result;
  }

  /// Asks every store that may be asked; waits for those that are being asked.
  Result<Positions> positions() {
    for (auto& member : members)
      if (!member->probe.valid() && member->breaker.allows()) begin_probe(*member);
    if (std::optional<Error> hopeless = take_answers(false))
      return std::unexpected(std::move(*hopeless));
    if (std::ranges::all_of(members, &Member::in_doubt,
                            [](const auto& m) -> Member& { return *m; }))
      return fail(ErrorCode::unavailable, members.back()->breaker.report().why);
    // A partition that one of them has never heard of begins at the start of its topic.
    Positions result;
    for (const auto& [place, offset] : members.front()->accounted) {
      int64_t least = offset;
      bool everywhere = true;
      for (const auto& member : members) {
        const auto known = member->accounted.find(place);
        everywhere &= known != member->accounted.end();
        if (everywhere) least = std::min(least, known->second);
      }
      if (everywhere) result[place] = least;
    }
    return result;
  }
};

ReplicatedSink::ReplicatedSink(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ReplicatedSink::~ReplicatedSink() = default;

Result<std::unique_ptr<ReplicatedSink>> ReplicatedSink::open(std::vector<Replica> replicas,
                                                             const ReplicatedSettings& settings,
                                                             os::Clock& clock) {
  auto impl = std::make_unique<Impl>(clock);
  impl->settings = settings;
  for (Replica& replica : replicas)
    impl->members.push_back(std::make_unique<Member>(std::move(replica), clock, settings.breaker));
  if (settings.open_together)
    impl->together.emplace(settings.open_together, clock, settings.breaker);
  std::unique_ptr<ReplicatedSink> sink(new ReplicatedSink(std::move(impl)));
  HOLDFAST_TRY(sink->positions());
  return sink;
}

Result<Positions> ReplicatedSink::positions() {
  return impl_->positions();
}

Written ReplicatedSink::write(const Batch& batch) {
  return impl_->write(batch);
}

HealthReport ReplicatedSink::health() const {
  HealthReport report{Health::unavailable, ""};
  for (const auto& member : impl_->members) {
    const Breaker::Report breaker = member->breaker.report();
    if (breaker.state == Breaker::State::closed)
      report.health = Health::well;
    else
      report.message += (report.message.empty() ? "" : "; ") + member->replica.store + " in " +
                        member->replica.datacenter + " is away: " + breaker.why;
  }
  return report;
}

Result<std::unique_ptr<Reader>> ReplicatedSink::reader() {
  for (const auto& member : impl_->members)
    if (!member->in_doubt && !member->probe.valid())
      return make_replica_reader(HOLDFAST_TRY(member->sink->reader()));
  return fail(ErrorCode::unavailable, "no data center's store answers");
}

std::vector<ReplicaReport> ReplicatedSink::replicas() const {
  std::vector<ReplicaReport> reports;
  for (const auto& member : impl_->members)
    reports.push_back({member->replica.datacenter, member->replica.store, member->breaker.report(),
                       member->missed.load()});
  return reports;
}

Positions without_marks(const Positions& positions) {
  Positions result;
  for (const auto& [place, offset] : positions)
    if (place.topic.find('@') == std::string::npos) result[place] = offset;
  return result;
}

namespace {

class ReplicaReader : public Reader {
 public:
  explicit ReplicaReader(std::unique_ptr<Reader> reader) : reader_(std::move(reader)) {}
  Status read_back(const Window& window, const VisitRuns& visit) override {
    return reader_->read_back(window, visit);
  }
  Status read_filtered(const Window& window, const VisitRuns& visit) override {
    return reader_->read_filtered(window, visit);
  }
  Result<Positions> positions() override {
    return without_marks(HOLDFAST_TRY(reader_->positions()));
  }

 private:
  std::unique_ptr<Reader> reader_;
};

}  // namespace

std::unique_ptr<Reader> make_replica_reader(std::unique_ptr<Reader> reader) {
  return std::make_unique<ReplicaReader>(std::move(reader));
}

}  // namespace holdfast::sink
