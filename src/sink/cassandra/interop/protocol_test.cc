#include <fstream>
#include <gtest/gtest.h>

#include "sink/cassandra/cql/session.h"
#include "sink/cassandra/cql/value.h"
#include "sink/cassandra/interop/real_cassandra.h"

// What is agreed on when a connection begins: version, compression, login, encryption.

namespace holdfast::cql {
namespace {

using Lines = std::vector<std::string>;

struct Speech {
  Version version;
  Compression compression;
};

class CqlProtocol : public ::testing::TestWithParam<Speech> {};

Bound row(const Statement& statement, int64_t id, const ByteBuffer& content) {
  Bound bound{.statement = statement, .value_count = 2};
  Writer writer(bound.values);
  writer.i32(8);
  writer.i64(id);
  writer.bytes(content);
  return bound;
}

/// Of every kind that framing and compression treat differently: nothing, little, what shrinks,
/// what does not, more than a segment of version 5 holds.
std::vector<ByteBuffer> contents() {
  std::vector<ByteBuffer> all{{}, ByteBuffer(3, std::byte{7})};
  for (const size_t size : {600, 200'000, 3'000'000}) {
    all.emplace_back(size, std::byte{'x'});
    ByteBuffer mixed(size);
    uint32_t state = 1;
    for (std::byte& byte : mixed)
      byte = static_cast<std::byte>((state = state * 1664525u + 1013904223u) >> 24);
    all.push_back(std::move(mixed));
  }
  return all;
}

TEST_P(CqlProtocol, ValuesOfAnySizeGoThereAndComeBack) {
  HOLDFAST_NEEDS_CASSANDRA(cassandra);
  SessionSettings settings = cassandra.settings();
  settings.version_max = GetParam().version;
  settings.compression = GetParam().compression;
  const auto session = Session::open(settings);
  ASSERT_TRUE(session) << session.error().message;
  static const std::string keyspace = cassandra.make_keyspace(**session);
  ASSERT_TRUE((*session)->change_schema("CREATE TABLE IF NOT EXISTS " + keyspace +
                                        ".blobs (id bigint PRIMARY KEY, content blob)"));
  const Statement put =
      (*session)->prepare("INSERT INTO " + keyspace + ".blobs (id, content) VALUES (?, ?)").value();
  const std::vector<ByteBuffer> all = contents();
  std::vector<Request> requests(all.size());
  for (size_t i = 0; i < all.size(); ++i)
    requests[i].bound.push_back(row(put, static_cast<int64_t>(i), all[i]));
  for (Answer& answer : (*session)->run_all(requests)) must(std::move(answer));
  for (size_t i = 0; i < all.size(); ++i) {
    const Reply rows = must((*session)->run("SELECT content FROM " + keyspace +
                                            ".blobs WHERE id = " + std::to_string(i)));
    ASSERT_NE(rows, nullptr);
    CellReader cells = rows->cells();
    const auto cell = cells.next();
    ASSERT_TRUE(cell) << i;
    EXPECT_TRUE(std::ranges::equal(*cell, all[i])) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Speeches, CqlProtocol,
                         ::testing::Values(Speech{Version::v4, Compression::none},
                                           Speech{Version::v4, Compression::lz4},
                                           Speech{Version::v4, Compression::snappy},
                                           Speech{Version::v5, Compression::none},
                                           Speech{Version::v5, Compression::lz4}),
                         [](const auto& one) {
                           return "v" + std::to_string(static_cast<int>(one.param.version)) + "_" +
                                  std::string(name(one.param.compression));
                         });

TEST(CqlLogin, OnlyWhoIsTrustedOnBothSidesTalks) {
  RealCassandra guarded({.password = true,
                         .tls = true,
                         .single = true,
                         .settings = {"native_transport_rate_limiting_enabled=true",
                                      "native_transport_max_requests_per_second=100"}});
  if (!guarded.start())
    GTEST_SKIP() << "Apache Cassandra cannot run here: Java or Maven is missing";
  SessionSettings good = guarded.settings();
  good.user = good.password = "cassandra";
  good.tls = {.enabled = true, .ca_file = guarded.folder() + "/ca.pem"};
  for (const Version version : {Version::v4, Version::v5}) {
    good.version_max = version;
    const auto session = Session::open(good);
    ASSERT_TRUE(session) << session.error().message;
    EXPECT_EQ(texts(must((*session)->run("SELECT data_center FROM system.local"))),
              Lines{"amsterdam"});
  }
  const auto refusal = [](SessionSettings settings) {
    settings.connect_timeout_ms = 3'000;
    const auto session = Session::open(settings);
    EXPECT_FALSE(session);
    return session ? ErrorCode::exists : session.error().code;
  };
  SessionSettings wrong = good;
  wrong.password = "guess";
  EXPECT_EQ(refusal(wrong), ErrorCode::invalid);
  wrong.user.clear();
  EXPECT_EQ(refusal(wrong), ErrorCode::invalid);
  SessionSettings stranger = good;
  stranger.tls.ca_file.clear();  // the system's list does not know it
  EXPECT_EQ(refusal(stranger), ErrorCode::invalid);
  SessionSettings missing = good;
  missing.tls.ca_file = guarded.folder() + "/nowhere.pem";
  EXPECT_EQ(refusal(missing), ErrorCode::invalid);
  SessionSettings plain = good;
  plain.tls = {};
  EXPECT_EQ(refusal(plain), ErrorCode::unavailable);

  // The same server takes a hundred requests a second, and says so to whom wants to hear it.
  good.startup = {{"THROW_ON_OVERLOAD", "1"}};
  const auto hasty = Session::open(good);
  ASSERT_TRUE(hasty) << hasty.error().message;
  std::vector<Request> requests(2'000);
  for (Request& one : requests) one.cql = "SELECT key FROM system.local";
  size_t overloaded = 0;
  for (const Answer& answer : (*hasty)->run_all(requests)) {
    if (answer || answer.error().code != "overloaded") continue;
    ++overloaded;
    // It may come from a replica that a coordinator has passed a write on to.
    EXPECT_EQ(answer.error().certainty, Certainty::unknown);
  }
  EXPECT_GT(overloaded, 0u);
}

}  // namespace
}  // namespace holdfast::cql
