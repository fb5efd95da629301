#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "event/event.h"
#include "kafka/settings.h"
#include "pipeline/deliver.h"

/// What the tests of delivery share: events in topics, a pipeline into a DuckDB file, and what they
/// find in the end.
namespace holdfast::pipeline {

struct Sent {
  std::string source = "ewr";
  int64_t epoch = 1;
  int64_t sequence = 0;
  std::string payload;
  int32_t partition = 0;
};

/// Creates the topic if need be and sends the events, durably, in order.
void send(const kafka::ClientSettings& client, const std::string& topic,
          const std::vector<Sent>& events, int32_t partitions = 1);
/// A message with these headers and no stamp of ours.
void send_foreign(const kafka::ClientSettings& client, const std::string& topic,
                  const std::string& value,
                  const std::vector<std::pair<std::string, std::string>>& headers = {});

/// `{"n": ...}` of each sequence in [from, to).
std::vector<Sent> numbered(const std::string& source, int64_t from, int64_t to);

struct Pipe {
  std::string warehouse;
  DeliverSettings settings;
  std::string sql =
      "SELECT n, 'a text beyond twelve bytes: ' || n AS word, topic FROM events WHERE n % 10 <> 7";
};
std::unique_ptr<Deliver> make(const Pipe& pipe);
/// Rows of the warehouse as "source/epoch/sequence n".
std::multiset<std::string> rows_of(const std::string& warehouse);
/// What `rows_of` should be for `numbered(source, from, to)`.
std::multiset<std::string> expected(const std::string& source, int64_t from, int64_t to);

struct Failure {
  std::string source;
  int64_t sequence = 0;
  std::string code;
  std::string value;
  bool operator==(const Failure&) const = default;
};
std::vector<Failure> failures_of(const kafka::ClientSettings& client, const std::string& topic);

}  // namespace holdfast::pipeline
