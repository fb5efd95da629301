#include "testing/simulation/records.h"

#include "record/batch_builder.h"

namespace holdfast::simulation {
namespace {

constexpr std::string_view header_name = "id";

ByteBuffer number(uint64_t value) {
  ByteBuffer bytes(8);
  store_be(bytes.data(), value);
  return bytes;
}

/// The value, then bytes and a length that follow from it.
ByteBuffer body_of(uint64_t value, uint64_t bytes_most) {
  ByteBuffer body = number(value);
  const uint64_t mixed = value * 0x9E3779B97F4A7C15u;
  const uint64_t more = (mixed >> 40) % (bytes_most + 1);
  for (uint64_t i = 0; i < more; ++i) body.push_back(static_cast<std::byte>((value + i) % 251));
  return body;
}

Result<Item> read_item(const record::RecordView& record) {
  Item item;
  if (record.key && record.key->size() == 8) item.key = load_be<uint64_t>(record.key->data());
  if (record.value) {
    if (record.value->size() < 8) return fail(ErrorCode::corrupt, "a value is too short");
    item.value = load_be<uint64_t>(record.value->data());
    for (size_t i = 8; i < record.value->size(); ++i) {
      if ((*record.value)[i] != static_cast<std::byte>((item.value + i - 8) % 251))
        return fail(ErrorCode::corrupt, "the bytes of value " + std::to_string(item.value));
    }
    return item;
  }
  item.tombstone = true;
  record::HeaderView header;
  if (auto headers = record.headers(); !headers.next(header) || header.name != header_name ||
                                       !header.value || header.value->size() != 8)
    return fail(ErrorCode::corrupt, "a tombstone without its header");
  item.value = load_be<uint64_t>(header.value->data());
  return item;
}

Result<FoundBatch> read_batch(const record::BatchView& batch) {
  if (!batch.crc_matches()) return fail(ErrorCode::corrupt, "a batch's checksum");
  FoundBatch found{
      .base_offset = batch.base_offset(),
      .last_offset = batch.last_offset(),
      .producer_id = batch.producer_id(),
      .epoch = batch.producer_epoch(),
      .transactional = batch.transactional(),
      .control = batch.control(),
      .commits = batch.control() && record::control_type(batch) == record::ControlType::commit,
      .records = {}};
  if (batch.control()) return found;
  record::Decompressor decompressor;
  ByteBuffer scratch;
  auto reader = HOLDFAST_TRY(batch.records(decompressor, scratch, 16 << 20));
  for (record::RecordView record; reader.next(record);)
    found.records.push_back({record.offset, HOLDFAST_TRY(read_item(record))});
  if (reader.damaged()) return fail(ErrorCode::corrupt, "the records of a batch");
  return found;
}

}  // namespace

ByteBuffer make_batch(const std::vector<Item>& items, const BatchOf& of,
                      uint32_t value_bytes_most) {
  record::BatchBuilder builder;
  builder.begin({.codec = of.codec,
                 .producer_id = of.producer_id,
                 .producer_epoch = of.epoch,
                 .base_sequence = of.sequence,
                 .transactional = of.transactional});
  for (const Item& item : items) {
    const ByteBuffer key = number(item.key);
    const ByteBuffer value =
        item.tombstone ? number(item.value) : body_of(item.value, value_bytes_most);
    const record::HeaderView header{header_name, ByteView(value)};
    record::NewRecord record{.timestamp_ms = of.timestamp_ms};
    if (item.key != 0) record.key = key;
    if (!item.tombstone) record.value = value;
    if (item.tombstone) record.headers = {&header, 1};
    builder.add(record);
  }
  const ByteView batch = builder.finish().value();
  return {batch.begin(), batch.end()};
}

Result<std::vector<FoundBatch>> read_batches(ByteView records) {
  std::vector<FoundBatch> found;
  while (!records.empty()) {
    const auto batch = HOLDFAST_TRY(record::BatchView::parse(records));
    found.push_back(HOLDFAST_TRY(read_batch(batch)));
    records = records.subspan(batch.size());
  }
  return found;
}

}  // namespace holdfast::simulation
