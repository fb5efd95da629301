#include <algorithm>
#include <fmt/format.h>
#include <map>

#include "settings/parser.h"
#include "settings/suggest.h"

// Checks that need more than one setting: what the table cannot say about a single value.

namespace holdfast::settings {
namespace {

class References {
 public:
  explicit References(Loaded& loaded) : loaded_(loaded), config_(loaded.config) {}

  void check() {
    check_kafka();
    check_sources();
    check_pipelines();
    check_datacenters();
    if (config_.sources.empty() && config_.pipelines.empty() && loaded_.usable()) {
      report(Fault::Kind::error, "",
             "nothing to do: give at least one entry under sources or pipelines");
    }
  }

 private:
  using Places = std::map<std::string, std::string>;  // of what must be unique: where it was first

  void check_kafka() {
    if (config_.kafka.embedded()) return;
    if (config_.kafka.bootstrap_servers.find(':') == std::string::npos) {
      const std::vector<std::string> known{"embedded"};
      report(Fault::Kind::error, "kafka.bootstrap_servers",
             fmt::format("\"{}\" is neither \"embedded\" nor a list of HOST:PORT{}",
                         config_.kafka.bootstrap_servers,
                         suggestion(config_.kafka.bootstrap_servers, known)));
    }
    for (const char* name : {"kafka.data", "kafka.listen"}) {
      if (loaded_.places.contains(name)) {
        report(Fault::Kind::warning, name,
               "has no effect: it is for the embedded broker, and bootstrap_servers names others");
      }
    }
  }

  void check_sources() {
    Places names, files;
    for (size_t i = 0; i < config_.sources.size(); ++i) {
      const Source& source = config_.sources[i];
      const std::string path = fmt::format("sources[{}]", i);
      unique(names, source.name, path + ".name", "source");
      if (!source.file) continue;
      unique(files, source.file->path, path + ".file.path", "file");
      if (source.file->delimiter.size() != 1) {
        report(Fault::Kind::error, path + ".file.delimiter", "must be one character");
      }
      if (source.file->format == FileFormat::jsonl) {
        for (const char* key : {".file.null", ".file.delimiter"}) {
          if (loaded_.places.contains(path + key))
            report(Fault::Kind::warning, path + key, "has no effect: it is for csv only");
        }
      }
    }
  }

  void error(const std::string& path, std::string message) {
    report(Fault::Kind::error, path, std::move(message));
  }

  void check_datacenters() {
    Places names, topics;
    for (size_t i = 0; i < config_.datacenters.size(); ++i) {
      const Datacenter& one = config_.datacenters[i];
      const std::string path = fmt::format("datacenters[{}]", i);
      unique(names, one.name, path + ".name", "data center");
      unique(topics, Config::failure_topic(one), path + ".failure_topic", "failure topic");
      if (one.failures_in == one.name)
        error(path + ".failures_in", "what a data center misses must be kept in another one");
      else if (!one.failures_in.empty() && config_.datacenter(one.failures_in) == nullptr)
        error(path + ".failures_in",
              fmt::format("there is no data center \"{}\"", one.failures_in));
    }
    if (config_.datacenters.size() == 1)
      error("datacenters[0].name", "one data center alone has nobody to keep what it misses");
    for (const auto& [subject, text] : config_.notify.texts) {
      if (subject != "repaired" && subject != "nothing" && subject != "failed" &&
          subject != "rejected" && subject != "breaker_opened")
        error("notify.texts." + subject, fmt::format("there is no message \"{}\"", subject));
    }
    if (const auto& slack = config_.notify.slack;
        slack && slack->token.empty() != slack->channel.empty())
      error("notify.slack", "`token` and `channel` belong together");
  }

  /// What a pipeline writes to, also as one of several that shall hold the same: nobody else may.
  template <class Store>
  void check_store(const Store& store, const std::string& path, Places& tables) {
    if (const auto& duckdb = store.duckdb)
      unique(tables, duckdb->path + "\n" + duckdb->table, path + ".duckdb.table", "table");
    if (const auto& postgres = store.postgres)
      unique(tables,
             fmt::format("{}\n{}\n{}\n{}", postgres->host, postgres->port, postgres->database,
                         postgres->table),
             path + ".postgres.table", "table");
    if (store.cassandra) check_cassandra(*store.cassandra, path + ".cassandra");
  }

  void check_replicated(const ReplicatedSink& replicated, const std::string& path, Places& tables) {
    Places used;
    if (replicated.stores.size() < 2) error(path + ".stores", "needs two stores at least");
    if (replicated.one_cluster && !replicated.stores.empty()) check_one_cluster(replicated, path);
    for (size_t i = 0; i < replicated.stores.size(); ++i) {
      const std::string at = fmt::format("{}.stores[{}].datacenter", path, i);
      unique(used, replicated.stores[i].datacenter, at, "data center");
      check_store(replicated.stores[i], fmt::format("{}.stores[{}]", path, i), tables);
      if (config_.datacenter(replicated.stores[i].datacenter) == nullptr)
        error(at, fmt::format("there is no data center \"{}\" under `datacenters`",
                              replicated.stores[i].datacenter));
    }
  }

  /// Stores of one cluster are told apart by their data center alone.
  void check_one_cluster(const ReplicatedSink& replicated, const std::string& path) {
    const auto& first = replicated.stores.front().cassandra;
    for (size_t i = 0; i < replicated.stores.size(); ++i) {
      const auto& one = replicated.stores[i].cassandra;
      const bool same = first && one && one->keyspace == first->keyspace &&
                        one->batch == first->batch && one->tables == first->tables;
      if (!same)
        error(
            fmt::format("{}.stores[{}]", path, i),
            "stores of one cluster are all `cassandra`, with the same keyspace, tables and batch");
    }
  }

  void check_level(const std::string& level, const std::string& path, bool read) {
    static const std::vector<std::string> levels{"ONE",          "LOCAL_ONE", "TWO", "THREE",
                                                 "LOCAL_QUORUM", "QUORUM",    "ALL"};
    const bool known = std::ranges::find(levels, level) != levels.end();
    if (known || (!read && level == "EACH_QUORUM")) return;
    error(path, fmt::format("\"{}\" is no level to {} at{}", level, read ? "read" : "write",
                            suggestion(level, levels)));
  }

  void check_cassandra(const CassandraSink& cassandra, const std::string& path) {
    check_level(cassandra.consistency, path + ".consistency", false);
    check_level(cassandra.read_consistency, path + ".read_consistency", true);
    if (cassandra.contact_points.find(':') == std::string::npos)
      error(path + ".contact_points",
            fmt::format("\"{}\" is no list of HOST:PORT", cassandra.contact_points));
    if (cassandra.compression == CqlCompression::snappy && cassandra.protocol > 4)
      error(path + ".compression", "protocol 5 knows no snappy: use lz4, or protocol: 4");
    if (cassandra.tls && cassandra.tls->certificate_file.empty() != cassandra.tls->key_file.empty())
      error(path + ".tls", "a certificate needs its key, and a key its certificate");
  }

  void check_pipelines() {
    Places names, tables;
    for (size_t i = 0; i < config_.pipelines.size(); ++i) {
      const Pipeline& pipeline = config_.pipelines[i];
      const std::string path = fmt::format("pipelines[{}]", i);
      unique(names, pipeline.name, path + ".name", "pipeline");
      check_topics(pipeline, path);
      for (size_t j = 0; j < pipeline.to.size(); ++j) {
        const std::string at = fmt::format("{}.to[{}]", path, j);
        check_store(pipeline.to[j], at, tables);
        if (pipeline.to[j].replicated)
          check_replicated(*pipeline.to[j].replicated, at + ".replicated", tables);
      }
      if (pipeline.transform && pipeline.transform->columns.empty() &&
          !pipeline.transform->sql.empty()) {
        report(Fault::Kind::warning, path + ".transform",
               "no columns: the SQL sees the whole payload only, as `payload`");
      }
    }
  }

  void check_topics(const Pipeline& pipeline, const std::string& path) {
    Places seen;
    std::vector<std::string> filled;
    for (const Source& source : config_.sources) filled.push_back(source.topic);
    for (size_t i = 0; i < pipeline.from.size(); ++i) {
      const std::string& topic = pipeline.from[i];
      const std::string at = fmt::format("{}.from[{}]", path, i);
      unique(seen, topic, at, "topic");
      if (topic == config_.failure_topic(pipeline)) {
        report(Fault::Kind::error, at,
               fmt::format("\"{}\" is this pipeline's own failure queue: it would go in circles",
                           topic));
      }
      // Another process may fill it; so only a hint, and only where sources are given in this file
      // at all.
      if (!filled.empty() && std::find(filled.begin(), filled.end(), topic) == filled.end()) {
        report(Fault::Kind::warning, at,
               fmt::format("no source here writes to topic \"{}\"{}", topic,
                           suggestion(topic, filled)));
      }
    }
  }

  void unique(Places& seen, const std::string& value, const std::string& path, const char* what) {
    if (value.empty()) return;  // it is missing, and that was said
    auto [first, is_new] = seen.try_emplace(value, path);
    if (is_new) return;
    const Place place = place_at(first->second);
    report(Fault::Kind::error, path,
           fmt::format("{} \"{}\" is given twice; first in line {}", what,
                       value.substr(0, value.find('\n')), place.line));
  }

  Place place_at(const std::string& path) const {
    auto found = loaded_.places.find(path);
    return found == loaded_.places.end() ? Place{} : found->second;
  }

  void report(Fault::Kind kind, const std::string& path, std::string message) {
    loaded_.faults.push_back({kind, place_at(path), path, std::move(message)});
  }

  Loaded& loaded_;
  const Config& config_;
};

}  // namespace

void check_references(Loaded& loaded) {
  References(loaded).check();
}

}  // namespace holdfast::settings
