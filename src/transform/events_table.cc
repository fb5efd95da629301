#include "transform/events_table.h"

#include <cstring>

namespace holdfast::transform {
namespace {

using duckdb::Text;
using duckdb::Type;
using duckdb::VectorWriter;
using event::Column;
using event::ColumnType;

enum Attribute : size_t {
  row,
  source,
  epoch,
  sequence,
  version,
  time,
  type,
  topic,
  partition,
  offset,
  key,
  value
};

Type physical(ColumnType type) {
  switch (type) {
    case ColumnType::boolean:
      return Type::boolean;
    case ColumnType::int16:
      return Type::int16;
    case ColumnType::int32:
      return Type::int32;
    case ColumnType::int64:
      return Type::int64;
    case ColumnType::float64:
      return Type::float64;
    case ColumnType::text:
    case ColumnType::json:
      return Type::text;
    case ColumnType::timestamp:
      return Type::timestamp;
    case ColumnType::timestamp_tz:
      return Type::timestamp_tz;
    case ColumnType::date:
      return Type::date;
  }
  return Type::other;
}

template <class T>
void gather(const Column& column, std::span<const uint32_t> shown, VectorWriter& out) {
  const std::span<const T> values = column.values<T>();
  T* to = out.as<T>();
  for (size_t i = 0; i < shown.size(); ++i) to[i] = values[shown[i]];
}

void fill_payload(const Column& column, std::span<const uint32_t> shown, VectorWriter& out) {
  switch (event::width(column.type())) {
    case 1:
      gather<uint8_t>(column, shown, out);
      break;
    case 2:
      gather<int16_t>(column, shown, out);
      break;
    case 4:
      gather<int32_t>(column, shown, out);
      break;
    case 8:
      gather<int64_t>(column, shown, out);
      break;
    default:
      for (size_t i = 0; i < shown.size(); ++i)
        out.as<Text>()[i] = Text::borrow(column.text(shown[i]));
  }
  if (!column.has_nulls()) return;
  for (size_t i = 0; i < shown.size(); ++i)
    if (column.is_null(shown[i])) out.set_null(i);
}

void set_text(VectorWriter& out, size_t i, const std::optional<std::string_view>& text) {
  if (text) {
    out.as<Text>()[i] = Text::borrow(*text);
  } else {
    out.set_null(i);
  }
}

}  // namespace

EventsTable::EventsTable(const event::Schema& payload)
    : columns_{{"ce_row", Type::int64, {}},     {"ce_source", Type::text, {}},
               {"ce_epoch", Type::int64, {}},   {"ce_sequence", Type::int64, {}},
               {"ce_version", Type::int64, {}}, {"ce_time", Type::timestamp, {}},
               {"ce_type", Type::text, {}},     {"topic", Type::text, {}},
               {"partition", Type::int32, {}},  {"offset", Type::int64, {}},
               {"key", Type::text, {}},         {"value", Type::text, {}}} {
  attributes_ = columns_.size();
  for (const event::ColumnSpec& column : payload)
    columns_.push_back({column.name, physical(column.type), {}});
}

void EventsTable::show(std::span<const InputEvent> events, const event::Rows& payload,
                       std::span<const uint32_t> shown) {
  events_ = events;
  payload_ = &payload;
  shown_ = shown;
}

void EventsTable::fill(size_t column, uint64_t first_row, size_t count, VectorWriter& out) {
  const std::span<const uint32_t> part = shown_.subspan(first_row, count);
  if (column >= attributes_) return fill_payload(payload_->column(column - attributes_), part, out);
  fill_attribute(column, part, out);
}

void EventsTable::fill_attribute(size_t column, std::span<const uint32_t> shown,
                                 VectorWriter& out) const {
  for (size_t i = 0; i < shown.size(); ++i) {
    const event::Event& event = events_[shown[i]].event;
    const event::Origin& origin = events_[shown[i]].origin;
    switch (column) {
      case row:
        out.as<int64_t>()[i] = shown[i];
        break;
      case source:
        out.as<Text>()[i] = Text::borrow(event.stamp.source);
        break;
      case epoch:
        out.as<int64_t>()[i] = event.stamp.epoch;
        break;
      case sequence:
        out.as<int64_t>()[i] = event.stamp.sequence;
        break;
      case version:
        out.as<int64_t>()[i] = event.version;
        break;
      case time:
        out.as<int64_t>()[i] = event.time_us;
        break;
      case type:
        out.as<Text>()[i] = Text::borrow(event.type);
        break;
      case topic:
        out.as<Text>()[i] = Text::borrow(origin.topic);
        break;
      case partition:
        out.as<int32_t>()[i] = origin.partition;
        break;
      case offset:
        out.as<int64_t>()[i] = origin.offset;
        break;
      case key:
        set_text(out, i, event.key);
        break;
      case value:
        set_text(out, i, event.value);
        break;
      default:
        break;
    }
  }
}

}  // namespace holdfast::transform
