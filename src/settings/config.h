#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace holdfast::settings {

// What a configuration file says, as plain values: every default is the initialiser here, every
// name, range and explanation stands in table.cc. Paths are as written: relative ones count from
// the folder in which the program was started.

/// Where Kafka is. `embedded`: this process runs the broker that is inside the program.
struct Kafka {
  std::string bootstrap_servers = "embedded";
  std::string data = "data/broker";  // embedded: the folder of its log
  std::string listen =
      "127.0.0.1:0";  // embedded: where other clients reach it; port 0 is any free one
  std::map<std::string, std::string>
      properties;  // librdkafka's own names, given to every client of ours

  bool embedded() const { return bootstrap_servers == "embedded"; }
};

/// The durable queue between the sources and Kafka.
struct Spool {
  std::string path = "data/spool";
  uint64_t bytes_max = 4ull << 30;
};

enum class FileFormat { csv, jsonl };
/// `follow` waits for more at the end of the file; `once` ends the source there.
enum class FileMode { follow, once };

struct FileSource {
  std::string path;
  FileFormat format = FileFormat::csv;
  FileMode mode = FileMode::follow;
  std::optional<std::string> null;  // csv: the text that stands for "no value"
  std::string delimiter = ",";      // csv: one character
  uint64_t line_bytes_max = 1ull << 20;
};

/// Where events come from. `name` becomes ce_source, so it must never be given to another source of
/// the same data.
struct Source {
  std::string name;
  std::string topic;
  int64_t partitions = 1;  // of the topic, when it has to be created
  std::optional<FileSource> file;
};

/// SQL over each micro-batch of events. It sees a table `events` with `columns`, and `tables` read
/// from CSV files.
struct Transform {
  std::string sql;
  std::map<std::string, std::string> columns;  // name in the payload -> SQL type
  std::map<std::string, std::string> tables;   // name in the SQL -> path
};

struct DuckDbSink {
  std::string path;
  std::string table;
  uint64_t memory_max = 192ull << 20;
};

struct PostgresSink {
  std::string host = "127.0.0.1";
  int64_t port = 5432;
  std::string database;
  std::string user;
  std::string password;
  std::map<std::string, std::string> options;  // libpq's own
  std::string table;
  std::vector<std::string> key;
  int64_t timeout_ms = 10'000;
};

/// Encryption of the way to a store. All files are PEM.
struct Tls {
  std::string ca_file;           // empty: the system's
  std::string certificate_file;  // ours, where the server wants one
  std::string key_file;
  bool verify_host = true;
};

/// What events become in one table.
struct CassandraTable {
  std::string table;
  std::map<std::string, std::string> columns;      // column -> field
  std::map<std::string, std::string> when;         // field -> value, or "!value"
  std::string fan_out;                             // a field that holds a list
  std::map<std::string, std::string> delete_when;  // as `when`
  bool operator==(const CassandraTable&) const = default;
};

enum class CqlCompression { none, lz4, snappy };
/// How the statements of one event go: each by itself (but those of one partition), or as one logged
/// batch.
enum class CqlBatch { none, logged };

struct CassandraSink {
  std::string contact_points;  // "c1:9042,c2:9042"
  std::string datacenter;      // whose nodes are asked
  std::string keyspace;
  std::string user;
  std::string password;
  std::optional<Tls> tls;
  std::string consistency = "LOCAL_QUORUM";
  std::string read_consistency = "LOCAL_QUORUM";
  CqlBatch batch = CqlBatch::none;
  CqlCompression compression = CqlCompression::none;
  int64_t protocol = 5;  // the newest version to speak
  int64_t in_flight = 1024;
  int64_t timeout_ms = 10'000;
  int64_t connect_timeout_ms = 5'000;
  std::vector<CassandraTable> tables;

  /// Not to be set by a file: its part in a replicated sink whose stores are one cluster.
  enum class Part { whole, one, all } part = Part::whole;
  /// Nor this: which worker of a repair opens it; -1: a pipeline does.
  int64_t repair_worker = -1;
  /// How many of those there are: each keeps an account of its own in the store.
  static constexpr int64_t repair_workers = 2;
};

/// One of the stores that shall hold the same; exactly one kind is set.
struct ReplicaStore {
  std::string datacenter;
  std::optional<DuckDbSink> duckdb;
  std::optional<PostgresSink> postgres;
  std::optional<CassandraSink> cassandra;
};

/// The same rows in a store of each data center.
struct ReplicatedSink {
  bool one_cluster = false;
  std::vector<ReplicaStore> stores;
};

/// One store; exactly one kind is set.
struct Sink {
  std::optional<DuckDbSink> duckdb;
  std::optional<PostgresSink> postgres;
  std::optional<CassandraSink> cassandra;
  std::optional<ReplicatedSink> replicated;
};

/// A place that can fail as a whole. What its stores miss is recorded in another one's Kafka.
struct Datacenter {
  std::string name;
  std::string bootstrap_servers;  // of its Kafka; empty: that of `kafka`
  std::string failures_in;    // the data center that keeps what this one misses; empty: the next
  std::string failure_topic;  // empty: "holdfast.failures.NAME"
};

/// Who is told of repairs and alarms.
struct Slack {
  std::string token;  // with `channel`: Slack's Web API
  std::string channel;
  std::string webhook;  // an incoming webhook's URL
  std::string url = "https://slack.com/api/chat.postMessage";
};
struct Webhook {
  std::string url;
  std::map<std::string, std::string> headers;
};
struct Notify {
  std::optional<Slack> slack;
  std::vector<Webhook> webhooks;
  std::map<std::string, std::string> texts;  // by subject
  int64_t timeout_ms = 10'000;
  int64_t alarm_every_ms = 300'000;
};

/// How much goes into one transaction of a store: whichever bound is reached first closes the
/// batch.
struct Batch {
  int64_t events = 20'000;
  uint64_t bytes = 16ull << 20;
  int64_t wait_ms = 200;
};

/// The topic of the events that a store refused.
struct Failures {
  std::string topic;
};

struct Pipeline {
  std::string name;
  std::vector<std::string> from;
  std::optional<Transform> transform;
  std::vector<Sink> to;
  std::optional<Failures> failures;
  Batch batch;
};

enum class Level { debug, info, warning, error };

enum class LogFormat { text, json };

struct Log {
  Level level = Level::info;
  LogFormat format = LogFormat::text;
  std::string pattern;  // of text; empty: the usual one
  std::string file;     // empty: standard error
  uint64_t bytes_max = 64ull << 20;
  int64_t files_max = 5;
};

struct Config {
  Kafka kafka;
  Spool spool;
  std::vector<Source> sources;
  std::vector<Pipeline> pipelines;
  std::vector<Datacenter> datacenters;
  Notify notify;
  Failures failures{
      "holdfast.failures"};  // of sources, and of pipelines that name none of their own
  Log log;

  /// The failure topic of a pipeline: its own, or the one for all.
  const std::string& failure_topic(const Pipeline& pipeline) const {
    return pipeline.failures ? pipeline.failures->topic : failures.topic;
  }
  /// nullptr when there is none of that name.
  const Datacenter* datacenter(const std::string& name) const {
    for (const Datacenter& one : datacenters)
      if (one.name == name) return &one;
    return nullptr;
  }
  /// The data center that keeps what `missing` misses: the one it names, or the next in the list.
  const Datacenter& keeper(const Datacenter& missing) const {
    if (const Datacenter* named = datacenter(missing.failures_in)) return *named;
    const auto index = static_cast<size_t>(&missing - datacenters.data());
    return datacenters[(index + 1) % datacenters.size()];
  }
  static std::string failure_topic(const Datacenter& missing) {
    return missing.failure_topic.empty() ? "holdfast.failures." + missing.name
                                         : missing.failure_topic;
  }
};

}  // namespace holdfast::settings
