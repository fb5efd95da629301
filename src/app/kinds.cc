#include "app/kinds.h"

#include "app/cassandra.h"
#include "base/os/clock.h"
#include "sink/duckdb/duckdb_sink.h"
#include "sink/postgres/postgres_sink.h"
#include "source/file/file_source.h"

namespace holdfast::app {
namespace {

Result<std::unique_ptr<source::Source>> make_source(const settings::Source& source) {
  if (!source.file)
    return fail(ErrorCode::invalid,
                "source " + source.name + " is of no kind that this program knows");
  const settings::FileSource& file = *source.file;
  source::file::FileSettings made;
  made.path = file.path;
  made.format = file.format == settings::FileFormat::csv ? source::file::Format::csv
                                                         : source::file::Format::json_lines;
  made.mode = file.mode == settings::FileMode::follow ? source::file::Mode::follow
                                                      : source::file::Mode::once;
  made.csv = {.delimiter = file.delimiter.front(),
              .has_null = file.null.has_value(),
              .null = file.null.value_or("")};
  made.line_bytes_max = file.line_bytes_max;
  return source::file::make_file_source(std::move(made), os::real_clock());
}

sink::DuckdbSettings duckdb_settings(const settings::Pipeline& pipeline,
                                     const settings::DuckDbSink& duckdb) {
  return {.path = duckdb.path,
          .table = duckdb.table,
          .pipeline = pipeline.name,
          .memory_bytes_max = duckdb.memory_max};
}

sink::PostgresSettings postgres_settings(const settings::Pipeline& pipeline,
                                         const settings::PostgresSink& postgres) {
  return {.connection = {.host = postgres.host,
                         .port = static_cast<uint16_t>(postgres.port),
                         .database = postgres.database,
                         .user = postgres.user,
                         .password = postgres.password,
                         .options = postgres.options,
                         .timeout_ms = postgres.timeout_ms},
          .table = postgres.table,
          .key = postgres.key,
          .pipeline = pipeline.name};
}

Error unknown_kind(const settings::Pipeline& pipeline) {
  return {ErrorCode::invalid,
          "a store of pipeline " + pipeline.name + " is of no kind that this program knows"};
}

Result<std::unique_ptr<sink::Sink>> open_sink(const settings::Pipeline& pipeline,
                                              const settings::Sink& sink,
                                              const event::Schema& schema) {
  if (sink.cassandra) return open_cassandra(pipeline, *sink.cassandra, schema);
  if (sink.postgres)
    return HOLDFAST_TRY(
        sink::PostgresSink::open(postgres_settings(pipeline, *sink.postgres), schema));
  if (!sink.duckdb) return std::unexpected(unknown_kind(pipeline));
  return HOLDFAST_TRY(sink::DuckdbSink::open(duckdb_settings(pipeline, *sink.duckdb), schema));
}

Result<std::unique_ptr<sink::Reader>> open_reader(const settings::Pipeline& pipeline,
                                                  const settings::Sink& sink) {
  if (sink.cassandra) return open_cassandra_reader(pipeline, *sink.cassandra);
  if (sink.postgres) return sink::open_postgres_reader(postgres_settings(pipeline, *sink.postgres));
  if (!sink.duckdb) return std::unexpected(unknown_kind(pipeline));
  return sink::open_duckdb_reader(duckdb_settings(pipeline, *sink.duckdb));
}

Status check_store(const settings::Pipeline& pipeline, const settings::Sink& sink,
                   const event::Schema& schema) {
  if (!sink.cassandra) return {};
  return check_cassandra(pipeline, *sink.cassandra, schema);
}

}  // namespace

control::Kinds make_kinds() {
  return {make_source, open_sink, open_reader, check_store};
}

}  // namespace holdfast::app
