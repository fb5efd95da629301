#include "sink/replicated/replicated_sink.h"

#include <atomic>
#include <filesystem>
#include <gtest/gtest.h>

#include "duckdb/duckdb.h"
#include "sink/api/conformance.h"
#include "sink/duckdb/duckdb_sink.h"
#include "testing/temporary_folder.h"

namespace holdfast::sink {
namespace {

using conformance::batch_of;
using conformance::Conformance;
using conformance::dense;
using conformance::Found;

/// A failure log in memory, which can be away.
class ListedFailures : public FailureLog {
 public:
  Status put(std::span<const event::FailureRecord> records) override {
    if (away) return fail(ErrorCode::unavailable, "no broker");
    for (const auto& record : records) {
      sequences.push_back(record.event.stamp.sequence);
      datacenters.insert(std::string(record.datacenter));
      kinds.insert(record.kind);
    }
    return {};
  }
  bool away = false;
  std::vector<int64_t> sequences;
  std::set<std::string> datacenters;
  std::set<event::FailureKind> kinds;
};

/// How a store behaves in a test: the real one, with a plug that can be pulled.
struct Plug {
  std::atomic<bool> pulled = false;
  std::atomic<bool> lose_answer = false;  // writes, and does not tell
  std::atomic<bool> silent = false;       // holds the line and says nothing
  std::atomic<int> asked = 0;
};

class PluggedSink : public Sink {
 public:
  PluggedSink(std::unique_ptr<Sink> sink, Plug& plug) : sink_(std::move(sink)), plug_(plug) {}
  Result<Positions> positions() override {
    ++plug_.asked;
    plug_.silent.wait(true);
    if (plug_.pulled) return fail(ErrorCode::unavailable, "the plug is pulled");
    return sink_->positions();
  }
  Written write(const Batch& batch) override {
    if (plug_.pulled) {
      Written written;
      written.outcomes.assign(batch.entries.size(), Outcome::unavailable);
      written.refusals.push_back({0, {"connection", "the plug is pulled"}});
      return written;
    }
    Written written = sink_->write(batch);
    if (plug_.lose_answer.exchange(false)) {
      written.outcomes.assign(batch.entries.size(), Outcome::unknown);
      written.refusals.push_back({0, {"timeout", "no answer"}});
    }
    return written;
  }
  HealthReport health() const override { return sink_->health(); }
  Result<std::unique_ptr<Reader>> reader() override { return sink_->reader(); }

 private:
  std::unique_ptr<Sink> sink_;
  Plug& plug_;
};

class HandClock : public os::Clock {
 public:
  int64_t wall_us() const override { return 5; }
  int64_t steady_ms() const override { return now_ms; }
  std::atomic<int64_t> now_ms = 0;
};

DuckdbSettings settings_of(const std::string& path) {
  return {.path = path, .table = "flights", .pipeline = "p"};
}

class ReplicatedTest : public ::testing::Test {
 protected:
  void SetUp() override { reopen(); }
  Replica replica(size_t i) {
    return {.datacenter = i == 0 ? "amsterdam" : "frankfurt",
            .store = "flights",
            .tables = "flights",
            .open = [this, i]() -> Result<std::unique_ptr<Sink>> {
              if (plugs_[i].pulled) return fail(ErrorCode::unavailable, "the plug is pulled");
              return std::make_unique<PluggedSink>(
                  HOLDFAST_TRY(DuckdbSink::open(settings_of(path(i)), conformance::schema())),
                  plugs_[i]);
            },
            .failures = &failures_[i]};
  }
  void reopen() {
    sink_.reset();
    auto sink = ReplicatedSink::open({replica(0), replica(1)}, settings_, clock_);
    ASSERT_TRUE(sink) << sink.error().message;
    sink_ = std::move(*sink);
  }
  std::string path(size_t i) const { return folder_.path() + "/" + std::to_string(i) + ".duckdb"; }
  /// A batch with its events.
  Batch batch(int64_t from, int64_t to) {
    Batch made = batch_of(dense(from, to), to);
    events_.clear();
    for (const Entry& entry : made.entries) {
      event::Consumed consumed;
      consumed.event.stamp = {"ewr", 1, entry.sequence};
      events_.push_back(consumed);
    }
    made.events = events_;
    return made;
  }
  Written write(int64_t from, int64_t to) { return sink_->write(batch(from, to)); }
  std::vector<int64_t> numbers(int64_t from, int64_t to) {
    std::vector<int64_t> all;
    for (int64_t i = from; i < to; ++i) all.push_back(i);
    return all;
  }
  int64_t position() { return sink_->positions()->at({"flights.ewr", 0}); }
  size_t rows(size_t i) {
    sink_.reset();
    Found found;
    auto reader = open_duckdb_reader(settings_of(path(i)));
    EXPECT_TRUE((*reader)->read_back({}, conformance::collect(found)));
    for (const auto& [stamp, copies] : found) EXPECT_EQ(copies, 1);
    reader->reset();
    reopen();
    return found.size();
  }
  /// Writes until the store that was away takes part again; the probe runs beside.
  int64_t write_until_well(int64_t from) {
    for (int i = 0; i < 2'000; ++i, ++from) {
      clock_.now_ms += 20'000;
      EXPECT_TRUE(write(from, from + 1).complete());
      if (sink_->replicas()[1].breaker.state == Breaker::State::closed) return from + 1;
    }
    ADD_FAILURE() << "it never came back";
    return from;
  }

  testing::TemporaryFolder folder_;
  HandClock clock_;
  ReplicatedSettings settings_{.pipeline = "p", .on_open = {}, .open_together = {}};
  Plug plugs_[2];
  ListedFailures failures_[2];
  std::vector<event::Consumed> events_;
  std::unique_ptr<ReplicatedSink> sink_;
};

TEST_F(ReplicatedTest, BothHoldEverythingAndNothingIsRecorded) {
  ASSERT_TRUE(write(0, 100).complete());
  ASSERT_TRUE(write(100, 150).complete());
  EXPECT_EQ(position(), 150);
  EXPECT_EQ(rows(0), 150u);
  EXPECT_EQ(rows(1), 150u);
  EXPECT_TRUE(failures_[1].sequences.empty());
}

TEST_F(ReplicatedTest, WhatOneMissesIsRecordedForItsDataCenterAndTheOtherGoesOn) {
  ASSERT_TRUE(write(0, 10).complete());
  plugs_[1].pulled = true;
  EXPECT_EQ(write(10, 20).outcomes, std::vector<Outcome>(10, Outcome::applied));
  EXPECT_EQ(sink_->replicas()[1].breaker.state, Breaker::State::open);
  const int asked = plugs_[1].asked;
  ASSERT_TRUE(write(20, 30).complete());
  EXPECT_EQ(plugs_[1].asked, asked);  // no time is lost with it
  EXPECT_EQ(failures_[1].sequences, numbers(10, 30));
  EXPECT_EQ(failures_[1].datacenters, std::set<std::string>{"frankfurt"});
  EXPECT_TRUE(failures_[0].sequences.empty());
  EXPECT_EQ(position(), 30);
  EXPECT_EQ(sink_->replicas()[1].missed, 20u);
  EXPECT_EQ(sink_->health().health, Health::well);
  EXPECT_FALSE(sink_->health().message.empty());
}

TEST_F(ReplicatedTest, AStoreThatComesBackTakesPartAgainAndItsHoleStaysForTheRepair) {
  ASSERT_TRUE(write(0, 10).complete());
  plugs_[1].pulled = true;
  ASSERT_TRUE(write(10, 20).complete());
  plugs_[1].pulled = false;
  const int64_t end = write_until_well(20);
  ASSERT_TRUE(write(end, end + 5).complete());
  const size_t missed = failures_[1].sequences.size();
  EXPECT_GE(missed, 10u);
  EXPECT_EQ(rows(0), static_cast<size_t>(end + 5));
  EXPECT_EQ(rows(1) + missed, static_cast<size_t>(end + 5));
  EXPECT_EQ(position(), end + 5);
}

TEST_F(ReplicatedTest, AnUnknownOutcomeOpensTheBreakerAndIsRecordedAsUnknown) {
  ASSERT_TRUE(write(0, 10).complete());
  plugs_[1].lose_answer = true;
  ASSERT_TRUE(write(10, 20).complete());
  EXPECT_EQ(sink_->replicas()[1].breaker.state, Breaker::State::open);
  EXPECT_EQ(failures_[1].kinds, std::set{event::FailureKind::unknown});
  EXPECT_EQ(failures_[1].sequences, numbers(10, 20));
}

/// All stores at once, which nobody answers.
class UnansweredSink : public Sink {
 public:
  explicit UnansweredSink(std::atomic<int>& written) : written_(written) {}
  Result<Positions> positions() override { return Positions(); }
  Written write(const Batch& batch) override {
    ++written_;
    return Written::all(batch.entries.size(), Outcome::unknown, {"write_timeout", "no answer"});
  }
  HealthReport health() const override { return {}; }
  Result<std::unique_ptr<Reader>> reader() override { return fail(ErrorCode::not_found, "none"); }

 private:
  std::atomic<int>& written_;
};

TEST_F(ReplicatedTest, AStoreThatDiesWithoutAWordIsAwayAfterTheFirstUnansweredWriteToAll) {
  std::atomic<int> to_all = 0;
  settings_.roll_call_ms = 20;
  settings_.open_together = [&] { return std::make_unique<UnansweredSink>(to_all); };
  reopen();
  plugs_[1].silent = true;
  ASSERT_TRUE(write(0, 10).complete());
  EXPECT_EQ(sink_->replicas()[1].breaker.state, Breaker::State::open);
  EXPECT_EQ(failures_[1].sequences, numbers(0, 10));
  EXPECT_EQ(failures_[1].kinds, std::set{event::FailureKind::unknown});  // it may have got it
  const int asked = plugs_[1].asked;
  ASSERT_TRUE(write(10, 20).complete());
  EXPECT_EQ(to_all, 1);
  EXPECT_EQ(plugs_[1].asked, asked);
  plugs_[1].silent = false;
  plugs_[1].silent.notify_all();
  write_until_well(20);
}

TEST_F(ReplicatedTest, WhatWentToAllAtOnceIsInDoubtWhileNobodyAnswers) {
  std::atomic<int> to_all = 0;
  settings_.roll_call_ms = 20;
  settings_.open_together = [&] { return std::make_unique<UnansweredSink>(to_all); };
  reopen();
  for (Plug& plug : plugs_) plug.pulled = true;
  EXPECT_EQ(write(0, 10).outcomes, std::vector<Outcome>(10, Outcome::unknown));
  EXPECT_TRUE(write(0, 10).has(Outcome::unavailable));  // nothing was sent any more
}

TEST_F(ReplicatedTest, OneThatIsSilentKeepsNobodyWaitingWhoAsksForPositions) {
  settings_.roll_call_ms = 20;
  reopen();
  ASSERT_TRUE(write(0, 10).complete());
  plugs_[1].pulled = true;
  ASSERT_TRUE(write(10, 20).complete());
  plugs_[1].silent = true;
  clock_.now_ms += 20'000;
  EXPECT_EQ(position(), 20);  // asked, and not waited for
  plugs_[1].pulled = false;
  plugs_[1].silent = false;
  plugs_[1].silent.notify_all();
  write_until_well(20);
}

TEST_F(ReplicatedTest, AfterARestartWithOneAwayThePositionIsWhereItWasAccountedFor) {
  ASSERT_TRUE(write(0, 10).complete());
  plugs_[1].pulled = true;
  ASSERT_TRUE(write(10, 20).complete());
  reopen();
  EXPECT_EQ(position(), 20);  // recorded, and the living one knows
  ASSERT_TRUE(write(20, 30).complete());
  EXPECT_EQ(failures_[1].sequences, numbers(10, 30));
}

TEST_F(ReplicatedTest, ACrashBeforeTheRecordReadsTheBatchAgain) {
  ASSERT_TRUE(write(0, 10).complete());
  failures_[1].away = true;
  plugs_[1].pulled = true;
  EXPECT_TRUE(write(10, 20).has(Outcome::unknown));  // the living one has it, nobody recorded
  reopen();                                          // as after a crash right there
  EXPECT_EQ(position(), 10);
  failures_[1].away = false;
  EXPECT_EQ(write(10, 20).outcomes, std::vector<Outcome>(10, Outcome::superseded));
  EXPECT_EQ(failures_[1].sequences, numbers(10, 20));
  EXPECT_EQ(position(), 20);
}

TEST_F(ReplicatedTest, WhileTheFailureLogIsAwayNothingPasses) {
  ASSERT_TRUE(write(0, 10).complete());
  plugs_[1].pulled = true;
  ASSERT_TRUE(write(10, 20).complete());
  failures_[1].away = true;
  EXPECT_TRUE(write(20, 30).has(Outcome::unknown));  // the living one may have it
  EXPECT_EQ(position(), 20);
  reopen();
  EXPECT_EQ(position(), 20);
  failures_[1].away = false;
  EXPECT_EQ(write(20, 30).outcomes, std::vector<Outcome>(10, Outcome::superseded));
  EXPECT_EQ(position(), 30);
  EXPECT_EQ(failures_[1].sequences, numbers(10, 30));
}

TEST_F(ReplicatedTest, WithBothAwayNothingIsRecordedAndTheCallerWaits) {
  ASSERT_TRUE(write(0, 10).complete());
  plugs_[0].pulled = plugs_[1].pulled = true;
  EXPECT_TRUE(write(10, 20).has(Outcome::unavailable));
  EXPECT_TRUE(write(10, 20).has(Outcome::unavailable));
  EXPECT_FALSE(sink_->positions());
  EXPECT_TRUE(failures_[0].sequences.empty());
  EXPECT_TRUE(failures_[1].sequences.empty());
  plugs_[0].pulled = plugs_[1].pulled = false;
  clock_.now_ms += 20'000;
  EXPECT_EQ(position(), 10);
  ASSERT_TRUE(write(10, 20).complete());
  EXPECT_EQ(rows(1), 20u);
}

TEST_F(ReplicatedTest, ANewStoreIsFilledFromTheBeginningOfTheTopics) {
  ASSERT_TRUE(write(0, 10).complete());
  sink_.reset();
  std::filesystem::remove(path(1));
  auto sink = ReplicatedSink::open(
      {replica(0),
       {.datacenter = "paris",
        .store = "flights",
        .tables = {},
        .open = [this]() -> Result<std::unique_ptr<Sink>> {
          return HOLDFAST_TRY(DuckdbSink::open(settings_of(path(1)), conformance::schema()));
        },
        .failures = &failures_[1]}},
      {.pipeline = "p", .on_open = {}}, clock_);
  ASSERT_TRUE(sink);
  EXPECT_EQ(*(*sink)->positions(), Positions());
}

/// The whole contract, over two DuckDB files.
class ReplicatedTarget : public conformance::Target {
 public:
  ReplicatedTarget() {
    for (size_t i = 0; i < 2; ++i)
      EXPECT_TRUE(duckdb::Database::open({.path = path(i)})
                      ->connect()
                      ->run("CREATE TABLE flights(n BIGINT CHECK (n <> 666), word VARCHAR, "
                            "ce_source VARCHAR, ce_epoch BIGINT, ce_sequence BIGINT)"));
  }
  Result<std::unique_ptr<Sink>> open() override {
    std::vector<Replica> replicas;
    for (size_t i = 0; i < 2; ++i)
      replicas.push_back({i == 0 ? "amsterdam" : "frankfurt", "flights", "",
                          [this, i]() -> Result<std::unique_ptr<Sink>> {
                            return HOLDFAST_TRY(
                                DuckdbSink::open(settings_of(path(i)), conformance::schema()));
                          },
                          &failures_});
    return HOLDFAST_TRY(
        ReplicatedSink::open(std::move(replicas), {.pipeline = "p", .on_open = {}}));
  }
  /// Those of the one, if the other has just the same.
  std::multiset<std::string> contents() override {
    const auto first = contents_of(0);
    EXPECT_EQ(first, contents_of(1));
    return first;
  }

 private:
  std::string path(size_t i) const { return folder_.path() + "/" + std::to_string(i) + ".duckdb"; }
  std::multiset<std::string> contents_of(size_t i) {
    auto connection = std::move(*duckdb::Database::open({.path = path(i)})->connect());
    auto cursor = connection.query(
        "SELECT format('{}/{}/{} {} {}', ce_source, ce_epoch, ce_sequence, n, word) FROM flights");
    std::multiset<std::string> rows;
    while (const auto chunk = *cursor->next())
      for (size_t row = 0; row < chunk->rows(); ++row)
        rows.emplace(chunk->column(0).as<duckdb::Text>()[row].view());
    return rows;
  }
  testing::TemporaryFolder folder_;
  ListedFailures failures_;
};

INSTANTIATE_TEST_SUITE_P(Replicated, Conformance,
                         ::testing::Values([] { return std::make_unique<ReplicatedTarget>(); }));

}  // namespace
}  // namespace holdfast::sink
