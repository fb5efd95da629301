#include <future>
#include <gtest/gtest.h>

#include "base/os/clock.h"
#include "sink/cassandra/cql/session.h"
#include "sink/cassandra/interop/real_cassandra.h"

// What is known of a request while one of two data centers cannot answer: servers with the
// time-outs of service, one of which stands still, is killed, and comes back.

namespace holdfast::cql {
namespace {

using Lines = std::vector<std::string>;
constexpr auto frankfurt = RealCassandra::frankfurt;
constexpr int64_t patience_ms = 90'000;

class CqlOutcome : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { servers = std::make_unique<RealCassandra>(); }
  static void TearDownTestSuite() { servers.reset(); }

  void SetUp() override {
    if (!cassandra_.start()) GTEST_SKIP() << "Apache Cassandra cannot run here";
    if (cassandra_.is_external()) GTEST_SKIP() << "these nodes are not ours to stop";
    SessionSettings settings = cassandra_.settings();
    settings.other_datacenters = true;
    // Only what the servers tell brings a node back sooner.
    settings.reconnect_first_ms = settings.reconnect_max_ms = 600'000;
    auto opened = Session::open(settings);
    ASSERT_TRUE(opened) << opened.error().message;
    session_ = std::move(*opened);
    keyspace_ = cassandra_.make_keyspace(*session_);
    ASSERT_TRUE(
        session_->change_schema("CREATE TABLE " + words() + " (id bigint PRIMARY KEY, word text)"));
    must(run("INSERT INTO " + words() + " (id, word) VALUES (1, 'before') USING TIMESTAMP 10",
             Consistency::all));
  }

  std::string words() const { return keyspace_ + ".words"; }
  Answer run(std::string cql, Consistency consistency) {
    return session_->run(std::move(cql), consistency);
  }
  Failure failure(const std::string& cql, Consistency consistency) {
    const Answer answer = run(cql, consistency);
    EXPECT_FALSE(answer) << cql;
    return answer ? Failure{} : answer.error();
  }
  std::string insert(int id, const char* word) const {
    return "INSERT INTO " + words() + " (id, word) VALUES (" + std::to_string(id) + ", '" + word +
           "') USING TIMESTAMP 20";
  }
  /// Looks a hundred times a second.
  template <class Condition>
  bool comes_true(Condition condition) {
    const int64_t until = os::real_clock().steady_ms() + patience_ms;
    std::promise<void> never;
    while (!condition()) {
      if (os::real_clock().steady_ms() > until) return false;
      never.get_future().wait_for(std::chrono::milliseconds(10));
      never = {};
    }
    return true;
  }
  bool sees(const char* datacenter) {
    for (const NodeReport& node : session_->nodes())
      if (node.datacenter == datacenter) return node.reachable;
    return false;
  }

  static inline std::unique_ptr<RealCassandra> servers;
  RealCassandra& cassandra_ = *servers;
  std::unique_ptr<Session> session_;
  std::string keyspace_;
};

TEST_F(CqlOutcome, IsToldByWhatTheServersSayOfANodeThatStandsStillIsKilledAndComesBack) {
  const auto prepared = session_->prepare("SELECT word FROM " + words() + " WHERE id = 1");
  ASSERT_TRUE(prepared);
  ASSERT_TRUE(comes_true([&] { return sees("frankfurt"); }));

  cassandra_.freeze(frankfurt);
  for (const Consistency level :
       {Consistency::each_quorum, Consistency::all, Consistency::quorum}) {
    const Failure late = failure(insert(2, "late"), level);
    EXPECT_EQ(late.code, "write_timeout") << name(level);
    EXPECT_EQ(late.certainty, Certainty::unknown);
    ASSERT_TRUE(late.server);
    EXPECT_EQ(late.server->consistency, level);
    EXPECT_EQ(late.server->required, 2);
    EXPECT_EQ(late.server->received, 1);
    EXPECT_EQ(late.server->write_type, "SIMPLE");
  }
  const Failure unread = failure("SELECT word FROM " + words() + " WHERE id = 1", Consistency::all);
  EXPECT_EQ(unread.code, "read_timeout");
  EXPECT_EQ(unread.server->received, 1);
  // It was applied after all, where it could be.
  EXPECT_EQ(
      texts(must(run("SELECT word FROM " + words() + " WHERE id = 2", Consistency::local_quorum))),
      Lines{"late"});
  must(run(insert(3, "here"), Consistency::local_quorum));

  cassandra_.thaw(frankfurt);
  cassandra_.kill(frankfurt);
  Failure refused;
  ASSERT_TRUE(comes_true([&] {
    refused = failure(insert(4, "nowhere"), Consistency::each_quorum);
    return refused.code == "unavailable";
  }));
  EXPECT_EQ(refused.certainty, Certainty::not_applied);
  EXPECT_EQ(refused.server->required, 1);
  EXPECT_EQ(refused.server->received, 0);
  EXPECT_EQ(failure(insert(5, "nowhere"), Consistency::all).code, "unavailable");
  const Failure truncate = failure("TRUNCATE " + words(), Consistency::local_quorum);
  EXPECT_EQ(truncate.code, "truncate");
  EXPECT_EQ(truncate.certainty, Certainty::unknown);
  EXPECT_EQ(
      texts(must(run("SELECT word FROM " + words() + " WHERE id = 5", Consistency::local_quorum))),
      Lines{});
  EXPECT_FALSE(sees("frankfurt"));
  // The dead do not agree on anything, and are not waited for.
  const Status made =
      session_->change_schema("CREATE TABLE " + keyspace_ + ".more (id bigint PRIMARY KEY)");
  EXPECT_TRUE(made) << made.error().message;

  ASSERT_TRUE(cassandra_.start());
  EXPECT_TRUE(comes_true([&] { return sees("frankfurt"); }));  // it was said to be up
}

TEST_F(CqlOutcome, AServerThatHasForgottenAStatementIsToldItAgain) {
  SessionSettings there = cassandra_.settings(frankfurt);
  there.reconnect_max_ms = 500;
  const auto session = Session::open(there);
  ASSERT_TRUE(session);
  const auto statement = (*session)->prepare("SELECT word FROM " + words() + " WHERE id = 1");
  ASSERT_TRUE(statement);
  const auto ask = [&] {
    Request request;
    request.bound.push_back({.statement = *statement});
    request.consistency = Consistency::local_one;
    return (*session)->run(std::move(request));
  };
  EXPECT_EQ(texts(must(ask())), Lines{"before"});
  // Else it would read its statements again when it starts.
  must((*session)->run("TRUNCATE system.prepared_statements", Consistency::one));
  cassandra_.kill(frankfurt);
  ASSERT_TRUE(cassandra_.start());
  Answer answer = ask();
  ASSERT_TRUE(comes_true([&] { return (answer = ask()).has_value(); }))
      << answer.error().code << answer.error().message;
  EXPECT_EQ(texts(*answer), Lines{"before"});
}

}  // namespace
}  // namespace holdfast::cql
