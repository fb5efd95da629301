#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "record/batch.h"
#include "record/batch_builder.h"

namespace holdfast::record {
namespace {

std::optional<std::string> any_text() {
  if (*rc::gen::inRange(0, 4) == 0) return std::nullopt;
  return *rc::gen::arbitrary<std::string>();
}
std::optional<ByteView> view(const std::optional<std::string>& text) {
  return text ? std::optional(as_bytes(*text)) : std::nullopt;
}
bool same(const std::optional<ByteView>& bytes, const std::optional<std::string>& text) {
  return bytes.has_value() == text.has_value() && (!bytes || as_text(*bytes) == *text);
}

RC_GTEST_PROP(BatchProperty, AnyRecordsInAnyCodecComeBack, ()) {
  struct Row {
    int64_t timestamp_ms;
    std::optional<std::string> key, value;
    std::vector<std::pair<std::string, std::optional<std::string>>> headers;
  };
  std::vector<Row> rows;
  const auto row_count = *rc::gen::inRange(1, 20);
  for (int i = 0; i < row_count; ++i) {
    Row row{*rc::gen::inRange<int64_t>(-1, int64_t{1} << 45), any_text(), any_text(), {}};
    const auto header_count = *rc::gen::inRange(0, 4);
    for (int j = 0; j < header_count; ++j) row.headers.emplace_back(*rc::gen::arbitrary<std::string>(), any_text());
    rows.push_back(std::move(row));
  }
  const auto codec = static_cast<Codec>(*rc::gen::inRange(0, 5));
  BatchBuilder builder;
  builder.begin({.base_offset = 1000, .codec = codec});
  for (const Row& row : rows) {
    std::vector<HeaderView> headers;
    for (const auto& [header, value] : row.headers) headers.push_back({header, view(value)});
    builder.add({.timestamp_ms = row.timestamp_ms, .key = view(row.key), .value = view(row.value), .headers = headers});
  }
  const auto built = builder.finish();
  RC_ASSERT(built.has_value());
  Decompressor decompressor;
  ByteBuffer scratch;
  RC_ASSERT(validate_client_batch(*built, {.decompressor = &decompressor, .scratch = &scratch}) == BatchFault::none);
  auto records = BatchView::parse(*built)->records(decompressor, scratch, 64 << 20);
  RC_ASSERT(records.has_value());
  RecordView record;
  for (size_t i = 0; i < rows.size(); ++i) {
    RC_ASSERT(records->next(record));
    RC_ASSERT(record.offset == 1000 + static_cast<int64_t>(i));
    RC_ASSERT(record.timestamp_ms == rows[i].timestamp_ms);
    RC_ASSERT(same(record.key, rows[i].key) && same(record.value, rows[i].value));
    HeaderReader headers = record.headers();
    HeaderView header;
    for (const auto& [wanted, value] : rows[i].headers) {
      RC_ASSERT(headers.next(header));
      RC_ASSERT(header.name == wanted && same(header.value, value));
    }
    RC_ASSERT(!headers.next(header) && !headers.damaged());
  }
  RC_ASSERT(!records->next(record) && !records->damaged());
}

}  // namespace
}  // namespace holdfast::record
