#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "event/rows.h"
#include "settings/config.h"
#include "sink/api/sink.h"
#include "source/api/source.h"

namespace holdfast::control {

/// The kinds of sources and stores that this program was built with. Only `app` knows them by name;
/// all else goes through the contracts. Plain functions, set once before anything runs.
struct Kinds {
  std::function<Result<std::unique_ptr<source::Source>>(const settings::Source&)> make_source;
  /// Opens or creates the store, for rows of `schema`.
  std::function<Result<std::unique_ptr<sink::Sink>>(
      const settings::Pipeline&, const settings::Sink&, const event::Schema& schema)>
      open_sink;
  /// A reader of a store that may or may not be open in this process. `not_found` when nothing was
  /// stored yet.
  std::function<Result<std::unique_ptr<sink::Reader>>(const settings::Pipeline&,
                                                      const settings::Sink&)>
      open_reader;
  /// Whether the store can take rows of `schema` at all, without changing anything there. Null for
  /// kinds that make what they need.
  std::function<Status(const settings::Pipeline&, const settings::Sink&, const event::Schema&)>
      check_store = {};
};

/// One store of a replicated sink as a sink of its own.
settings::Sink as_sink(const settings::ReplicatedSink& of, const settings::ReplicaStore& store);
/// The sink that writes to all stores of one cluster at once.
settings::Sink all_of_cluster(const settings::ReplicatedSink& replicated);
std::string table_name(const settings::Sink& sink);
/// How a store is called in reports, findings and failure records: "warehouse.duckdb:flights".
std::string store_name(const settings::Sink& sink);

}  // namespace holdfast::control
