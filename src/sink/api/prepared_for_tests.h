#pragma once

#include "sink/api/conformance.h"

/// Prepared input for the tests of every sink that keeps rows in tables.
namespace holdfast::sink::prepared {

using conformance::Item;

/// A topic of so many offsets, for processes that are killed while they write it.
inline constexpr int64_t offsets = 60'000;
inline constexpr int64_t per_batch = 1'500;

/// What stands at an offset: every 50th repeats the one before, every 10th is filtered.
inline Item item_at(int64_t offset) {
  const int64_t sequence = offset - offset / 50;
  return {sequence, sequence * 3, sequence % 10 == 4 ? Item::filtered : Item::row};
}

inline Batch batch_from(int64_t begin) {
  std::vector<Item> items;
  const int64_t end = std::min(begin + per_batch, offsets);
  for (int64_t offset = begin; offset < end; ++offset) items.push_back(item_at(offset));
  return conformance::batch_of(items, end);
}

/// What must be in the store when it stands at a position.
struct Expected {
  std::multiset<std::string> rows;
  size_t filtered = 0;
};
inline Expected expected_at(int64_t position) {
  std::map<int64_t, bool> filtered;  // by sequence
  for (int64_t offset = 0; offset < position; ++offset)
    filtered[item_at(offset).sequence] = item_at(offset).fate == Item::filtered;
  Expected expected;
  for (const auto& [sequence, is_filtered] : filtered) {
    if (is_filtered)
      ++expected.filtered;
    else
      expected.rows.insert(conformance::row_text(sequence, sequence * 3));
  }
  return expected;
}

inline event::Schema every_type() {
  using event::ColumnType;
  return {{"b", ColumnType::boolean},       {"i", ColumnType::int16}, {"j", ColumnType::int32},
          {"k", ColumnType::int64},         {"d", ColumnType::float64}, {"t", ColumnType::text},
          {"o", ColumnType::json},          {"at", ColumnType::timestamp},
          {"az", ColumnType::timestamp_tz}, {"on", ColumnType::date}};
}

/// A row with a value of every type, and one of nulls.
inline Batch batch_of_every_type() {
  Batch batch;
  batch.sources = {"s"};
  batch.rows = event::Rows(every_type());
  batch.rows.column(0).add<uint8_t>(1);
  batch.rows.column(1).add<int16_t>(-2);
  batch.rows.column(2).add<int32_t>(3);
  batch.rows.column(3).add<int64_t>(4);
  batch.rows.column(4).add<double>(5.5);
  batch.rows.column(5).add_text("six \\ 'quoted'");
  batch.rows.column(6).add_text(R"({"seven":7})");
  batch.rows.column(7).add<int64_t>(8'000'000);
  batch.rows.column(8).add<int64_t>(9'000'000);
  batch.rows.column(9).add<int32_t>(10);
  for (size_t i = 0; i < batch.rows.columns(); ++i) batch.rows.column(i).add_null();
  batch.entries = {{.row = 0, .sequence = 0}, {.row = 1, .sequence = 1}};
  return batch;
}

}  // namespace holdfast::sink::prepared
