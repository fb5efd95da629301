#pragma once

#include <gtest/gtest.h>
#include <set>
#include <string>

#include "sink/postgres/postgres_sink.h"
#include "testing/postgres_server.h"

/// One server for a test program, a database for each test. For tests only.
namespace holdfast::sink::postgres {

inline testing::PostgresServer& server() {
  static testing::PostgresServer one;
  return one;
}

inline ConnectionSettings connection_to(const std::string& database, int64_t timeout_ms = 10'000) {
  return {.host = "127.0.0.1",
          .port = server().port(),
          .database = database,
          .user = "holdfast",
          .timeout_ms = timeout_ms};
}

inline Answer must(const std::string& database, const std::string& sql) {
  auto connection = Connection::open(connection_to(database));
  if (!connection) throw std::runtime_error(connection.error().message);
  auto answer = connection->run(sql);
  if (!answer) throw std::runtime_error(answer.error().message + " in " + sql);
  return *answer;
}

/// A new, empty database.
inline std::string new_database() {
  static int made = 0;
  const std::string name = "test_" + std::to_string(::getpid()) + "_" + std::to_string(made++);
  must("holdfast", "CREATE DATABASE " + name);
  return name;
}

inline std::multiset<std::string> contents_of(const std::string& database,
                                              const std::string& table = "flights") {
  const Answer answer = must(database,
                             "SELECT format('%s/%s/%s %s %s', ce_source, ce_epoch, ce_sequence, n, "
                             "word) FROM " +
                                 table);
  std::multiset<std::string> rows;
  for (size_t i = 0; i < answer.rows(); ++i) rows.emplace(answer.text(i, 0));
  return rows;
}

}  // namespace holdfast::sink::postgres
