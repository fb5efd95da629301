#include <cstdlib>

#include "sink/cassandra/cql/compress.h"
#include "sink/cassandra/cql/literal.h"
#include "sink/cassandra/cql/response.h"
#include "sink/cassandra/cql/segment.h"

namespace holdfast::cql {
namespace {

constexpr uint32_t bytes_max = 1u << 20;

void require(bool holds) {
  if (!holds) std::abort();
}

/// A message as a server sends it; rows are read to their last cell.
void frame(ByteView bytes) {
  if (bytes.size() < FrameHeader::size) return;
  const auto header = decode_header(bytes.data(), bytes_max);
  if (!header) return;
  const auto response = decode_response(*header, bytes.subspan(FrameHeader::size));
  const auto* rows = response ? std::get_if<RowsResult>(&*response) : nullptr;
  if (rows == nullptr || rows->metadata.columns.size() != rows->column_count) return;
  CellReader cells(rows->content);
  for (uint32_t row = 0; row < rows->rows; ++row)
    for (const ColumnInfo& column : rows->metadata.columns)
      static_cast<void>(literal_of(column.type, cells.next()));
}

void segments(ByteView bytes, Compression compression) {
  ByteBuffer scratch;
  while (true) {
    const auto segment = read_segment(bytes, compression, scratch);
    if (!segment || !*segment) return;
    require((*segment)->size > 0 && (*segment)->size <= bytes.size());
    require((*segment)->payload.size() <= segment_payload_max);
    bytes = bytes.subspan((*segment)->size);
  }
}

void body(ByteView bytes, Compression compression) {
  ByteBuffer plain;
  if (decompress_body(compression, bytes, bytes_max, plain)) require(plain.size() <= bytes_max);
}

/// A type, then a cell of it.
void cell(ByteView bytes) {
  Reader reader(bytes);
  const Type type = read_type(reader);
  if (!reader.good()) return;
  static_cast<void>(text_of(type));
  static_cast<void>(literal_of(type, reader.rest()));
}

/// The code of a type, then a text: what it is read as must stay the same when it is written and
/// read again.
void literal(ByteView bytes) {
  if (bytes.empty()) return;
  const Type type{.code = static_cast<TypeCode>(static_cast<uint8_t>(bytes.front()))};
  // What is written for a blob is not what is read for one.
  if (!is_scalar(type.code) || type.code == TypeCode::blob) return;
  ByteBuffer once, again;
  if (!append_literal(once, as_text(bytes.subspan(1)), type)) return;
  const auto text = literal_of(type, ByteView(once).subspan(4));
  require(text.has_value());
  const bool beyond_dates = type.code == TypeCode::date || type.code == TypeCode::timestamp;
  const Status read = append_literal(again, *text, type);
  require(beyond_dates || read.has_value());
  // One word for all that are not a number.
  if (read && text != "NaN") require(again == once);
}

}  // namespace
}  // namespace holdfast::cql

/// The first byte says what the rest is. Seeds: tests/fuzz/corpus.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace holdfast;
  using cql::Compression;
  if (size == 0) return 0;
  const ByteView bytes = std::as_bytes(std::span(data + 1, size - 1));
  switch (data[0] % 7) {
    case 0:
      cql::frame(bytes);
      break;
    case 1:
      cql::segments(bytes, Compression::none);
      break;
    case 2:
      cql::segments(bytes, Compression::lz4);
      break;
    case 3:
      cql::body(bytes, Compression::lz4);
      break;
    case 4:
      cql::body(bytes, Compression::snappy);
      break;
    case 5:
      cql::cell(bytes);
      break;
    default:
      cql::literal(bytes);
  }
  return 0;
}
