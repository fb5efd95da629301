#include "transform/transform.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <optional>
#include <span>

#include "duckdb/duckdb.h"
#include "transform/events_table.h"
#include "transform/payload.h"
#include "transform/rewrite.h"
#include "transform/take_rows.h"

namespace holdfast::transform {
namespace {

using duckdb::quote_name;
using duckdb::quote_text;

Result<event::Schema> payload_schema(const Settings& settings) {
  event::Schema schema;
  for (const auto& [column, type] : settings.columns) {
    auto parsed = parse_type(type);
    if (!parsed)
      return fail(ErrorCode::invalid, "column " + column + ": " + parsed.error().message);
    schema.push_back({column, *parsed});
  }
  return schema;
}

Status load_table(duckdb::Connection& connection, const std::string& name,
                  const std::string& path) {
  std::string reader;
  if (path.ends_with(".csv"))
    reader = "read_csv(" + quote_text(path) + ")";
  else if (path.ends_with(".parquet"))
    reader = "read_parquet(" + quote_text(path) + ")";
  else if (path.ends_with(".json") || path.ends_with(".jsonl"))
    reader = "read_json(" + quote_text(path) + ")";
  else
    return fail(ErrorCode::invalid,
                "table " + name + ": " + path + " is neither .csv nor .json, .jsonl or .parquet");
  const Status status = connection.run("CREATE TABLE " + quote_name(name) + " AS FROM " + reader);
  if (!status) return fail(status.error().code, "table " + name + ": " + status.error().message);
  return {};
}

Status create_events(duckdb::Connection& connection, EventsTable& events,
                     const event::Schema& payload) {
  HOLDFAST_CHECKED(connection.register_table("holdfast_events", events));
  for (const event::ColumnSpec& column : payload) {
    const auto& all = events.columns();
    const auto same = [&](const duckdb::ColumnInfo& info) { return info.name == column.name; };
    if (std::ranges::count_if(all, same) > 1)
      return fail(ErrorCode::invalid,
                  "column " + column.name +
                      ": events has a column of that name of its own; leave it out of "
                      "columns and write value->>'$." +
                      column.name + "' in the SQL");
  }
  std::string casts;
  for (const event::ColumnSpec& column : payload)
    if (column.type == event::ColumnType::json)
      casts += (casts.empty() ? "" : ", ") + quote_name(column.name) + "::JSON AS " +
               quote_name(column.name);
  return connection.run("CREATE VIEW events AS SELECT *" +
                        (casts.empty() ? "" : " REPLACE (" + casts + ")") +
                        " FROM holdfast_events()");
}

std::string sql_or_default(const Settings& settings) {
  if (!settings.sql.empty()) return settings.sql;
  if (settings.columns.empty()) return "SELECT ce_time, ce_type, topic, key, value FROM events";
  std::string columns;
  for (const auto& [column, type] : settings.columns)
    columns += (columns.empty() ? "" : ", ") + quote_name(column);
  return "SELECT " + columns + " FROM events";
}

}  // namespace

struct Transform::Impl {
  event::Schema payload_columns;
  PayloadDecoder decoder;
  EventsTable events;
  event::Rows payload;
  event::Schema schema;
  std::optional<duckdb::Connection> connection;
  std::optional<duckdb::Statement> statement;

  explicit Impl(event::Schema columns)
      : payload_columns(std::move(columns)),
        decoder(payload_columns),
        events(payload_columns),
        payload(payload_columns) {}

  static void reject(Output& output, uint32_t event, const char* code, std::string message) {
    output.row_of[event] = Output::rejected;
    output.rejections.push_back({event, code, std::move(message)});
  }

  /// Payloads into typed columns; answers the numbers of the events that have a right one.
  std::vector<uint32_t> decode(std::span<const InputEvent> inputs, Output& output) {
    std::vector<uint32_t> good;
    good.reserve(inputs.size());
    payload.clear();
    for (uint32_t i = 0; i < inputs.size(); ++i) {
      const event::Event& event = inputs[i].event;
      Status status;
      if (payload.columns() > 0)
        status = decoder.decode(event.value ? &*event.value : nullptr, payload);
      else if (event.value && !PayloadDecoder::valid_text(*event.value))
        status = fail(ErrorCode::invalid, "the payload is not UTF-8 text");
      if (status && event.key && !PayloadDecoder::valid_text(*event.key))
        status = fail(ErrorCode::invalid, "the key is not UTF-8 text");
      if (status)
        good.push_back(i);
      else
        reject(output, i, "payload", std::move(status.error().message));
    }
    return good;
  }

  /// The SQL over some events of the batch. `invalid`: one of them at least is to blame.
  Status run_part(std::span<const InputEvent> inputs, std::span<const uint32_t> part,
                  Output& output) {
    events.show(inputs, payload, part);
    duckdb::Cursor cursor = HOLDFAST_TRY(statement->execute());
    std::vector<duckdb::Chunk> chunks;
    std::vector<int64_t> owners;
    while (true) {
      std::optional<duckdb::Chunk> chunk = HOLDFAST_TRY(cursor.next());
      if (!chunk) break;
      const int64_t* rows = chunk->column(0).as<int64_t>();
      owners.insert(owners.end(), rows, rows + chunk->rows());
      chunks.push_back(std::move(*chunk));
    }
    return take(chunks, owners, output);
  }

  /// Takes the result over, if no event has two rows in it.
  Status take(const std::vector<duckdb::Chunk>& chunks, std::span<const int64_t> owners,
              Output& output) {
    const int32_t first_row = static_cast<int32_t>(output.rows.rows());
    for (size_t i = 0; i < owners.size(); ++i) {
      int32_t& row = output.row_of[static_cast<size_t>(owners[i])];
      if (row == Output::filtered) {
        row = first_row + static_cast<int32_t>(i);
        continue;
      }
      for (size_t j = 0; j < i; ++j)
        output.row_of[static_cast<size_t>(owners[j])] = Output::filtered;
      return fail(
          ErrorCode::exists,
          "the SQL makes several rows of one event; a row is an event here: look for a join that "
          "finds more than one match");
    }
    for (const duckdb::Chunk& chunk : chunks) take_rows(chunk, 1, schema, output.rows);
    return {};
  }

  Status run_isolating(std::span<const InputEvent> inputs, std::span<const uint32_t> part,
                       Output& output) {
    if (part.empty()) return {};
    Status status = run_part(inputs, part, output);
    if (status) return {};
    const ErrorCode code = status.error().code;
    const bool divide = code == ErrorCode::invalid || code == ErrorCode::exists ||
                        (code == ErrorCode::limit && part.size() > 1);
    if (!divide) return status;
    if (part.size() == 1) {
      reject(output, part[0], code == ErrorCode::exists ? "several_rows" : "sql",
             std::move(status.error().message));
      return {};
    }
    const size_t step = (part.size() + 7) / 8;
    for (size_t begin = 0; begin < part.size(); begin += step)
      HOLDFAST_CHECKED(
          run_isolating(inputs, part.subspan(begin, std::min(step, part.size() - begin)), output));
    return {};
  }
};

Transform::Transform(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Transform::~Transform() = default;

Result<std::unique_ptr<Transform>> Transform::open(const Settings& settings) {
  auto impl = std::make_unique<Impl>(HOLDFAST_TRY(payload_schema(settings)));
  duckdb::Database database =
      HOLDFAST_TRY(duckdb::Database::open({.memory_bytes_max = settings.memory_bytes_max}));
  impl->connection = HOLDFAST_TRY(database.connect());
  for (const auto& [name, path] : settings.tables)
    HOLDFAST_CHECKED(load_table(*impl->connection, name, path));
  HOLDFAST_CHECKED(create_events(*impl->connection, impl->events, impl->payload_columns));
  Rewritten rewritten = HOLDFAST_TRY(rewrite(*impl->connection, sql_or_default(settings)));
  impl->schema = std::move(rewritten.schema);
  impl->statement = HOLDFAST_TRY(impl->connection->prepare(rewritten.sql));
  return std::unique_ptr<Transform>(new Transform(std::move(impl)));
}

const event::Schema& Transform::schema() const {
  return impl_->schema;
}

Status Transform::run(const EventBatch& batch, Output& output) {
  if (output.rows.columns() != impl_->schema.size()) output.rows = event::Rows(impl_->schema);
  output.rows.clear();
  output.rejections.clear();
  output.row_of.assign(batch.size(), Output::filtered);
  const std::vector<uint32_t> good = impl_->decode(batch.events(), output);
  return impl_->run_isolating(batch.events(), good, output);
}

}  // namespace holdfast::transform
