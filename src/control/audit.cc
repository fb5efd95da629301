#include "control/audit.h"

#include <algorithm>

#include "audit/audit.h"
#include "control/kafka_access.h"
#include "control/stores.h"
#include "pipeline/failure_spool.h"
#include "repair/marks.h"
#include "sink/replicated/replicated_sink.h"
#include "spool/state.h"

namespace holdfast::control {
namespace {

/// What the spool gave out; read without disturbing the process that has it open.
Result<std::vector<audit::CapturedStream>> read_captured(const std::string& folder) {
  std::vector<audit::CapturedStream> streams;
  const spool::Inspection spool = HOLDFAST_TRY(spool::inspect(os::real_files(), folder));
  for (const spool::SourceState& source : spool.sources) {
    streams.push_back(
        {{source.name, source.epoch}, {source.next_sequence, source.shipped_sequence}});
    streams.push_back({{source.rejected_stream(), source.epoch},
                       {source.next_rejected_sequence, source.shipped_rejected_sequence}});
  }
  return streams;
}

/// A store that nothing was written to yet.
class EmptyReader final : public sink::Reader {
 public:
  using Visit = std::function<Status(std::span<const sink::StoredRun>)>;
  Status read_back(const sink::Window&, const Visit&) override { return {}; }
  Status read_filtered(const sink::Window&, const Visit&) override { return {}; }
  Result<sink::Positions> positions() override { return sink::Positions{}; }
};

Result<std::unique_ptr<sink::Reader>> open_reader(const Kinds& kinds,
                                                  const settings::Pipeline& pipeline,
                                                  const settings::Sink& sink) {
  auto reader = kinds.open_reader(pipeline, sink);
  if (!reader && reader.error().code == ErrorCode::not_found)
    return std::make_unique<EmptyReader>();
  if (!reader && reader.error().code == ErrorCode::locked) {
    return fail(ErrorCode::locked,
                reader.error().message +
                    "; stop that process first: one process at a time may open the store");
  }
  return reader;
}

/// What the marks of repairs say of the records of a queue.
Result<std::function<audit::Missed(int32_t, int64_t)>> missed_of(const FailurePlace& place) {
  const auto marks =
      std::make_shared<repair::Marks>(HOLDFAST_TRY(repair::read_marks(place.client, place.topic)));
  return [marks](int32_t partition, int64_t offset) {
    const auto known = marks->partitions.find(partition);
    if (known == marks->partitions.end()) return audit::Missed::waiting;
    if (known->second.repaired.contains(offset)) return audit::Missed::repaired;
    if (known->second.superseded.contains(offset)) return audit::Missed::replaced;
    return audit::Missed::waiting;
  };
}

}  // namespace

Result<audit::Report> run_audit(const settings::Config& config, const Kinds& kinds,
                                const std::string& evidence_file) {
  const KafkaAccess access =
      HOLDFAST_TRY(KafkaAccess::open(config.kafka, KafkaAccess::Purpose::visit));
  audit::Inputs inputs;
  inputs.kafka = access.client();
  std::vector<std::unique_ptr<sink::Reader>> readers;
  for (const auto& pipeline : config.pipelines) {
    for (const auto& sink : pipeline.to) {
      for (const SingleStore& store : single_stores(sink)) {
        auto reader = HOLDFAST_TRY(open_reader(kinds, pipeline, store.sink));
        audit::StoreInput input{pipeline.name, store_name(store.sink), pipeline.from,
                                config.failure_topic(pipeline), nullptr};
        if (const auto* datacenter = config.datacenter(store.datacenter)) {
          reader = sink::make_replica_reader(std::move(reader));
          input.datacenter = store.datacenter;
          const FailurePlace place = failure_place(config, access.client(), *datacenter);
          input.missed_topic = place.topic;
          input.missed_kafka = place.client;
          input.missed = HOLDFAST_TRY(missed_of(place));
        }
        input.reader = reader.get();
        readers.push_back(std::move(reader));
        inputs.stores.push_back(std::move(input));
      }
    }
  }
  for (const auto& source : config.sources) inputs.topics.push_back(source.topic);
  inputs.failure_topics.push_back(config.failures.topic);
  // Only whoever has the sources has their spool.
  if (!config.sources.empty())
    inputs.captured = [&config] { return read_captured(config.spool.path); };
  inputs.spooled_failures = [&config](const auto& visit) {
    return pipeline::visit_spooled_failures(os::real_files(), failure_spool_folder(config), visit);
  };
  audit::EvidenceWriter evidence;
  audit::Report report = HOLDFAST_TRY(audit::run(inputs, evidence));
  if (!evidence_file.empty()) HOLDFAST_CHECKED(evidence.save(os::real_files(), evidence_file));
  return report;
}

}  // namespace holdfast::control
