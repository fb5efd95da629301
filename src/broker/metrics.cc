#include "broker/metrics.h"

#include <numeric>

#include "broker/api_table.h"
#include "broker/core.h"

namespace holdfast::broker {
namespace {

void traffic(const BrokerMetrics& metrics, MetricsText& text) {
  text.counter("kafka_server_brokertopicmetrics_messagesin_total", "Records appended",
               metrics.messages_in.value());
  text.counter("kafka_server_brokertopicmetrics_bytesin_total", "Bytes of batches appended",
               metrics.bytes_in.value());
  text.counter("kafka_server_brokertopicmetrics_bytesout_total", "Bytes of batches sent to readers",
               metrics.bytes_out.value());
  text.counter("kafka_server_brokertopicmetrics_failedproducerequests_total",
               "Produce requests with an error for some partition", metrics.failed_produce.value());
  text.counter("kafka_server_brokertopicmetrics_failedfetchrequests_total",
               "Fetch requests with an error for some partition", metrics.failed_fetch.value());
}

void requests(const BrokerMetrics& metrics, MetricsText& text) {
  const auto each = [&](auto visit) {
    for (const ServedApi& api : served_apis()) {
      const auto& times = metrics.requests[static_cast<size_t>(api.spec->key)];
      if (times.count() > 0) visit(api.spec->name, times);
    }
  };
  text.family("kafka_network_requestmetrics_requests_total", "counter", "Requests answered");
  each([&](const char* api, const DurationHistogram& times) {
    text.value(static_cast<double>(times.count()), {{"request", api}});
  });
  text.family("holdfast_request_seconds", "histogram",
              "From a whole request to its answer; waiting for records or for the disk included");
  each([&](const char* api, const DurationHistogram& times) {
    text.histogram(times, {{"request", api}});
  });
}

void clients(const BrokerMetrics& metrics, const ServerNumbers& server, MetricsText& text) {
  text.gauge("kafka_server_socket_server_metrics_connection_count", "Connections open now",
             static_cast<double>(server.connections));
  text.counter("holdfast_connections_accepted_total", "Connections accepted",
               metrics.connections_accepted.value());
  text.family("holdfast_refused_total", "counter", "Clients turned away, by reason");
  for (size_t i = 0; i < metrics.refused.size(); ++i)
    text.value(static_cast<double>(metrics.refused[i].value()),
               {{"reason", name(static_cast<Refused>(i))}});
  text.family("holdfast_held_total", "counter", "Times that a client was slowed down, by reason");
  for (size_t i = 0; i < metrics.held.size(); ++i)
    text.value(static_cast<double>(metrics.held[i].value()),
               {{"reason", name(static_cast<Held>(i))}});
  text.gauge("holdfast_request_bytes_held", "Memory of requests of which a part has come",
             static_cast<double>(server.request_bytes));
}

void log_numbers(Core& core, MetricsText& text) {
  log::Log& log = core.log();
  text.gauge("holdfast_log_bytes", "Bytes of all segments of the log",
             static_cast<double>(log.bytes_used()));
  text.gauge("holdfast_log_pending_bytes", "Appended, not yet on disk",
             static_cast<double>(log.end().value - log.durable().value));
  text.gauge("holdfast_log_recent_bytes",
             "Memory of what was written last, with what readers still hold of it",
             static_cast<double>(log.recent_bytes()));
  text.family("holdfast_log_flush_seconds", "histogram", "One write and its sync");
  text.histogram(log.flush_times());
  text.gauge("holdfast_log_writable", "0: nothing can be written (disk full, or a failed sync)",
             core.writable() ? 1 : 0);
}

/// Kafka's names where its cleaner has the like.
void cleaner(Core& core, int64_t now_ms, MetricsText& text) {
  const log::CleanerNumbers numbers = core.log().cleaner_numbers();
  text.family("holdfast_log_cleaner_jobs_total", "counter", "Jobs of the log's cleaner, by kind");
  for (size_t i = 0; i < numbers.jobs.size(); ++i)
    text.value(static_cast<double>(numbers.jobs[i]),
               {{"work", log::name(static_cast<log::CleanWork>(i))}});
  text.counter("holdfast_log_cleaner_given_up_total", "Jobs that failed, and left all as it was",
               numbers.jobs_given_up);
  text.counter("holdfast_log_cleaner_read_bytes_total", "Bytes of segments that were cleaned",
               numbers.read_bytes);
  text.counter("holdfast_log_cleaner_written_bytes_total", "Bytes of what became of them",
               numbers.written_bytes);
  text.gauge("kafka_log_logcleaner_cleaner_recopy_percent",
             "Of what the last compaction read, so much is left", 100 * numbers.recopied);
  text.gauge("kafka_log_logcleaner_max_clean_time_secs", "How long the last compaction took",
             static_cast<double>(numbers.last_compaction_took_ms) / 1000);
  text.gauge("kafka_log_logcleaner_deadthreadcount",
             "1: the cleaner cannot go on for now, since it failed to replace its manifest",
             numbers.in_doubt ? 1 : 0);
  text.gauge("kafka_log_logcleanermanager_max_dirty_percent",
             "Of the partition that is to be compacted next, so much was not",
             100 * numbers.dirty_most);
  text.gauge("kafka_log_logcleanermanager_time_since_last_run_ms",
             "Since the last compaction; -1: there was none in this run",
             numbers.last_compaction_ms < 0
                 ? -1.0
                 : static_cast<double>(std::max<int64_t>(now_ms - numbers.last_compaction_ms, 0)));
  text.gauge("kafka_log_logcleanermanager_uncleanable_partitions_count",
             "Partitions that cannot be compacted: damaged, or one batch has too many keys",
             static_cast<double>(numbers.uncleanable_partitions));
}

void cluster(Core& core, MetricsText& text) {
  const double topics = static_cast<double>(core.state().topics().size());
  const double partitions = core.state().partition_count();
  text.gauge("kafka_controller_kafkacontroller_activecontrollercount", "This node", 1);
  text.gauge("kafka_controller_kafkacontroller_globaltopiccount", "Topics", topics);
  text.gauge("kafka_controller_kafkacontroller_globalpartitioncount", "Partitions", partitions);
  text.gauge("kafka_controller_kafkacontroller_offlinepartitionscount", "Always 0", 0);
  text.gauge("kafka_server_replicamanager_partitioncount", "Partitions", partitions);
  text.gauge("kafka_server_replicamanager_leadercount", "Partitions", partitions);
  text.gauge("kafka_server_replicamanager_underreplicatedpartitions", "Always 0", 0);
  const FetchSessions& sessions = core.fetch_sessions();
  text.gauge("kafka_server_fetchsessioncache_numincrementalfetchsessions", "Fetch sessions",
             static_cast<double>(sessions.size()));
  text.gauge("kafka_server_fetchsessioncache_numincrementalfetchpartitionscached",
             "Partitions that fetch sessions remember", static_cast<double>(sessions.partitions()));
  text.counter("kafka_server_fetchsessioncache_incrementalfetchsessionevictions_total",
               "Fetch sessions that had to go for others", sessions.evictions());
}

/// A group that is known by its offsets alone is empty.
void groups(Core& core, Instant now, MetricsText& text) {
  const auto& live = core.groups().groups(now);
  std::array<uint64_t, coordinator::group_states> in_state{};
  for (const auto& [id, group] : live.all()) ++in_state[static_cast<size_t>(group->state())];
  for (const auto& [id, offsets] : core.state().offsets().all())
    if (!live.find(id)) ++in_state[static_cast<size_t>(coordinator::GroupState::empty)];
  const std::string prefix = "kafka_coordinator_group_groupmetadatamanager_num";
  const auto gauge = [&](const char* what, const char* help, uint64_t number) {
    text.gauge(prefix + what, help, static_cast<double>(number));
  };
  const auto in = [&](coordinator::GroupState state) {
    return in_state[static_cast<size_t>(state)];
  };
  gauge("groups", "Groups", std::accumulate(in_state.begin(), in_state.end(), uint64_t{0}));
  gauge("groupsempty", "Groups without members", in(coordinator::GroupState::empty));
  gauge("groupspreparingrebalance", "Groups whose members join",
        in(coordinator::GroupState::preparing_rebalance));
  gauge("groupscompletingrebalance", "Groups that wait for their leader's assignment",
        in(coordinator::GroupState::completing_rebalance));
  gauge("groupsstable", "Groups that are settled", in(coordinator::GroupState::stable));
  gauge("offsets", "Offsets that groups have committed", core.state().offsets().size());
}

void partitions(Core& core, MetricsText& text) {
  if (core.state().partition_count() > listed_max) return;
  const auto each = [&](auto number) {
    for (const auto& [topic_name, topic] : core.state().topics())
      for (const auto& partition : topic->partitions)
        text.value(static_cast<double>(number(*partition)),
                   {{"topic", topic_name}, {"partition", std::to_string(partition->index)}});
  };
  text.family("kafka_log_log_logstartoffset", "gauge", "The first offset that can be read");
  each([](const Partition& partition) { return partition.log_start; });
  text.family("kafka_log_log_logendoffset", "gauge", "The next offset");
  each([](const Partition& partition) { return partition.end; });
  text.family("kafka_log_log_size", "gauge", "Bytes of its batches that can be read");
  each([&](const Partition& partition) { return core.log().live_bytes(partition.log_id); });
}

/// As kafka_exporter names them.
void lags(Core& core, MetricsText& text) {
  if (core.state().offsets().size() > listed_max) return;
  const auto each = [&](auto number) {
    for (const auto& [group, topics] : core.state().offsets().all()) {
      for (const auto& [topic_name, committed] : topics) {
        const Topic* topic = core.state().topic(topic_name);
        for (const auto& [index, offset] : committed) {
          const Partition* partition = topic ? topic->partition(index) : nullptr;
          if (!partition) continue;
          text.value(static_cast<double>(number(*partition, offset.offset)),
                     {{"consumergroup", group},
                      {"topic", topic_name},
                      {"partition", std::to_string(index)}});
        }
      }
    }
  };
  text.family("kafka_consumergroup_current_offset", "gauge", "What a group has committed");
  each([](const Partition&, int64_t offset) { return offset; });
  text.family("kafka_consumergroup_lag", "gauge", "Records behind what a group has committed");
  each([](const Partition& partition, int64_t offset) {
    return std::max<int64_t>(partition.high_watermark - offset, 0);
  });
}

}  // namespace

const char* name(Refused reason) {
  switch (reason) {
    case Refused::connections:
      return "connections";
    case Refused::connections_per_address:
      return "connections_per_address";
    case Refused::request_size:
      return "request_size";
    case Refused::bad_request:
      return "bad_request";
    case Refused::idle:
      return "idle";
  }
  return "?";
}

const char* name(Held reason) {
  switch (reason) {
    case Held::memory:
      return "memory";
    case Held::in_flight:
      return "in_flight";
    case Held::slow_reader:
      return "slow_reader";
    case Held::log:
      return "log";
  }
  return "?";
}

std::string metrics_text(Core& core, const ServerNumbers& server) {
  MetricsText text;
  traffic(core.metrics(), text);
  requests(core.metrics(), text);
  clients(core.metrics(), server, text);
  log_numbers(core, text);
  cleaner(core, server.now.wall_ms, text);
  cluster(core, text);
  groups(core, server.now, text);
  partitions(core, text);
  lags(core, text);
  return std::move(text).take();
}

}  // namespace holdfast::broker
