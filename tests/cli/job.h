#pragma once

#include <string>

#include "testing/program.h"

namespace holdfast::testing {

/// The text of a CSV file with `rows` good lines.
inline std::string numbers_csv(int64_t rows) {
  std::string text = "n,word\n";
  for (int64_t i = 0; i < rows; ++i)
    text += std::to_string(i) + ",word " + std::to_string(i % 7) + "\n";
  return text;
}

/// A whole job in the program's folder: one file, one topic, one table. Answers the path of its
/// configuration.
inline std::string write_job(const Program& program, const std::string& csv,
                             int64_t batch_events = 20'000) {
  write_file(program.path("numbers.csv"), csv);
  const std::string& folder = program.folder();
  write_file(program.path("job.yaml"), "kafka: {data: " + folder +
                                           "/broker}\n"
                                           "spool: {path: " +
                                           folder +
                                           "/spool, bytes_max: 64MiB}\n"
                                           "sources:\n"
                                           "  - {name: numbers, topic: numbers, file: {path: " +
                                           folder +
                                           "/numbers.csv, mode: once}}\n"
                                           "pipelines:\n"
                                           "  - name: copy\n"
                                           "    from: [numbers]\n"
                                           "    transform: {sql: 'SELECT n, word FROM events', "
                                           "columns: {n: BIGINT, word: VARCHAR}}\n"
                                           "    to: [{duckdb: {path: " +
                                           folder +
                                           "/store.duckdb, table: numbers}}]\n"
                                           "    batch: {events: " +
                                           std::to_string(batch_events) +
                                           ", wait: 10s}\n"
                                           "log: {level: warning}\n");
  return program.path("job.yaml");
}

}  // namespace holdfast::testing
