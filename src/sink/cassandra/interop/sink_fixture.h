#pragma once

#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <vector>

#include "sink/cassandra/interop/real_cassandra.h"
#include "sink/cassandra/sink.h"

/// What the tests of the sink share. For tests only.
namespace holdfast::sink {

using Lines = std::vector<std::string>;

/// One keyspace for the whole program: making one takes the servers a second.
struct Shared {
  std::unique_ptr<cql::Session> session;
  std::string keyspace;
  int tables = 0;

  static Shared& get() {
    static Shared one;
    return one;
  }
  /// The servers are made first and so go last: at the end, no session is left to miss them.
  Shared()
      : session(cql::RealCassandra::shared().session()),
        keyspace(cql::RealCassandra::shared().make_keyspace(*session)) {}
  std::string make_table(const std::string& columns) {
    const std::string name = "t" + std::to_string(++tables);
    const Status made =
        session->change_schema("CREATE TABLE " + keyspace + "." + name + " (" + columns + ")");
    EXPECT_TRUE(made) << made.error().message;
    return name;
  }
};

inline constexpr const char* stamp = "ce_source text, ce_epoch bigint, ce_sequence bigint, ";

inline CassandraSettings settings_for(
    std::vector<CassandraTable> tables,
    cql::RealCassandra::Datacenter where = cql::RealCassandra::amsterdam) {
  CassandraSettings settings;
  settings.session = cql::RealCassandra::shared().settings(where);
  settings.keyspace = Shared::get().keyspace;
  settings.pipeline = "p";
  settings.tables = std::move(tables);
  settings.write = cql::Consistency::each_quorum;
  return settings;
}

/// Orders by id, with tags that fan out into a second table.
struct Orders {
  Orders() {
    Shared& shared = Shared::get();
    by_id =
        shared.make_table(std::string(stamp) + "id bigint PRIMARY KEY, status text, at timestamp");
    by_tag = shared.make_table(std::string(stamp) +
                               "tag text, id bigint, status text, PRIMARY KEY (tag, id)");
    settings = settings_for({{.table = by_id,
                              .columns = {{"id", "id"}, {"status", "status"}, {"at", "at"}},
                              .when = {{"kind", "order"}},
                              .delete_when = {{"status", "deleted"}}},
                             {.table = by_tag,
                              .columns = {{"id", "id"}, {"status", "status"}, {"tag", "tags"}},
                              .when = {{"kind", "order"}},
                              .fan_out = "tags",
                              .delete_when = {{"status", "deleted"}}}});
  }
  static event::Schema schema() {
    using event::ColumnType;
    return {{"id", ColumnType::int64},
            {"kind", ColumnType::text},
            {"status", ColumnType::text},
            {"at", ColumnType::timestamp},
            {"tags", ColumnType::json}};
  }
  std::unique_ptr<CassandraSink> open(CassandraSettings with) const {
    auto sink = CassandraSink::open(with, schema());
    EXPECT_TRUE(sink) << sink.error().message;
    return sink ? std::move(*sink) : nullptr;
  }
  std::unique_ptr<CassandraSink> open() const { return open(settings); }

  struct Order {
    int64_t sequence, id, version;
    std::string status;
    std::string tags = "[]";
    bool deletion = false;
    std::string kind = "order";
  };
  static Batch batch(const std::vector<Order>& orders, bool moves = true) {
    Batch batch;
    batch.sources = {"shop"};
    batch.rows = event::Rows(schema());
    for (const Order& one : orders) {
      batch.entries.push_back({.row = static_cast<int32_t>(batch.rows.rows()),
                               .epoch = 1,
                               .sequence = one.sequence,
                               .version = one.version,
                               .deletion = one.deletion});
      batch.rows.column(0).add<int64_t>(one.id);
      batch.rows.column(1).add_text(one.kind);
      batch.rows.column(2).add_text(one.status);
      batch.rows.column(3).add<int64_t>(1'700'000'000'123'456);
      batch.rows.column(4).add_text(one.tags);
    }
    if (moves) batch.upto[{"orders", 0}] = orders.back().sequence + 1;
    return batch;
  }
  Lines rows(const std::string& table, const std::string& columns,
             cql::RealCassandra::Datacenter where = cql::RealCassandra::amsterdam) const {
    const auto session = cql::RealCassandra::shared().session(where);
    return cql::texts(cql::must(
        session->run("SELECT " + columns + " FROM " + Shared::get().keyspace + "." + table)));
  }

  std::string by_id, by_tag;
  CassandraSettings settings;
};

}  // namespace holdfast::sink
