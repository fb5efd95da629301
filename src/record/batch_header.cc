#include "record/batch_header.h"

#include "base/check.h"
#include "base/crc32c.h"
#include "record/batch.h"

namespace holdfast::record::header {

void seal(MutableBytes batch) {
  HOLDFAST_CHECK(batch.size() >= batch_header_bytes);
  store_be(batch.data() + length, static_cast<int32_t>(batch.size() - batch_prefix_bytes));
  store_be<uint32_t>(batch.data() + crc, crc32c(batch.subspan(attributes)));
}

}  // namespace holdfast::record::header
