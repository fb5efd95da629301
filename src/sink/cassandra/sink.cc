#include "sink/cassandra/sink.h"

#include <algorithm>
#include <mutex>
#include <numeric>

#include "base/fault.h"
#include "base/log_line.h"
#include "base/os/clock.h"
#include "base/planted_bug.h"
#include "sink/cassandra/confirm.h"
#include "sink/cassandra/ledger.h"
#include "sink/cassandra/plan.h"

namespace holdfast::sink {

struct CassandraSink::Impl {
  CassandraSettings settings;
  event::Schema schema;
  std::unique_ptr<cql::Session> session;
  std::vector<TableMapping> mapping;
  std::optional<Ledger> ledger;  // nothing: what is in the store must be read first
  uint64_t schema_seen = 0;
  mutable std::mutex mutex;  // of `report` alone
  HealthReport report;

  void say(Health health, std::string message) {
    const std::lock_guard lock(mutex);
    report = {health, std::move(message)};
  }

  Status open_all() {
    if (!session) session = HOLDFAST_TRY(cql::Session::open(settings.session));
    if (mapping.empty() || schema_seen != session->schema_changes()) {
      schema_seen = session->schema_changes();
      mapping = HOLDFAST_TRY(compile_mapping(*session, settings, schema));
    }
    return {};
  }

  Status reload() {
    ledger.reset();
    Status opened = open_all();
    if (opened) {
      auto loaded = Ledger::load(*session, ledger_place(settings));
      if (!loaded && loaded.error().code == ErrorCode::not_found && settings.create_ledger) {
        opened = Ledger::create_tables(*session, settings.keyspace);
        if (opened) loaded = Ledger::load(*session, ledger_place(settings));
      }
      if (opened && loaded) ledger = std::move(*loaded);
      if (opened && !loaded) opened = std::unexpected(loaded.error());
    }
    say(opened ? Health::well : Health::unavailable, opened ? "" : opened.error().message);
    return opened;
  }

  /// Rows are in; now the ledger. What it does not take is in doubt for all.
  void record(const Batch& batch, WritePlan& plan, Written& written) {
    for (auto& [stream, numbers] : plan.applied)
      for (const Interval& run : numbers.intervals())
        for (int64_t i = run.first; i <= run.last; ++i)
          ledger->applied(stream.first, stream.second).add(i);
    for (const Entry& entry : batch.entries)
      if (entry.row == Entry::filtered)
        ledger->filtered(batch.sources[entry.source], entry.epoch).add(entry.sequence);
    fault::point("sink.before_ledger");
    const auto stored = ledger->store(*session, batch.upto);
    if (stored) return;
    ledger.reset();
    const cql::Failure& why = stored.error();
    log_warning("cassandra", "positions were not stored: {}", why.message);
    std::ranges::replace(written.outcomes, Outcome::applied, Outcome::unknown);
    written.refusals.push_back({0, {why.code, why.message}});
    say(Health::unavailable, why.message);
  }

  /// What the servers said of each entry's statements.
  Written judge(const Batch& batch, WritePlan& plan, std::vector<cql::Answer>& answers) {
    Written written;
    written.outcomes = std::move(plan.outcomes);
    std::vector<size_t> well(batch.entries.size(), 0), bad(batch.entries.size(), 0);
    bool all_well = true;
    for (size_t i = 0; i < answers.size(); ++i) {
      const uint32_t entry = plan.entry_of[i];
      if (answers[i]) {
        ++well[entry];
        continue;
      }
      all_well = false;
      const cql::Failure& why = answers[i].error();
      Outcome outcome = outcome_of(why.certainty);
      Outcome& now = written.outcomes[entry];
      if (bad[entry]++ > 0) outcome = std::max(outcome, now, worse_outcome);
      // One cause for each rejected entry, and one for all the rest.
      if ((outcome == Outcome::rejected && now != Outcome::rejected) || written.refusals.empty())
        written.refusals.push_back({entry, {why.code, why.message}});
      now = outcome;
    }
    for (size_t i = 0; i < batch.entries.size(); ++i)
      if (bad[i] > 0 && well[i] > 0 && written.outcomes[i] == Outcome::unavailable)
        written.outcomes[i] = Outcome::unknown;  // a part of it is there
    if (!all_well) say(Health::unavailable, written.refusals.front().cause.message);
    return written;
  }

  /// Sends all, and what failed again while that helps.
  std::vector<cql::Answer> send(std::vector<cql::Request>& requests) {
    std::vector<cql::Answer> answers = session->run_all(requests);
    const auto may_go_again = [](const cql::Answer& answer) {
      return !answer && answer.error().certainty != cql::Certainty::refused;
    };
    std::vector<size_t> open(answers.size());
    std::iota(open.begin(), open.end(), size_t{0});
    for (int again = 0; again < settings.again_max; ++again) {
      const size_t before = open.size();
      std::erase_if(open, [&](size_t index) { return !may_go_again(answers[index]); });
      if (open.empty() || open.size() == before) break;  // done, or nothing got through
      std::vector<cql::Request> rest;
      for (const size_t index : open) rest.push_back(std::move(requests[index]));
      std::vector<cql::Answer> more = session->run_all(rest);
      for (size_t i = 0; i < open.size(); ++i) {
        requests[open[i]] = std::move(rest[i]);
        answers[open[i]] = std::move(more[i]);
      }
    }
    return answers;
  }

  Written write(const Batch& batch) {
    if (!ledger || !session)
      return Written::all(batch.entries.size(), Outcome::unavailable,
                          {"positions", "the store was in doubt; ask for its positions first"});
    const bool moves = !batch.upto.empty();
    WritePlan plan = plan_write(batch, mapping, settings, moves ? &*ledger : nullptr,
                                os::real_clock().wall_us());
    if (!plan.refusals.empty()) return {std::move(plan.outcomes), std::move(plan.refusals)};
    fault::point("sink.before_rows");
    std::vector<cql::Answer> answers = send(plan.requests);
    fault::point("sink.after_rows");
    Written written = judge(batch, plan, answers);
    if (!written.complete()) {
      ledger.reset();
      return keep_for_rejection(std::move(written));
    }
    if (!moves && settings.note_repairs) add_all(batch, plan);
    if (moves || settings.note_repairs) record(batch, plan, written);
    if (ledger) say(Health::well, "");
    return written;
  }

  /// What a repair wrote, whatever the ledger said of it before.
  static void add_all(const Batch& batch, WritePlan& plan) {
    for (const Entry& entry : batch.entries)
      if (entry.row >= 0)
        plan.applied[{batch.sources[entry.source], entry.epoch}].add(entry.sequence);
  }

  /// After a rejection the caller need not ask for positions; the ledger has not moved, so it may
  /// be read again at once.
  Written keep_for_rejection(Written written) {
    if (written.has(Outcome::rejected)) static_cast<void>(reload());
    return written;
  }
};

CassandraSink::CassandraSink(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
CassandraSink::~CassandraSink() = default;

Result<std::unique_ptr<CassandraSink>> CassandraSink::open(const CassandraSettings& settings,
                                                           const event::Schema& schema) {
  HOLDFAST_CHECKED(check_cassandra(settings));
  auto impl = std::make_unique<Impl>();
  impl->settings = settings;
  impl->schema = schema;
  HOLDFAST_CHECKED(impl->reload());
  return std::unique_ptr<CassandraSink>(new CassandraSink(std::move(impl)));
}

Result<Positions> CassandraSink::positions() {
  HOLDFAST_CHECKED(impl_->reload());
  return impl_->ledger->positions();
}

Written CassandraSink::write(const Batch& batch) {
  return impl_->write(batch);
}

HealthReport CassandraSink::health() const {
  // A connection that broke says it before any write has.
  const auto nodes = impl_->session ? impl_->session->nodes() : std::vector<cql::NodeReport>{};
  const bool none = std::ranges::none_of(nodes, &cql::NodeReport::reachable);
  if (none && !nodes.empty()) return {Health::unavailable, nodes.front().trouble};
  const std::lock_guard lock(impl_->mutex);
  return impl_->report;
}

Result<std::vector<Held>> CassandraSink::confirm(const Batch& batch) {
  HOLDFAST_CHECKED(impl_->open_all());
  return confirm_batch(*impl_->session, impl_->mapping, impl_->settings, batch);
}

Result<int64_t> CassandraSink::remembers_deletions_us() {
  HOLDFAST_CHECKED(impl_->open_all());
  return least_gc_grace_us(*impl_->session, impl_->settings);
}

Result<std::unique_ptr<Reader>> CassandraSink::reader() {
  return open_cassandra_reader(impl_->settings);
}

}  // namespace holdfast::sink
