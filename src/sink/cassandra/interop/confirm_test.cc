#include "sink/cassandra/confirm.h"

#include <gtest/gtest.h>

#include "sink/cassandra/interop/sink_fixture.h"

// What is read back is judged row by row, however many were asked for in one request.

namespace holdfast::sink {
namespace {

using cql::must;

void run(const std::string& statement) {
  must(Shared::get().session->run(statement));
}

TEST(CassandraConfirm, ManyRowsThatAreAskedForAtOnceAreJudgedEachByItsKey) {
  HOLDFAST_NEEDS_CASSANDRA(cassandra);
  Orders orders;
  const auto sink = orders.open();
  const std::string table = Shared::get().keyspace + "." + orders.by_id;
  std::vector<Orders::Order> asked, before, after;
  std::vector<Held> expected;
  for (int64_t i = 0; i < 210; ++i) {
    const int64_t version = 1'000 + 10 * i;
    Orders::Order one{i, i, version, "asked"};
    const auto add = [&](std::vector<Orders::Order>& to, int64_t newer, bool deletion = false) {
      to.push_back({1'000 + i, i, version + newer, "other", "[]", deletion});
    };
    switch (i % 7) {
      case 0:
        before.push_back(one);
        expected.push_back(Held::present);
        break;
      case 1:
        before.push_back(one);
        add(after, 5);
        expected.push_back(Held::superseded);
        break;
      case 2:  // deleted by somebody else
        before.push_back(one);
        add(after, 5, true);
        expected.push_back(Held::missing);
        break;
      case 3:  // a deletion, and nothing is there
        one.deletion = true;
        before.push_back(one);
        expected.push_back(Held::present);
        break;
      case 4:  // never written
        expected.push_back(Held::missing);
        break;
      case 5:  // only an older one is there
        add(before, -5);
        expected.push_back(Held::missing);
        break;
      default:  // a deletion that never came
        add(before, -5);
        one.deletion = true;
        expected.push_back(Held::missing);
    }
    asked.push_back(one);
  }
  // The same keys again, as what is there now.
  const size_t first = asked.size();
  for (size_t i = 1; i < first; i += 7) {
    asked.push_back(after[2 * (i / 7)]);
    expected.push_back(Held::present);
  }
  ASSERT_TRUE(sink->write(Orders::batch(before, false)).complete());
  ASSERT_TRUE(sink->write(Orders::batch(after, false)).complete());
  EXPECT_EQ(*sink->confirm(Orders::batch(asked, false)), expected);
  // Nobody is asked for what has no row, or is handed over.
  Batch batch = Orders::batch(asked, false);
  for (Entry& entry : batch.entries) entry.row = Entry::handed_over;
  EXPECT_EQ(*sink->confirm(batch), std::vector(asked.size(), Held::present));
  run("TRUNCATE " + table);
  for (size_t i = 0; i < asked.size(); ++i)
    expected[i] = asked[i].deletion ? Held::present : Held::missing;
  EXPECT_EQ(*sink->confirm(Orders::batch(asked, false)), expected);
}

/// Rows of two texts.
Batch words(const std::vector<std::string>& keys, int64_t version) {
  Batch batch;
  batch.sources = {"shop"};
  batch.rows = event::Rows({{"k", event::ColumnType::text}, {"word", event::ColumnType::text}});
  for (size_t i = 0; i < keys.size(); ++i) {
    const auto number = static_cast<int64_t>(i);
    batch.entries.push_back({.row = static_cast<int32_t>(i),
                             .epoch = 1,
                             .sequence = number,
                             .version = version + number});
    batch.rows.column(0).add_text(keys[i]);
    batch.rows.column(1).add_text("w");
  }
  return batch;
}

TEST(CassandraConfirm, RowsAreFoundByKeysOfEveryType) {
  HOLDFAST_NEEDS_CASSANDRA(cassandra);
  const std::vector<std::pair<std::string, std::vector<std::string>>> types{
      {"ascii", {"a", "b c"}},
      {"text", {"a", "\u00e4\u20ac\U0001f600", std::string("nul\0l", 5)}},
      {"blob", {"a", "\xff\xfe"}},
      {"bigint", {"1", "-9223372036854775808"}},
      {"int", {"1", "-2147483648"}},
      {"smallint", {"1", "-32768"}},
      {"tinyint", {"1", "-128"}},
      {"boolean", {"true", "false"}},
      {"uuid", {"00000000-0000-0000-0000-000000000001", "ffffffff-ffff-4fff-bfff-ffffffffffff"}},
      {"timeuuid", {"50554d6e-29bb-11e5-b345-feff819cdc9f"}},
      {"timestamp", {"2024-02-29T12:34:56.789+01:00", "1969-12-31T23:59:59.999Z"}},
      {"date", {"2024-02-29", "1969-12-31"}},
      {"time", {"23:59:59.123456789", "00:00:00"}},
      {"inet", {"127.0.0.1", "::1", "::ffff:1.2.3.4"}},
      {"varint", {"1", "-1234567890123456789012345678901234567890"}},
      {"decimal", {"1.10", "1.1", "-0.00"}},
      {"double", {"1.5", "-0.0"}},
      {"frozen<set<text>>", {R"(["b","a"])", R"([])"}},
  };
  for (const auto& [type, keys] : types) {
    SCOPED_TRACE(type);
    const std::string table =
        Shared::get().make_table(std::string(stamp) + "k " + type + " PRIMARY KEY, word text");
    const auto sink =
        CassandraSink::open(settings_for({{.table = table}}),
                            {{"k", event::ColumnType::text}, {"word", event::ColumnType::text}});
    ASSERT_TRUE(sink) << sink.error().message;
    Batch batch = words(keys, 1'000);
    EXPECT_EQ(*(*sink)->confirm(batch), std::vector(keys.size(), Held::missing));
    ASSERT_TRUE((*sink)->write(batch).complete());
    EXPECT_EQ(*(*sink)->confirm(batch), std::vector(keys.size(), Held::present));
    EXPECT_EQ(*(*sink)->confirm(words(keys, 900)), std::vector(keys.size(), Held::superseded));
    for (Entry& entry : batch.entries) entry.deletion = true;
    EXPECT_EQ(*(*sink)->confirm(batch), std::vector(keys.size(), Held::missing));
  }
}

TEST(CassandraConfirm, ARowWhoseStampIsItsKeyIsThereOrNot) {
  HOLDFAST_NEEDS_CASSANDRA(cassandra);
  const std::string table = Shared::get().make_table(
      "ce_source text, ce_epoch bigint, ce_sequence bigint PRIMARY KEY, k text, word text");
  const auto sink =
      CassandraSink::open(settings_for({{.table = table}}),
                          {{"k", event::ColumnType::text}, {"word", event::ColumnType::text}});
  ASSERT_TRUE(sink) << sink.error().message;
  const Batch all = words(std::vector<std::string>(60, "k"), 1'000);
  Batch some = all;
  std::vector<Held> expected(all.entries.size(), Held::present);
  for (size_t i = 0; i < some.entries.size(); i += 3) {
    some.entries[i].row = Entry::handed_over;
    expected[i] = Held::missing;
  }
  ASSERT_TRUE((*sink)->write(some).complete());
  EXPECT_EQ(*(*sink)->confirm(all), expected);
}

TEST(CassandraConfirm, AServerThatRefusesToReadManyRowsAtOnceIsAskedForEachByItself) {
  // Such bounds are for users that are no superusers.
  cql::RealCassandra guarded({.password = true,
                              .single = true,
                              .settings = {"partition_keys_in_select_fail_threshold=2",
                                           "partition_keys_in_select_warn_threshold=1"}});
  if (!guarded.start())
    GTEST_SKIP() << "Apache Cassandra cannot run here: Java or Maven is missing";
  CassandraSettings settings;
  settings.session = guarded.settings();
  settings.session.user = settings.session.password = "cassandra";
  const auto admin = cql::Session::open(settings.session);
  ASSERT_TRUE(admin) << admin.error().message;
  must((*admin)->run("CREATE ROLE plain WITH PASSWORD = 'plain' AND LOGIN = true"));
  must(
      (*admin)->run("CREATE KEYSPACE guarded WITH replication = {'class': "
                    "'NetworkTopologyStrategy', 'amsterdam': 1}"));
  ASSERT_TRUE((*admin)->change_schema("CREATE TABLE guarded.words (" + std::string(stamp) +
                                      "k text PRIMARY KEY, word text)"));
  settings.session.user = settings.session.password = "plain";
  settings.keyspace = "guarded";
  settings.pipeline = "p";
  settings.tables = {{.table = "words"}};
  const auto sink = CassandraSink::open(
      settings, {{"k", event::ColumnType::text}, {"word", event::ColumnType::text}});
  ASSERT_TRUE(sink) << sink.error().message;
  const auto plain = cql::Session::open(settings.session);
  ASSERT_TRUE(plain) << plain.error().message;
  const auto refused = (*plain)->run("SELECT k FROM guarded.words WHERE k IN ('1', '2', '3')");
  ASSERT_FALSE(refused);
  ASSERT_EQ(refused.error().certainty, cql::Certainty::refused);

  std::vector<std::string> keys;
  for (int i = 0; i < 50; ++i) keys.push_back(std::to_string(i));
  const Batch batch = words(keys, 1'000);
  EXPECT_EQ(*(*sink)->confirm(batch), std::vector(keys.size(), Held::missing));
  ASSERT_TRUE((*sink)->write(batch).complete());
  EXPECT_EQ(*(*sink)->confirm(batch), std::vector(keys.size(), Held::present));
}

}  // namespace
}  // namespace holdfast::sink
