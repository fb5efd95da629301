#include <cstddef>
#include <cstdint>

#include "record/batch.h"
#include "record/batch_builder.h"

/// Arbitrary bytes as a client's batch: judged, walked, decompressed. The CRC is made right first, or nothing behind it
/// would ever be reached.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace holdfast;
  static record::Decompressor decompressor;
  static ByteBuffer scratch;
  const auto* begin = reinterpret_cast<const std::byte*>(data);
  ByteBuffer bytes(begin, begin + size);
  if (const auto batch = record::BatchView::parse(bytes))
    record::set_log_append_time(MutableBytes(bytes).first(batch->size()), batch->max_timestamp_ms());
  const auto fault = record::validate_client_batch(
      bytes, {.keys_required = true, .decompressor = &decompressor, .scratch = &scratch, .unpacked_bytes_max = 1 << 20});
  const auto batch = record::BatchView::parse(bytes);
  if (!batch) return fault == record::BatchFault::none ? (__builtin_trap(), 0) : 0;
  static_cast<void>(record::control_type(*batch));
  auto records = batch->records(decompressor, scratch, 1 << 20);
  if (!records) return 0;
  int32_t count = 0;
  for (record::RecordView one; records->next(one); ++count) {
    auto headers = one.headers();
    for (record::HeaderView header; headers.next(header);) {
    }
  }
  // A batch found fit has as many records as it says, unless one is broken inside, which only the full walk sees.
  if (fault == record::BatchFault::none && !records->damaged() && count != batch->record_count()) __builtin_trap();
  return 0;
}
