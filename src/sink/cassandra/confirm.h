#pragma once

#include <vector>

#include "sink/api/sink.h"
#include "sink/cassandra/mapping.h"

namespace holdfast::sink {

/// Looks each entry's rows up by key. A row is `present` with the event's own version, `superseded`
/// with a newer one; an older one, or none, is `missing`. A deletion is `present` when no row is
/// there: whether the deletion or nothing at all came is not to be seen. Several rows of a table
/// are asked for in one request where its key allows that, and one by one where a server refuses
/// it.
Result<std::vector<Held>> confirm_batch(cql::Session& session,
                                        const std::vector<TableMapping>& mapping,
                                        const CassandraSettings& settings, const Batch& batch);

/// The least `gc_grace_seconds` of the tables: how long their deletions are surely remembered.
Result<int64_t> least_gc_grace_us(cql::Session& session, const CassandraSettings& settings);

}  // namespace holdfast::sink
