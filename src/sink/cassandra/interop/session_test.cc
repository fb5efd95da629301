#include "sink/cassandra/cql/session.h"

#include <gtest/gtest.h>

#include "base/os/clock.h"
#include "sink/cassandra/cql/murmur3.h"
#include "sink/cassandra/cql/rows.h"
#include "sink/cassandra/cql/value.h"
#include "sink/cassandra/interop/real_cassandra.h"

namespace holdfast::cql {
namespace {

using Lines = std::vector<std::string>;

Request insert(const Statement& statement, int64_t id, std::string_view word, int64_t time_us) {
  Request request;
  request.bound.resize(1);
  Bound& bound = request.bound[0];
  bound.statement = statement;
  bound.value_count = 3;
  Writer writer(bound.values);
  writer.i32(8);
  writer.i64(id);
  writer.bytes(as_bytes(word));
  writer.i32(8);
  writer.i64(time_us);
  std::byte key[8];
  store_be(key, id);
  request.token = token_of(key);
  request.idempotent = true;
  return request;
}

Request select(std::string cql, Consistency consistency = Consistency::local_quorum) {
  Request request;
  request.cql = std::move(cql);
  request.consistency = consistency;
  return request;
}

struct Fixture {
  explicit Fixture(RealCassandra& cassandra, SessionSettings settings) {
    auto opened = Session::open(settings);
    EXPECT_TRUE(opened) << opened.error().message;
    session = std::move(*opened);
    keyspace = cassandra.make_keyspace(*session);
    const Status made = session->change_schema("CREATE TABLE " + keyspace +
                                               ".words (id bigint PRIMARY KEY, word text)");
    EXPECT_TRUE(made) << made.error().message;
    statement = session
                    ->prepare("INSERT INTO " + keyspace +
                              ".words (id, word) VALUES (?, ?) USING TIMESTAMP ?")
                    .value();
  }
  explicit Fixture(RealCassandra& cassandra) : Fixture(cassandra, cassandra.settings()) {}
  std::unique_ptr<Session> session;
  std::string keyspace;
  Statement statement;
};

TEST(CqlSession, ManyRequestsInFlightAreAllThereInBothDatacenters) {
  HOLDFAST_NEEDS_CASSANDRA(cassandra);
  Fixture f(cassandra);
  EXPECT_EQ(f.session->datacenter(), "amsterdam");
  EXPECT_EQ(f.statement->partition_key, (std::vector<uint16_t>{0}));
  std::vector<Request> requests;
  for (int64_t i = 0; i < 5000; ++i) {
    requests.push_back(insert(f.statement, i, "w" + std::to_string(i), 1000));
    requests.back().consistency = Consistency::each_quorum;
  }
  for (Answer& answer : f.session->run_all(requests)) must(std::move(answer));
  for (const auto dc : {RealCassandra::amsterdam, RealCassandra::frankfurt}) {
    const auto there = cassandra.session(dc);
    EXPECT_EQ(texts(must(there->run("SELECT count(*) FROM " + f.keyspace + ".words"))),
              Lines{"5000"});
    EXPECT_EQ(texts(must(there->run("SELECT id, word, writetime(word) FROM " + f.keyspace +
                                    ".words WHERE id = 4711"))),
              Lines{"4711|w4711|1000"});
  }
}

TEST(CqlSession, PagesFollowOneAnother) {
  HOLDFAST_NEEDS_CASSANDRA(cassandra);
  Fixture f(cassandra);
  std::vector<Request> requests;
  for (int64_t i = 0; i < 250; ++i) requests.push_back(insert(f.statement, i, "w", 1));
  f.session->run_all(requests);
  std::set<std::string> seen;
  int pages = 0;
  Request request = select("SELECT id FROM " + f.keyspace + ".words");
  request.page_rows = 100;
  while (true) {
    const Reply page = must(f.session->run(request));
    ASSERT_NE(page, nullptr);
    ++pages;
    for (const std::string& id : texts(page)) EXPECT_TRUE(seen.insert(id).second) << id;
    if (!page->metadata.paging_state) break;
    request.paging_state = page->metadata.paging_state;
  }
  EXPECT_EQ(seen.size(), 250u);
  EXPECT_EQ(pages, 3);
}

TEST(CqlSession, ServerErrorsAreNamedWithWhatTheyLeaveInDoubt) {
  HOLDFAST_NEEDS_CASSANDRA(cassandra);
  Fixture f(cassandra);
  const auto failure = [&](Request request) {
    const Answer answer = f.session->run(std::move(request));
    EXPECT_FALSE(answer);
    return answer ? Failure{} : answer.error();
  };
  EXPECT_EQ(failure(select("SELEC 1")).code, "syntax");
  EXPECT_EQ(failure(select("SELECT * FROM nowhere.nothing")).code, "invalid");
  const Failure twice =
      failure(select("CREATE TABLE " + f.keyspace + ".words (id int PRIMARY KEY)"));
  EXPECT_EQ(twice.code, "already_exists");
  EXPECT_EQ(twice.server->table, "words");
  EXPECT_EQ(twice.certainty, Certainty::refused);
  Request three = insert(f.statement, 1, "x", 1);
  three.consistency = Consistency::three;
  const Failure unavailable = failure(std::move(three));
  EXPECT_EQ(unavailable.code, "unavailable");
  EXPECT_EQ(unavailable.certainty, Certainty::not_applied);
  EXPECT_EQ(unavailable.server->required, 3);
  EXPECT_EQ(unavailable.server->received, 2);
  Request large = insert(f.statement, 1, "x", INT64_MIN);  // a time stamp that no server takes
  EXPECT_EQ(failure(std::move(large)).certainty, Certainty::refused);
}

TEST(CqlSession, AForgottenStatementIsPreparedAgainAndAChangedTableIsSaid) {
  HOLDFAST_NEEDS_CASSANDRA(cassandra);
  Fixture f(cassandra);
  const uint64_t before = f.session->schema_changes();
  Request batch;  // of more statements than a request without any would be sent again
  for (size_t i = 0; i < 8; ++i) {
    auto bound = insert(f.statement, static_cast<int64_t>(200 + i), "batch", 5).bound.front();
    bound.statement = f.session
                          ->prepare("INSERT INTO " + f.keyspace + ".words (id, word)" +
                                    std::string(i, ' ') + "VALUES (?, ?) USING TIMESTAMP ?")
                          .value();
    batch.bound.push_back(std::move(bound));
  }
  batch.batch = BatchKind::unlogged;
  ASSERT_TRUE(f.session->change_schema("ALTER TABLE " + f.keyspace +
                                       ".words ADD more int"));  // servers forget it
  std::vector<Request> requests;
  for (int64_t i = 0; i < 100; ++i) requests.push_back(insert(f.statement, i, "again", 5));
  for (Answer& answer : f.session->run_all(requests)) must(std::move(answer));
  must(f.session->run(std::move(batch)));
  EXPECT_EQ(texts(must(f.session->run("SELECT count(*) FROM " + f.keyspace + ".words"))),
            Lines{"108"});
  EXPECT_GT(f.session->schema_changes(), before);
  ASSERT_TRUE(f.session->change_schema("ALTER TABLE " + f.keyspace + ".words DROP word"));
  const Answer answer = f.session->run(insert(f.statement, 1, "gone", 6));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, "schema");
  EXPECT_EQ(answer.error().certainty, Certainty::not_applied);
}

TEST(CqlSession, ABatchIsAppliedWholeWithOneTimestamp) {
  HOLDFAST_NEEDS_CASSANDRA(cassandra);
  Fixture f(cassandra);
  const auto plain =
      f.session->prepare("INSERT INTO " + f.keyspace + ".words (id, word) VALUES (?, ?)").value();
  for (const BatchKind kind : {BatchKind::logged, BatchKind::unlogged}) {
    Request batch;
    for (int64_t id : {1, 2, 3}) {
      Bound bound{.statement = plain, .value_count = 2};
      Writer writer(bound.values);
      writer.i32(8);
      writer.i64(id);
      writer.bytes(as_bytes(kind == BatchKind::logged ? "logged" : "unlogged"));
      batch.bound.push_back(std::move(bound));
    }
    batch.batch = kind;
    batch.timestamp_us = kind == BatchKind::logged ? 10 : 20;
    must(f.session->run(std::move(batch)));
  }
  EXPECT_EQ(
      texts(must(f.session->run("SELECT id, word, writetime(word) FROM " + f.keyspace + ".words"))),
      (Lines{"1|unlogged|20", "2|unlogged|20", "3|unlogged|20"}));
}

TEST(CqlSession, ANodeThatDiesIsSaidToBeAwayAndIsUsedAgainWhenItIsBack) {
  HOLDFAST_NEEDS_CASSANDRA(cassandra);
  if (cassandra.is_external()) GTEST_SKIP() << "these nodes are not ours to kill";
  Fixture here(cassandra);
  SessionSettings settings = cassandra.settings(RealCassandra::frankfurt);
  settings.reconnect_max_ms = 500;
  const auto there = Session::open(settings);
  ASSERT_TRUE(there) << there.error().message;
  const std::string look = "SELECT id FROM " + here.keyspace + ".words";
  must((*there)->run(look));

  cassandra.kill(RealCassandra::frankfurt);
  // Whatever had not been answered is in doubt; what was asked after it surely was not applied.
  while (true) {
    const Answer answer = (*there)->run(look);
    ASSERT_FALSE(answer);
    EXPECT_NE(answer.error().certainty, Certainty::refused);
    if (answer.error().code == "no_node") break;
  }
  EXPECT_FALSE((*there)->nodes().front().reachable);
  must(here.session->run(insert(here.statement, 1, "alone", 5)));

  ASSERT_TRUE(cassandra.start());
  // It reconnects by itself; until then requests fail at once.
  Answer answer = (*there)->run(look);
  for (const int64_t until = os::real_clock().steady_ms() + 60'000;
       !answer && os::real_clock().steady_ms() < until;)
    answer = (*there)->run(look);
  must(std::move(answer));
  EXPECT_TRUE((*there)->nodes().front().reachable);
}

}  // namespace
}  // namespace holdfast::cql
