#pragma once

#include <memory>

#include "base/result.h"
#include "event/rows.h"
#include "settings/config.h"
#include "sink/api/sink.h"

namespace holdfast::app {

/// The tables of a Cassandra cluster, from what the configuration says.
Result<std::unique_ptr<sink::Sink>> open_cassandra(const settings::Pipeline& pipeline,
                                                   const settings::CassandraSink& cassandra,
                                                   const event::Schema& schema);
Result<std::unique_ptr<sink::Reader>> open_cassandra_reader(
    const settings::Pipeline& pipeline, const settings::CassandraSink& cassandra);
Status check_cassandra(const settings::Pipeline& pipeline, const settings::CassandraSink& cassandra,
                       const event::Schema& schema);

}  // namespace holdfast::app
