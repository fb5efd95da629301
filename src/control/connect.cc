#include "control/connect.h"

#include <fmt/format.h>

#include "base/os/files.h"
#include "control/stores.h"
#include "kafka/admin.h"
#include "transform/transform.h"

namespace holdfast::control {
namespace {

constexpr int broker_timeout_ms = 10'000;

Tried tried(std::string what, std::string path, const Status& status, std::string found) {
  return {std::move(what), std::move(path), status.has_value(),
          status ? std::move(found) : status.error().message};
}

Status readable(const std::string& path) {
  HOLDFAST_TRY(os::real_files().open(path, os::OpenMode::read));
  return {};
}

Tried try_kafka(const settings::Kafka& kafka) {
  if (kafka.embedded()) {
    auto there = os::real_files().exists(kafka.data);
    const bool exists = there && *there;
    return {"embedded broker, data folder " + kafka.data, "kafka", there.has_value(),
            !there   ? there.error().message
            : exists ? "is there"
                     : "will be made"};
  }
  const auto answers = [&]() -> Status {
    const auto admin = HOLDFAST_TRY(kafka::Admin::create(
        {.bootstrap_servers = kafka.bootstrap_servers, .extra = kafka.properties}));
    return admin->wait_for_broker(broker_timeout_ms);
  };
  return tried("Kafka " + kafka.bootstrap_servers, "kafka.bootstrap_servers", answers(), "answers");
}

Tried try_transform(const settings::Transform& transform, const std::string& path) {
  auto opened = transform::Transform::open(transform_settings(transform));
  if (!opened) return {"SQL", path + ".sql", false, opened.error().message};
  std::string columns;
  for (const auto& column : (*opened)->schema())
    columns += (columns.empty() ? "" : ", ") + column.name;
  return {"SQL", path + ".sql", true, "gives " + columns};
}

/// Tables that are the user's own design: whether the rows that the transform makes fit into them.
Status check_tables(const Kinds& kinds, const settings::Pipeline& pipeline,
                    const settings::Sink& sink) {
  const auto made =
      HOLDFAST_TRY(transform::Transform::open(transform_settings(pipeline.transform)));
  return kinds.check_store(pipeline, sink, made->schema());
}

Tried try_store(const Kinds& kinds, const settings::Pipeline& pipeline, const settings::Sink& sink,
                std::string path) {
  const std::string what = "store " + store_name(sink);
  if (sink.cassandra && kinds.check_store) {
    const Status fits = check_tables(kinds, pipeline, sink);
    return tried(what, std::move(path), fits, "has tables that these events fit into");
  }
  auto reader = kinds.open_reader(pipeline, sink);
  if (reader) return {what, std::move(path), true, "is there"};
  if (reader.error().code == ErrorCode::not_found)
    return {what, std::move(path), true, "will be made"};
  return {what, std::move(path), false, reader.error().message};
}

}  // namespace

std::vector<settings::Fault> missing_files(const settings::Loaded& loaded) {
  std::vector<settings::Fault> warnings;
  for (size_t i = 0; i < loaded.config.sources.size(); ++i) {
    const auto& file = loaded.config.sources[i].file;
    const auto there = file ? os::real_files().exists(file->path) : Result<bool>(true);
    if (!there || *there) continue;
    const bool once = file->mode == settings::FileMode::once;
    settings::Fault warning{.kind = settings::Fault::Kind::warning,
                            .place = {},
                            .path = fmt::format("sources[{}].file.path", i),
                            .message = fmt::format("there is no file {}: {}", file->path,
                                                   once ? "a run ends with an error"
                                                        : "a run waits for it (with --once it ends "
                                                          "with an error)")};
    if (const auto place = loaded.places.find(warning.path); place != loaded.places.end())
      warning.place = place->second;
    warnings.push_back(std::move(warning));
  }
  return warnings;
}

std::vector<Tried> try_everything(const settings::Config& config, const Kinds& kinds) {
  std::vector<Tried> all{try_kafka(config.kafka)};
  for (size_t i = 0; i < config.sources.size(); ++i) {
    const auto& file = config.sources[i].file;
    if (file)
      all.push_back(tried("file " + file->path, fmt::format("sources[{}].file.path", i),
                          readable(file->path), "can be read"));
  }
  for (size_t i = 0; i < config.pipelines.size(); ++i) {
    const auto& pipeline = config.pipelines[i];
    const std::string path = fmt::format("pipelines[{}]", i);
    if (pipeline.transform) all.push_back(try_transform(*pipeline.transform, path + ".transform"));
    for (size_t j = 0; j < pipeline.to.size(); ++j) {
      for (const SingleStore& store : single_stores(pipeline.to[j]))
        all.push_back(try_store(kinds, pipeline, store.sink, fmt::format("{}.to[{}]", path, j)));
    }
  }
  return all;
}

}  // namespace holdfast::control
