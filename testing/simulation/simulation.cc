#include "testing/simulation/simulation.h"

#include <algorithm>
#include <array>

#include "testing/history/check.h"
#include "testing/simulation/admin.h"
#include "testing/simulation/broker.h"
#include "testing/simulation/consumer.h"
#include "testing/simulation/copier.h"
#include "testing/simulation/faults.h"
#include "testing/simulation/group_member.h"
#include "testing/simulation/passing_topic.h"
#include "testing/simulation/position_reader.h"
#include "testing/simulation/producer.h"
#include "testing/simulation/retained.h"
#include "testing/simulation/transactor.h"

namespace holdfast::simulation {
namespace {

constexpr int64_t ending_most_us = 300 * seconds;
constexpr std::string_view ledger = "ledger";  // what the copiers read
constexpr std::string_view copies = "copies";

broker::BrokerSettings settings_for(const Plan& plan) {
  broker::BrokerSettings settings;
  settings.data_folder = "/broker";
  settings.segment_bytes = plan.segment_bytes;
  settings.pending_bytes_max = 4 << 20;
  settings.cleaner_backoff_ms = 200;
  settings.cleaner_dedupe_bytes_max = 1;  // as few keys as there can be: 768
  settings.retention_check_interval_ms = 500;
  return settings;
}

class Run {
 public:
  Run(uint64_t seed, const Plan& plan, bool trace)
      : plan_(plan),
        world_(seed, trace),
        broker_(world_, settings_for(plan_), plan_.settle_after_ms),
        faults_(world_, broker_, plan_, actors_) {}

  Outcome go() {
    world_.trace("plan: {}", plan_.text());
    make_actors();
    actors_.front()->start();  // the admin; it starts the others
    run_for(plan_.work_us, [] { return false; });
    world_.trace("the work ends; nothing breaks any more");
    faults_.stop();
    for (const auto& actor : actors_) actor->finish();
    const auto all_finished = [this] {
      return std::ranges::all_of(actors_, [](const auto& actor) { return actor->finished(); });
    };
    if (!run_for(ending_most_us, all_finished)) name_unfinished();
    if (!run_for(ending_most_us, [this] { return broker_.quiet(); }))
      world_.violation(Violation::Kind::endless, "the broker never rests");
    wait_for_the_cleaner();
    broker_.check_deleted();
    read_all();
    read_positions();
    return outcome();
  }

 private:
  /// Until `done`, or so long. Answers whether it was.
  bool run_for(int64_t time_us, const std::function<bool()>& done) {
    const int64_t until_us = world_.scheduler.now_us() + time_us;
    for (uint64_t count = 0; world_.violations().empty(); ++count) {
      if (count % 64 == 0) broker_.check();
      if (done()) return true;
      faults_.look();
      broker_.look();
      if (!world_.scheduler.step(until_us)) return done();
    }
    return true;
  }

  void make_topics();
  void make_actors();
  void make_groups(const std::vector<TopicPlan>& inputs);
  void make_transactional(const std::vector<TopicPlan>& inputs);
  void add(std::unique_ptr<Actor> actor) { actors_.push_back(std::move(actor)); }
  void name_unfinished();
  void wait_for_the_cleaner();
  void read_all();
  void read_whole(bool committed_only);
  void read_positions();
  Outcome outcome();

  const Plan plan_;
  World world_;
  SimulatedBroker broker_;
  std::vector<std::unique_ptr<Actor>> actors_;
  std::vector<TopicPlan> topics_;
  std::vector<std::string> copying_groups_;
  Faults faults_;
};

void Run::make_topics() {
  auto& scheduler = world_.scheduler;
  const auto size = [&] { return static_cast<uint32_t>(scheduler.one_in(4) ? 20'000 : 300); };
  topics_.push_back({.name = "plain",
                     .partitions = static_cast<int32_t>(scheduler.between(1, 4)),
                     .value_bytes_most = size()});
  if (plan_.compaction) topics_.push_back(compacted_topic(scheduler, size()));
  if (plan_.retention) topics_.push_back(short_lived_topic(scheduler, size()));
  const auto few = [&] { return static_cast<int32_t>(scheduler.between(1, 3)); };
  if (plan_.transactors + plan_.copiers > 0)
    topics_.push_back({.name = std::string(ledger), .partitions = few(), .trims = false});
  if (plan_.copiers > 0)
    topics_.push_back(
        {.name = std::string(copies), .partitions = few(), .trims = false, .only_copies = true});
}

void Run::make_actors() {
  auto& scheduler = world_.scheduler;
  make_topics();
  add(std::make_unique<Admin>(world_, topics_, plan_.trims, [this] {
    for (size_t i = 1; i < actors_.size(); ++i) actors_[i]->start();
    faults_.begin();
  }));
  std::vector<TopicPlan> inputs = topics_;
  std::erase_if(inputs, [](const TopicPlan& topic) { return topic.only_copies; });
  for (int i = 0; i < plan_.producers; ++i) {
    const TopicPlan& topic = inputs[static_cast<size_t>(i) % inputs.size()];
    add(std::make_unique<Producer>(world_, "producer-" + std::to_string(i), topic,
                                   scheduler.between(20, 800) * ms));
  }
  for (int i = 0; i < plan_.consumers; ++i) {
    add(std::make_unique<Consumer>(world_, "consumer-" + std::to_string(i), topics_,
                                   scheduler.one_in(2), scheduler.between(20, 1500) * ms));
  }
  make_transactional(inputs);
  make_groups(inputs);
  if (plan_.passing > 0) add(std::make_unique<PassingTopic>(world_, "passing"));
}

void Run::make_groups(const std::vector<TopicPlan>& inputs) {
  auto& scheduler = world_.scheduler;
  for (int i = 0; i < plan_.groups; ++i) {
    const auto seen = std::make_shared<GroupSeen>();
    seen->name = fmt::format("group-{}", i);
    const TopicPlan& topic =
        inputs[static_cast<size_t>(scheduler.below(static_cast<int64_t>(inputs.size())))];
    const bool all_static = scheduler.one_in(3);
    for (int64_t member = 0, most = scheduler.between(2, 4); member < most; ++member) {
      const std::string name = fmt::format("{}-member-{}", seen->name, member);
      std::optional<std::string> instance;
      if (all_static) instance = name;
      add(std::make_unique<GroupMember>(world_, name, topic, seen, instance,
                                        scheduler.between(20, 600) * ms));
      if (!all_static || member > 0) continue;
      // Somebody starts it a second time.
      add(std::make_unique<GroupMember>(world_, name + "-again", topic, seen, instance,
                                        scheduler.between(20, 600) * ms));
    }
  }
}

/// Two programs for each id, so that each is now and then a zombie for the other.
void Run::make_transactional(const std::vector<TopicPlan>& inputs) {
  auto& scheduler = world_.scheduler;
  const auto identity = [&](std::string id) {
    static constexpr std::array<int32_t, 3> timeouts_ms = {2'000, 10'000, 60'000};
    return TransactionalClient::Identity{
        .id = std::move(id),
        .version = scheduler.one_in(2) ? 1 : 2,
        .timeout_ms = timeouts_ms[static_cast<size_t>(scheduler.below(3))]};
  };
  const auto named = [&](std::string_view name) {
    return *std::ranges::find(topics_, name, &TopicPlan::name);
  };
  for (int i = 0; i < plan_.transactors; ++i) {
    const auto whoever = identity(fmt::format("transactor-{}", i));
    for (const char rival : {'a', 'b'})
      add(std::make_unique<Transactor>(world_, whoever.id + rival, whoever, inputs,
                                       scheduler.between(20, 800) * ms));
  }
  for (int i = 0; i < plan_.copiers; ++i) {
    const auto whoever = identity(fmt::format("copier-{}", i));
    for (const char rival : {'a', 'b'}) {
      auto copier = std::make_unique<Copier>(world_, whoever.id + rival, whoever, named(ledger),
                                             named(copies), scheduler.between(20, 400) * ms);
      if (rival == 'a') copying_groups_.push_back(copier->group());
      add(std::move(copier));
    }
  }
}

void Run::name_unfinished() {
  for (const auto& actor : actors_) {
    if (!actor->finished())
      world_.violation(
          Violation::Kind::endless,
          actor->peer().name() + " does not come to its end, though nothing is broken");
  }
}

/// Until it had nothing to do for a while: it must come to an end when nobody writes.
void Run::wait_for_the_cleaner() {
  const int64_t until_us = world_.scheduler.now_us() + ending_most_us;
  uint64_t before = 0;
  do {
    before = broker_.cleanings();
    run_for(10 * seconds, [] { return false; });
    if (world_.scheduler.now_us() > until_us)
      world_.violation(Violation::Kind::endless, "the cleaner never rests");
  } while (world_.violations().empty() && broker_.cleanings() != before);
}

void Run::read_all() {
  const uint64_t cleanings = broker_.cleanings();
  read_whole(false);
  read_whole(true);
  if (!world_.violations().empty()) return;
  for (const TopicPlan& topic : topics_) {
    for (int32_t i = 0; i < topic.partitions; ++i)
      check_retained(world_, broker_, topic, i, plan_.clock_jumps);
  }
  if (broker_.cleanings() == cleanings) return;
  for (auto& partition : world_.history.partitions) partition.whole_reader = history::none;
}

/// Reads every partition whole, as either kind of reader, and writes down where it ended.
void Run::read_whole(bool committed_only) {
  if (!world_.violations().empty()) return;
  auto made = std::make_unique<Consumer>(world_, committed_only ? "last-committed" : "last",
                                         topics_, committed_only, 20 * ms, 1'000'000);
  Consumer& last = *made;
  actors_.push_back(std::move(made));
  last.start();
  if (!run_for(ending_most_us, [&] { return last.at_end(); }))
    world_.violation(Violation::Kind::endless, "the last reader does not get to the end");
  last.finish();
  for (size_t i = 0; i < last.positions().size(); ++i) {
    auto& partition =
        world_.history
            .partitions[world_.partition(last.positions()[i].topic, last.positions()[i].partition)];
    partition.final_end = last.ends()[i];
    if (committed_only) partition.whole_reader = last.number();
  }
}

void Run::read_positions() {
  for (const std::string& group : copying_groups_) {
    if (!world_.violations().empty()) return;
    const auto input = *std::ranges::find(topics_, ledger, &TopicPlan::name);
    actors_.push_back(std::make_unique<PositionReader>(world_, group, input));
    actors_.back()->start();
    if (!run_for(ending_most_us, [&] { return actors_.back()->finished(); }))
      world_.violation(Violation::Kind::endless, "the positions of " + group + " cannot be read");
  }
}

Outcome Run::outcome() {
  Outcome outcome{.plan = plan_,
                  .report = {},
                  .violations = world_.violations(),
                  .simulated_us = world_.scheduler.now_us(),
                  .tasks = world_.scheduler.tasks_run(),
                  .print = world_.scheduler.print(),
                  .broker_starts = broker_.starts(),
                  .states_compared = broker_.states_compared(),
                  .faults = faults_.count() + world_.network.resets() + world_.network.duplicates(),
                  .cleanings = broker_.cleanings()};
  const auto count_ok = [](const auto& all) {
    return static_cast<uint64_t>(
        std::ranges::count(all, history::Outcome::ok, [](const auto& one) { return one.outcome; }));
  };
  outcome.transactions = count_ok(world_.history.transactions);
  outcome.positions = count_ok(world_.history.commits);
  outcome.report = history::check(world_.history);
  for (const Violation& violation : outcome.violations) outcome.kinds.insert(name(violation.kind));
  for (const auto& finding : outcome.report.findings) outcome.kinds.insert(name(finding.kind));
  return outcome;
}

}  // namespace

Outcome simulate(uint64_t seed, const Plan& plan, bool trace) {
  return Run(seed, plan, trace).go();
}

}  // namespace holdfast::simulation
