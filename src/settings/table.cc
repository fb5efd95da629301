#include "settings/config.h"
#include "settings/visitor.h"

// The one table of all settings: name, meaning, range. The default is the struct's initialiser
// (config.h).

namespace holdfast::settings {
namespace {

constexpr uint64_t kib = 1ull << 10, mib = 1ull << 20, gib = 1ull << 30;
constexpr bool required = true;

template <class Enum, size_t N>
void choose(Visitor& v, const Key& key, Enum& value, const std::array<std::string_view, N>& names) {
  auto index = static_cast<size_t>(value);
  v.choice(key, index, names);
  value = static_cast<Enum>(index);
}

template <class T>
void section(Visitor& v, const Key& key, T& value) {
  v.object(key, [&](Visitor& in) { describe(in, value); });
}

template <class T>
void section(Visitor& v, const Key& key, std::optional<T>& value) {
  T inner;
  if (v.object(key, [&](Visitor& in) { describe(in, inner); })) value = std::move(inner);
}

template <class T>
void sections(Visitor& v, const Key& key, std::vector<T>& values) {
  v.list(key, [&](Visitor& in) {
    T inner;
    describe(in, inner);
    values.push_back(std::move(inner));
  });
}

}  // namespace

static void describe(Visitor& v, Kafka& k) {
  v.text({"bootstrap_servers",
          "`embedded` runs the broker inside this process; or addresses of Apache Kafka or "
          "Redpanda, \"k1:9092,k2:9092\"."},
         k.bootstrap_servers);
  v.text({"data", "Embedded broker: the folder of its log."}, k.data);
  v.text({"listen", "Embedded broker: the address for other clients. Port 0 is any free one."},
         k.listen);
  v.entries({"properties",
             "Settings of librdkafka by its own names (security.protocol, sasl.username, ...), for "
             "every client."},
            k.properties);
}

static void describe(Visitor& v, Spool& s) {
  v.text({"path", "The folder of the spool, the durable queue between the sources and Kafka."},
         s.path);
  v.size({"bytes_max",
          "When this much waits for Kafka, the sources are held back. Nothing is ever dropped."},
         s.bytes_max, 16 * mib, 64 * 1024 * gib);
}

static void describe(Visitor& v, FileSource& f) {
  static constexpr std::array<std::string_view, 2> formats{"csv", "jsonl"};
  static constexpr std::array<std::string_view, 2> modes{"follow", "once"};
  v.text({"path", "The file to read.", required}, f.path);
  choose(v, {"format", "`csv` with a header line, or `jsonl`: one JSON object a line."}, f.format,
         formats);
  choose(v,
         {"mode",
          "`follow` waits for the file and for more at its end, and survives its rotation; `once` "
          "stops there, and a file that is not there is an error."},
         f.mode, modes);
  v.optional_text({"null", "csv: the text that stands for no value, for example NA."}, f.null);
  v.text({"delimiter", "csv: the character between two fields."}, f.delimiter);
  v.size({"line_bytes_max", "A longer line goes to the failure queue."}, f.line_bytes_max, 1 * kib,
         16 * mib);
}

static void describe(Visitor& v, Source& s) {
  v.identifier({"name",
                "Becomes `ce_source` of every event. Unique, and never to be changed: it names the "
                "numbering.",
                required},
               s.name);
  v.identifier({"topic", "The topic to ship to; created if it is missing.", required}, s.topic);
  v.number({"partitions", "Of the topic, if it has to be created."}, s.partitions, 1, 10'000);
  section(v, {"file", "A CSV or JSON Lines file, also one that grows."}, s.file);
  v.exactly_one({"file"});
}

static void describe(Visitor& v, Transform& t) {
  v.text(
      {"sql",
       "A SELECT over the table `events`; each row that it yields keeps the identity of its event.",
       required},
      t.sql);
  v.entries(
      {"columns",
       "The columns of `events`: the name in the payload, and its SQL type: BOOLEAN, SMALLINT, "
       "INTEGER, BIGINT, DOUBLE, VARCHAR, JSON, TIMESTAMP, TIMESTAMPTZ or DATE."},
      t.columns);
  v.entries({"tables", "Further tables for the SQL, each read from a CSV file at start."},
            t.tables);
}

static void describe(Visitor& v, DuckDbSink& d) {
  v.text({"path",
          "The database file; created if it is missing. One process at a time may have it open.",
          required},
         d.path);
  v.text({"table", "The table; created from the first batch if it is missing.", required}, d.table);
  v.size({"memory_max", "What DuckDB may use for its buffers."}, d.memory_max, 64 * mib,
         1024 * gib);
}

static void describe(Visitor& v, PostgresSink& p) {
  v.text({"host", "A name, an address, or the folder of a Unix socket."}, p.host);
  v.number({"port", "Where the server listens."}, p.port, 1, 65'535);
  v.text({"database", "The database; it must be there.", required}, p.database);
  v.text({"user", "Who to log in as.", required}, p.user);
  v.text({"password", "Best given as a variable, ${PGPASSWORD:-}."}, p.password);
  v.entries({"options", "Settings of libpq by its own names: sslmode, sslrootcert, ..."},
            p.options);
  v.text({"table", "The table, also as schema.table; created if it is missing.", required},
         p.table);
  v.identifiers({"key",
                 "Columns that make a row unique: a newer version of a row replaces it, an older "
                 "one changes nothing, an event without a value deletes it. Without a key every "
                 "event is a row."},
                p.key);
  v.duration({"timeout", "The longest wait for an answer; then the server counts as away."},
             p.timeout_ms, 100, 600'000);
}

static void describe(Visitor& v, Tls& t) {
  static constexpr std::array<std::string_view, 2> answers{"no", "yes"};
  v.text({"ca_file", "Whom to trust; the system's list if it is not given."}, t.ca_file);
  v.text({"certificate_file", "Our own certificate, if the server wants one."}, t.certificate_file);
  v.text({"key_file", "The key of our certificate."}, t.key_file);
  choose(v, {"verify_host", "Whether the server's certificate must be for the host asked."},
         t.verify_host, answers);
}

static void describe(Visitor& v, CassandraTable& t) {
  v.text({"table",
          "The table, also as keyspace.table. It must be there, with the columns ce_source "
          "text, ce_epoch bigint and ce_sequence bigint.",
          required},
         t.table);
  v.entries({"columns",
             "Column of the table: field of the event. Without it each field goes to the column of "
             "its name."},
            t.columns);
  v.entries({"when",
             "Only events whose fields have these values go into this table; \"!x\" is any value "
             "but x."},
            t.when);
  v.text({"fan_out",
          "A field that holds a JSON list: one row for each element, which takes the field's place "
          "in `columns`."},
         t.fan_out);
  v.entries({"delete_when", "Events with these values delete the row instead of writing it."},
            t.delete_when);
}

static void describe(Visitor& v, CassandraSink& c) {
  static constexpr std::array<std::string_view, 2> batches{"none", "logged"};
  static constexpr std::array<std::string_view, 3> compressions{"none", "lz4", "snappy"};
  v.text({"contact_points", "Nodes to begin with: \"c1:9042,c2:9042\". The others are found.",
          required},
         c.contact_points);
  v.text(
      {"datacenter",
       "Whose nodes are asked, as the cluster names it. Without it, that of the node that answers "
       "first."},
      c.datacenter);
  v.identifier(
      {"keyspace", "Of the tables, and of the ledger, whose tables are made in it.", required},
      c.keyspace);
  v.text({"user", "Who to log in as, if the cluster wants a login."}, c.user);
  v.text({"password", "Best given as a variable, ${CASSANDRA_PASSWORD:-}."}, c.password);
  section(v, {"tls", "Encrypts the connections."}, c.tls);
  v.identifier({"consistency",
                "What a write must have reached: ONE, LOCAL_ONE, TWO, THREE, LOCAL_QUORUM, QUORUM, "
                "EACH_QUORUM or ALL."},
               c.consistency);
  v.identifier({"read_consistency", "The same of reading back, without EACH_QUORUM."},
               c.read_consistency);
  choose(
      v,
      {"batch",
       "How an event's statements go, when they are several: `none`, each by itself (those of one "
       "partition together), or `logged`: all or none in the end, at a cost."},
      c.batch, batches);
  choose(v, {"compression", "Of the connections; snappy only up to protocol 4."}, c.compression,
         compressions);
  v.number({"protocol", "The newest version of the native protocol to speak."}, c.protocol, 4, 5);
  v.number({"in_flight", "Statements under way at a time."}, c.in_flight, 1, 32'768);
  v.duration({"timeout", "The longest wait for an answer; longer than the servers' own time-outs."},
             c.timeout_ms, 100, 600'000);
  v.duration({"connect_timeout", "The longest wait for the first node."}, c.connect_timeout_ms, 100,
             600'000);
  sections(v, {"tables", "What events become in which table.", required}, c.tables);
}

static void describe(Visitor& v, ReplicaStore& r) {
  v.identifier({"datacenter", "Which of the `datacenters` it stands in.", required}, r.datacenter);
  section(v, {"duckdb", "A table in a DuckDB file."}, r.duckdb);
  section(v, {"postgres", "A table of a PostgreSQL database."}, r.postgres);
  section(v, {"cassandra", "Tables of a Cassandra cluster, by way of this data center's nodes."},
          r.cassandra);
  v.exactly_one({"duckdb", "postgres", "cassandra"});
}

static void describe(Visitor& v, ReplicatedSink& r) {
  static constexpr std::array<std::string_view, 2> answers{"no", "yes"};
  choose(
      v,
      {"one_cluster",
       "`yes`: the stores are one Cassandra cluster that spans the data centers. While all are "
       "well, an event is written once, at EACH_QUORUM; to each by itself as soon as one fails."},
      r.one_cluster, answers);
  sections(v, {"stores", "At least two, each in a data center of its own.", required}, r.stores);
}

static void describe(Visitor& v, Sink& s) {
  section(v, {"duckdb", "A table in a DuckDB file; rows and positions in one transaction."},
          s.duckdb);
  section(v,
          {"postgres", "A table of a PostgreSQL database; rows and positions in one transaction."},
          s.postgres);
  section(v,
          {"replicated",
           "The same rows in a store of each data center; what one misses is recorded and repaired "
           "later."},
          s.replicated);
  section(v,
          {"cassandra",
           "Tables of an Apache Cassandra or ScyllaDB cluster; rows by key and version, then "
           "positions."},
          s.cassandra);
  v.exactly_one({"duckdb", "postgres", "cassandra", "replicated"});
}

static void describe(Visitor& v, Datacenter& d) {
  v.identifier({"name", "Unique; in failure records and messages.", required}, d.name);
  v.text({"bootstrap_servers", "Its Kafka. Without it, the one under `kafka`."},
         d.bootstrap_servers);
  v.text({"failures_in",
          "The data center whose Kafka keeps what this one misses. Without it, the next in the "
          "list."},
         d.failures_in);
  v.text({"failure_topic", "The topic there. Without it, holdfast.failures.NAME."},
         d.failure_topic);
}

static void describe(Visitor& v, Slack& s) {
  v.text({"token", "With `channel`: a token for Slack's chat.postMessage."}, s.token);
  v.text({"channel", "For example \"#client-replication-channel\"."}, s.channel);
  v.text({"webhook", "Instead of a token: the URL of an incoming webhook."}, s.webhook);
  v.text({"url", "Where chat.postMessage is."}, s.url);
}

static void describe(Visitor& v, Webhook& w) {
  v.text({"url", "Gets a POST with {\"subject\", \"text\", \"values\"}.", required}, w.url);
  v.entries({"headers", "Sent along."}, w.headers);
}

static void describe(Visitor& v, Notify& n) {
  section(v, {"slack", "Slack."}, n.slack);
  sections(v, {"webhooks", "Other servers to be told."}, n.webhooks);
  v.entries(
      {"texts",
       "Own texts by subject: repaired, nothing, failed, rejected, breaker_opened. {repaired}, "
       "{superseded}, {failing}, {datacenter}, {why}, ... are filled in."},
      n.texts);
  v.duration({"timeout", "Of one request. It is tried five times."}, n.timeout_ms, 100, 60'000);
  v.duration({"alarm_every", "An alarm of one kind and place comes once in so long."},
             n.alarm_every_ms, 0, 86'400'000);
}

static void describe(Visitor& v, Batch& b) {
  v.number({"events", "Events in one transaction, at most."}, b.events, 1, 1'000'000);
  v.size({"bytes", "Bytes of payload in one transaction, at most."}, b.bytes, 64 * kib, 1 * gib);
  v.duration({"wait", "How long a batch that is not full may wait for more."}, b.wait_ms, 0,
             60'000);
}

static void describe(Visitor& v, Failures& f) {
  v.identifier({"topic", "The topic that keeps what was refused, with its cause."}, f.topic);
}

static void describe(Visitor& v, Pipeline& p) {
  v.identifier({"name", "Unique. The stores keep the positions under it.", required}, p.name);
  v.identifiers({"from", "The topics to read.", required}, p.from);
  section(v, {"transform", "SQL between the topics and the stores."}, p.transform);
  sections(v, {"to", "The stores.", required}, p.to);
  section(v, {"failures", "A failure queue of this pipeline's own."}, p.failures);
  section(
      v,
      {"batch", "How much goes into one transaction: the first bound that is reached closes it."},
      p.batch);
}

static void describe(Visitor& v, Log& l) {
  static constexpr std::array<std::string_view, 4> levels{"debug", "info", "warning", "error"};
  static constexpr std::array<std::string_view, 2> formats{"text", "json"};
  choose(v, {"level", "The least grave lines to print."}, l.level, levels);
  choose(
      v,
      {"format",
       "How a line looks: `text`, or `json`, one object with time, level, component and message."},
      l.format, formats);
  v.text(
      {"pattern",
       "Of text, in the placeholders of spdlog; %v is the component and the message. For example "
       "\"%Y-%m-%dT%H:%M:%S.%eZ %l %v\", which is the usual one."},
      l.pattern);
  v.text({"file", "Where lines go instead of standard error."}, l.file);
  v.size(
      {"bytes_max",
       "A file of this size is set aside: run.log becomes run.1.log, that run.2.log, and so on."},
      l.bytes_max, 64 * kib, 16 * gib);
  v.number({"files_max", "Files set aside that are kept."}, l.files_max, 0, 1'000);
}

void describe(Visitor& v, Config& c) {
  section(v, {"kafka", "Where Kafka is. Without it, the broker inside is used."}, c.kafka);
  section(v, {"spool", "The durable queue between the sources and Kafka."}, c.spool);
  sections(v, {"sources", "Where events come from."}, c.sources);
  sections(v, {"pipelines", "What happens to them."}, c.pipelines);
  sections(v, {"datacenters", "Where stores stand, and where what they miss is recorded."},
           c.datacenters);
  section(v, {"notify", "Who is told of repairs and alarms."}, c.notify);
  section(v, {"failures", "The failure queue for all that names none of its own."}, c.failures);
  section(v, {"log", "What is printed while running."}, c.log);
}

}  // namespace holdfast::settings
