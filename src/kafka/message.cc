#include <algorithm>

#include "base/check.h"
#include "kafka/consumer.h"
#include "kafka/handle.h"

namespace holdfast::kafka {
namespace {
rd_kafka_message_t* raw_message(void* raw) { return static_cast<rd_kafka_message_t*>(raw); }
}  // namespace

MessageBatch::MessageBatch() = default;

MessageBatch::~MessageBatch() {
  for (void* raw : owned_) rd_kafka_message_destroy(raw_message(raw));
}

MessageBatch::MessageBatch(MessageBatch&& other) noexcept = default;

MessageBatch& MessageBatch::operator=(MessageBatch&& other) noexcept {
  std::swap(client_, other.client_);
  std::swap(messages_, other.messages_);
  std::swap(events_, other.events_);
  std::swap(owned_, other.owned_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

void MessageBatch::append(MessageBatch&& other) {
  if (!client_) client_ = other.client_;
  HOLDFAST_CHECK(!other.client_ || client_ == other.client_);
  messages_.insert(messages_.end(), other.messages_.begin(), other.messages_.end());
  owned_.insert(owned_.end(), other.owned_.begin(), other.owned_.end());
  std::move(other.events_.begin(), other.events_.end(), std::back_inserter(events_));
  bytes_ += other.bytes_;
  other.messages_.clear();
  other.owned_.clear();
  other.events_.clear();
  other.bytes_ = 0;
}

void MessageBatch::keep_last(size_t count) {
  if (messages_.size() <= count) return;
  const size_t surplus = messages_.size() - count;
  for (size_t i = 0; i < surplus; ++i) {
    const rd_kafka_message_t* const raw = raw_message(owned_[i]);
    bytes_ -= raw->key_len + raw->len;
    rd_kafka_message_destroy(raw_message(owned_[i]));
  }
  owned_.erase(owned_.begin(), owned_.begin() + static_cast<ptrdiff_t>(surplus));
  messages_.erase(messages_.begin(), messages_.begin() + static_cast<ptrdiff_t>(surplus));
}

int64_t Message::timestamp_ms() const {
  rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
  return rd_kafka_message_timestamp(raw_message(raw_), &type);
}

void Message::read_headers(std::vector<HeaderView>& headers) const {
  headers.clear();
  rd_kafka_headers_t* all = nullptr;
  if (rd_kafka_message_headers(raw_message(raw_), &all) != RD_KAFKA_RESP_ERR_NO_ERROR) return;
  const char* header_name = nullptr;
  const void* bytes = nullptr;
  size_t size = 0;
  for (size_t i = 0; rd_kafka_header_get_all(all, i, &header_name, &bytes, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; ++i) {
    HeaderView& header = headers.emplace_back();
    header.name = header_name;
    if (bytes != nullptr) header.value.emplace(static_cast<const std::byte*>(bytes), size);
  }
}

bool Message::header(const char* header_name, ByteView& value_out) const {
  rd_kafka_headers_t* all = nullptr;
  if (rd_kafka_message_headers(raw_message(raw_), &all) != RD_KAFKA_RESP_ERR_NO_ERROR) return false;
  const void* bytes = nullptr;
  size_t size = 0;
  if (rd_kafka_header_get_last(all, header_name, &bytes, &size) != RD_KAFKA_RESP_ERR_NO_ERROR) return false;
  value_out = ByteView(static_cast<const std::byte*>(bytes), bytes == nullptr ? 0 : size);
  return true;
}

}  // namespace holdfast::kafka
