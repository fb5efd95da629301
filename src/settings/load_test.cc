#include "settings/load.h"

#include <fstream>
#include <gtest/gtest.h>

#include "testing/temporary_folder.h"

namespace holdfast::settings {
namespace {

const Environment no_environment = [](const std::string&) { return std::optional<std::string>(); };

Environment only(std::string name, std::string value) {
  return [=](const std::string& asked) -> std::optional<std::string> {
    if (asked == name) return value;
    return std::nullopt;
  };
}

Loaded load(std::string_view text) {
  return load_text(text, "test.yaml", no_environment);
}

/// "line:column path" of every fault, for comparing where and which without the wording.
std::vector<std::string> where(const Loaded& loaded) {
  std::vector<std::string> result;
  for (const Fault& fault : loaded.faults) {
    result.push_back(std::to_string(fault.place.line) + ":" + std::to_string(fault.place.column) +
                     " " + fault.path + (fault.kind == Fault::Kind::warning ? " warning" : ""));
  }
  return result;
}

constexpr std::string_view whole = R"(kafka:
  bootstrap_servers: "k1:9092,k2:9092"
  properties: {security.protocol: SSL, ssl.ca.location: ca.pem}
spool: {path: queue, bytes_max: 64MiB}
sources:
  - name: ewr
    topic: flights.ewr
    partitions: 3
    file: {path: ewr.csv, format: csv, null: NA, delimiter: ";", mode: once, line_bytes_max: 64KiB}
  - {name: notes, topic: notes, file: {path: notes.jsonl, format: jsonl}}
pipelines:
  - name: flights
    from: [flights.ewr, notes]
    transform:
      sql: |
        SELECT a, b
        FROM events
      columns: {a: BIGINT, b: VARCHAR}
      tables: {airlines: airlines.csv}
    to:
      - duckdb: {path: warehouse.duckdb, table: flights, memory_max: 128MiB}
      - postgres: {host: db, port: 5433, database: d, user: u, password: s, table: s.t, key: [a, b], options: {sslmode: require}, timeout: 2s}
      - cassandra:
          contact_points: "c1:9042,c2:9042"
          datacenter: amsterdam
          keyspace: shop
          tls: {ca_file: ca.pem, verify_host: no}
          consistency: EACH_QUORUM
          batch: logged
          compression: lz4
          in_flight: 64
          tables:
            - {table: orders, columns: {id: id}, when: {kind: "!x"}, fan_out: tags, delete_when: {op: d}}
    failures: {topic: flights.failures}
    batch: {events: 5_000, bytes: 1MiB, wait: 1s}
failures: {topic: refused}
log: {level: warning}
)";

TEST(Load, EverySettingArrivesWithItsValue) {
  const Loaded loaded = load(whole);
  ASSERT_TRUE(loaded.usable()) << format(loaded.faults.at(0), loaded.file);
  EXPECT_TRUE(loaded.faults.empty());
  const Config& c = loaded.config;
  EXPECT_EQ(c.kafka.bootstrap_servers, "k1:9092,k2:9092");
  EXPECT_FALSE(c.kafka.embedded());
  EXPECT_EQ(c.kafka.properties.at("ssl.ca.location"), "ca.pem");
  EXPECT_EQ(c.spool.path, "queue");
  EXPECT_EQ(c.spool.bytes_max, 64u << 20);
  ASSERT_EQ(c.sources.size(), 2u);
  EXPECT_EQ(c.sources[0].name, "ewr");
  EXPECT_EQ(c.sources[0].partitions, 3);
  EXPECT_EQ(c.sources[0].file->null, "NA");
  EXPECT_EQ(c.sources[0].file->delimiter, ";");
  EXPECT_EQ(c.sources[0].file->mode, FileMode::once);
  EXPECT_EQ(c.sources[0].file->line_bytes_max, 64u << 10);
  EXPECT_EQ(c.sources[1].file->format, FileFormat::jsonl);
  EXPECT_EQ(c.sources[1].file->null, std::nullopt);
  ASSERT_EQ(c.pipelines.size(), 1u);
  const Pipeline& p = c.pipelines[0];
  EXPECT_EQ(p.from, (std::vector<std::string>{"flights.ewr", "notes"}));
  EXPECT_EQ(p.transform->sql, "SELECT a, b\nFROM events\n");
  EXPECT_EQ(p.transform->columns.at("a"), "BIGINT");
  EXPECT_EQ(p.transform->tables.at("airlines"), "airlines.csv");
  ASSERT_EQ(p.to.size(), 3u);
  EXPECT_EQ(p.to[2].cassandra->contact_points, "c1:9042,c2:9042");
  EXPECT_FALSE(p.to[2].cassandra->tls->verify_host);
  EXPECT_EQ(p.to[2].cassandra->consistency, "EACH_QUORUM");
  EXPECT_EQ(p.to[2].cassandra->read_consistency, "LOCAL_QUORUM");
  EXPECT_EQ(p.to[2].cassandra->batch, CqlBatch::logged);
  EXPECT_EQ(p.to[2].cassandra->compression, CqlCompression::lz4);
  EXPECT_EQ(p.to[2].cassandra->in_flight, 64);
  ASSERT_EQ(p.to[2].cassandra->tables.size(), 1u);
  EXPECT_EQ(p.to[2].cassandra->tables[0].fan_out, "tags");
  EXPECT_EQ(p.to[2].cassandra->tables[0].when.at("kind"), "!x");
  EXPECT_EQ(p.to[2].cassandra->tables[0].delete_when.at("op"), "d");
  EXPECT_EQ(p.to[0].duckdb->table, "flights");
  EXPECT_EQ(p.to[0].duckdb->memory_max, 128u << 20);
  EXPECT_EQ(p.to[1].postgres->port, 5433);
  EXPECT_EQ(p.to[1].postgres->table, "s.t");
  EXPECT_EQ(p.to[1].postgres->key, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(p.to[1].postgres->options.at("sslmode"), "require");
  EXPECT_EQ(p.to[1].postgres->timeout_ms, 2'000);
  EXPECT_EQ(c.failure_topic(p), "flights.failures");
  EXPECT_EQ(p.batch.events, 5000);
  EXPECT_EQ(p.batch.bytes, 1u << 20);
  EXPECT_EQ(p.batch.wait_ms, 1000);
  EXPECT_EQ(c.failures.topic, "refused");
  EXPECT_EQ(c.log.level, Level::warning);
}

TEST(Load, EveryFaultIsReportedAtItsLineAndColumn) {
  const Loaded loaded = load(R"(spool: {bytes_max: 1MiB}
sources:
  - name: ewr
    topik: flights.ewr
    partitions: many
    file: {format: cvs}
pipelines:
  - name: flights
    from: flights.ewr
    tranform: {sql: SELECT}
    to: [{duckdb: {path: w, table: t}}]
    batch: {wait: 5}
)");
  EXPECT_FALSE(loaded.usable());
  EXPECT_EQ(where(loaded), (std::vector<std::string>{
                               "1:20 spool.bytes_max",
                               "3:5 sources[0].topic",
                               "4:5 sources[0].topik",
                               "5:17 sources[0].partitions",
                               "6:11 sources[0].file.path",
                               "6:20 sources[0].file.format",
                               "9:11 pipelines[0].from",
                               "10:5 pipelines[0].tranform",
                               "12:19 pipelines[0].batch.wait",
                           }));
}

TEST(Load, ASlipIsAnsweredWithTheRightName) {
  const Loaded loaded = load(
      "pipelines:\n  - {name: a, from: [b], tranform: {}, to: [{duckdb: {path: a, table: b}}]}\n");
  ASSERT_EQ(loaded.faults.size(), 1u);
  EXPECT_NE(loaded.faults[0].message.find("\"transform\""), std::string::npos);
  EXPECT_EQ(format(loaded.faults[0], "f.yaml").substr(0, 12), "f.yaml:2:26:");
}

TEST(Load, NamesGivenTwiceAreFaultsAtTheSecondPlace) {
  const Loaded loaded = load(R"(sources:
  - {name: a, topic: t, file: {path: x}}
  - {name: a, topic: t, file: {path: x}}
log: {level: info}
log: {level: info}
)");
  EXPECT_EQ(where(loaded), (std::vector<std::string>{"3:6 sources[1].name",
                                                     "3:32 sources[1].file.path", "5:1 log"}));
}

TEST(Load, StoresOfTwoDataCentersAreNoOneTable) {
  const Loaded loaded = load(R"(datacenters: [{name: here}, {name: there}]
pipelines:
  - name: p
    from: [t]
    to:
      - replicated:
          stores:
            - {datacenter: here, duckdb: {path: a, table: b}}
            - {datacenter: there, duckdb: {path: a, table: b}}
  - {name: q, from: [t], to: [{duckdb: {path: a, table: b}}]}
)");
  EXPECT_EQ(where(loaded),
            (std::vector<std::string>{"9:53 pipelines[0].to[0].replicated.stores[1].duckdb.table",
                                      "10:50 pipelines[1].to[0].duckdb.table"}));
}

TEST(Load, AClusterWithoutStoresIsAFault) {
  for (const char* stores : {"", ", stores: []", ", stores: [{}]"}) {
    const Loaded loaded = load(std::string("pipelines:\n  - {name: p, from: [t], to: [{replicated: "
                                           "{one_cluster: yes") +
                               stores + "}}]}\n");
    EXPECT_FALSE(loaded.usable()) << stores;
  }
}

TEST(Load, ATopicThatNoSourceFillsIsAWarningWithTheNearestName) {
  const Loaded loaded = load(R"(sources:
  - {name: a, topic: flights.ewr, file: {path: x}}
pipelines:
  - {name: p, from: [flights.ewt], to: [{duckdb: {path: a, table: b}}]}
)");
  EXPECT_TRUE(loaded.usable());
  EXPECT_EQ(where(loaded), (std::vector<std::string>{"4:22 pipelines[0].from[0] warning"}));
  EXPECT_NE(loaded.faults[0].message.find("\"flights.ewr\""), std::string::npos);
}

TEST(Load, APipelineMayNotReadItsOwnFailureQueue) {
  const Loaded loaded = load(
      "pipelines:\n  - {name: p, from: [holdfast.failures], to: [{duckdb: {path: a, table: "
      "b}}]}\n");
  EXPECT_EQ(where(loaded), (std::vector<std::string>{"2:22 pipelines[0].from[0]"}));
}

TEST(Load, ExactlyOneKindOfSourceAndOfStore) {
  const Loaded loaded =
      load("sources:\n  - {name: a, topic: b}\npipelines:\n  - {name: p, from: [b], to: [{}]}\n");
  EXPECT_EQ(where(loaded), (std::vector<std::string>{"2:5 sources[0]", "4:31 pipelines[0].to[0]"}));
}

TEST(Load, WrongShapesAreFaultsNotCrashes) {
  for (const char* text : {"",
                           "# nothing\n",
                           "word",
                           "[1, 2]",
                           "sources: 5",
                           "sources: [5]",
                           "sources: [[]]",
                           "sources: {}",
                           "kafka: []",
                           "{a: b",
                           "a: b: c",
                           "? [1]\n: x",
                           "\t",
                           "&a [*a]",
                           "a: *b",
                           "--- {}\n--- {}\n",
                           "kafka: {properties: [1]}",
                           "sources:\n",
                           "log: {level: [x]}",
                           "\xff\xfe",
                           "{}"}) {
    const Loaded loaded = load(text);
    EXPECT_FALSE(loaded.usable()) << text;
    for (const Fault& fault : loaded.faults) EXPECT_FALSE(fault.message.empty());
  }
}

TEST(Load, DeepNestingIsRefused) {
  const std::string deep = std::string(200, '[') + std::string(200, ']');
  EXPECT_FALSE(load("sources: " + deep).usable());
}

TEST(Load, ASecondDocumentIsAFaultWhereItBegins) {
  EXPECT_EQ(where(load("log: {level: warning}\n---\nlog: {level: error}\n")),
            std::vector<std::string>{"2:1 "});
}

TEST(Load, InputThatYieldsDocumentsWithoutEndIsRefusedAndLoadingReturns) {
  EXPECT_FALSE(load(",\n\x0e").faults.empty());
}

TEST(Variables, AreReplacedInValuesOnly) {
  const Loaded loaded = load_text(
      "spool: {path: \"${HOME_DIR}/q\"}\nsources: [{name: a, topic: \"${T:-t}\", partitions: "
      "\"${N:-4}\", file: {path: \"$${x}\"}}]\n",
      "f", only("HOME_DIR", "/h"));
  ASSERT_TRUE(loaded.usable()) << loaded.faults.at(0).message;
  EXPECT_EQ(loaded.config.spool.path, "/h/q");
  EXPECT_EQ(loaded.config.sources[0].topic, "t");
  EXPECT_EQ(loaded.config.sources[0].partitions, 4);
  EXPECT_EQ(loaded.config.sources[0].file->path, "${x}");
}

TEST(Variables, CannotChangeTheStructure) {
  const Loaded loaded =
      load_text("spool: {path: \"${X}\"}\nsources: [{name: a, topic: t, file: {path: p}}]\n", "f",
                only("X", "a}\nlog: {level: debug"));
  ASSERT_TRUE(loaded.usable());
  EXPECT_EQ(loaded.config.spool.path, "a}\nlog: {level: debug");
  EXPECT_EQ(loaded.config.log.level, Level::info);
}

TEST(Variables, OneThatIsNotSetIsAFaultAtItsPlace) {
  const Loaded loaded = load(
      "spool:\n  path: ${NOT_SET}\nsources: [{name: a, topic: \"${open\", file: {path: "
      "\"${1}\"}}]\n");
  EXPECT_EQ(where(loaded), (std::vector<std::string>{"2:9 spool.path", "3:28 sources[0].topic",
                                                     "3:51 sources[0].file.path"}));
}

TEST(LoadFile, ReportsAMissingFile) {
  testing::TemporaryFolder folder;
  auto loaded = load_file(os::real_files(), folder.path() + "/none.yaml", no_environment);
  ASSERT_FALSE(loaded.has_value());
  EXPECT_EQ(loaded.error().code, ErrorCode::not_found);
}

TEST(LoadFile, ReadsAFile) {
  testing::TemporaryFolder folder;
  std::ofstream(folder.path() + "/c.yaml") << whole;
  auto loaded = load_file(os::real_files(), folder.path() + "/c.yaml", no_environment);
  ASSERT_TRUE(loaded.has_value());
  EXPECT_TRUE(loaded->usable());
  EXPECT_EQ(loaded->file, folder.path() + "/c.yaml");
}

}  // namespace
}  // namespace holdfast::settings
