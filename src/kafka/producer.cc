#include "kafka/producer.h"

#include <algorithm>

#include "base/check.h"
#include "kafka/producer_impl.h"

namespace holdfast::kafka {
namespace {

/// A pointer that is not null, for values of no bytes: librdkafka takes null for "no value".
void* non_null(ByteView bytes) {
  static std::byte nowhere{};
  return bytes.data() != nullptr ? const_cast<std::byte*>(bytes.data()) : &nowhere;
}

/// Sending the same message again would be refused again.
bool is_rejection(rd_kafka_resp_err_t error) {
  switch (error) {
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
      return false;  // may be made yet
    case RD_KAFKA_RESP_ERR__BAD_MSG:
    case RD_KAFKA_RESP_ERR_INVALID_MSG:
      return false;  // damaged on its way
    default:
      return to_code(error) == ErrorCode::invalid;
  }
}

Delivery to_delivery(const rd_kafka_message_t& message) {
  Delivery delivery{.token = reinterpret_cast<uintptr_t>(message._private),
                    .partition = message.partition};
  if (message.err == RD_KAFKA_RESP_ERR_NO_ERROR) {
    delivery.outcome = DeliveryOutcome::delivered;
    delivery.offset = message.offset;
    return delivery;
  }
  delivery.cause = rd_kafka_err2str(message.err);
  switch (rd_kafka_message_status(&message)) {
    case RD_KAFKA_MSG_STATUS_NOT_PERSISTED:
      delivery.outcome =
          is_rejection(message.err) ? DeliveryOutcome::rejected : DeliveryOutcome::unavailable;
      break;
    // An error with the status "persisted" is a contradiction; only an offset makes an
    // acknowledgement.
    case RD_KAFKA_MSG_STATUS_PERSISTED:
    case RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED:
      delivery.outcome = DeliveryOutcome::unknown;
      break;
  }
  return delivery;
}

void on_delivery(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
  auto& impl = *static_cast<std::vector<Delivery>*>(Handle::from(opaque).opaque());
  impl.push_back(to_delivery(*message));
}

Conf conf_from(const ProducerSettings& settings) {
  Conf conf;
  const int32_t delivery_ms =
      settings.transactional_id.empty()
          ? settings.delivery_timeout_ms
          : std::min(settings.delivery_timeout_ms, settings.transaction_timeout_ms);
  conf.set("enable.idempotence", settings.idempotent ? "true" : "false")
      .set("acks", "all")
      .set("linger.ms", std::to_string(settings.linger_ms))
      .set("batch.size", settings.batch_bytes)
      .set("batch.num.messages", settings.batch_messages)
      .set("message.max.bytes", std::max(settings.batch_bytes, settings.message_bytes_max))
      .set("compression.type", settings.compression)
      .set("message.timeout.ms", delivery_ms)
      .set("request.timeout.ms", std::min(delivery_ms, 30'000))
      .set("queue.buffering.max.messages", settings.queue_messages_max)
      .set("queue.buffering.max.kbytes", std::max(1, settings.queue_bytes_max >> 10))
      .set("partitioner", "murmur2_random");
  if (!settings.transactional_id.empty())
    conf.set("transactional.id", settings.transactional_id)
        .set("transaction.timeout.ms", settings.transaction_timeout_ms);
  rd_kafka_conf_set_dr_msg_cb(conf.raw(), on_delivery);
  return conf;
}

Owned<rd_kafka_headers_t> copy_headers(std::span<const HeaderView> headers) {
  if (headers.empty()) return nullptr;
  Owned<rd_kafka_headers_t> copy(rd_kafka_headers_new(headers.size()));
  for (const HeaderView& header : headers) {
    const void* value = header.value ? non_null(*header.value) : nullptr;
    const auto size = header.value ? static_cast<ssize_t>(header.value->size()) : 0;
    rd_kafka_header_add(copy.get(), header.name.data() != nullptr ? header.name.data() : "",
                        static_cast<ssize_t>(header.name.size()), value, size);
  }
  return copy;
}

}  // namespace

const char* name(DeliveryOutcome outcome) {
  switch (outcome) {
    case DeliveryOutcome::delivered:
      return "delivered";
    case DeliveryOutcome::unavailable:
      return "unavailable";
    case DeliveryOutcome::rejected:
      return "rejected";
    case DeliveryOutcome::unknown:
      return "unknown";
  }
  return "?";
}

Result<std::unique_ptr<Producer>> Producer::create(const ClientSettings& client,
                                                   const ProducerSettings& settings) {
  auto impl = std::make_unique<Impl>();
  impl->handle =
      HOLDFAST_TRY(Handle::open(RD_KAFKA_PRODUCER, client, conf_from(settings), &impl->arrived));
  return std::unique_ptr<Producer>(new Producer(std::move(impl)));
}

Producer::Producer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Producer::~Producer() {
  rd_kafka_purge(impl_->rk(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT |
                                  RD_KAFKA_PURGE_F_NON_BLOCKING);
  impl_->topics.clear();
}

rd_kafka_topic_t* Producer::Impl::topic_handle(std::string_view topic) {
  if (last_topic < topics.size() && topics[last_topic].name == topic) [[likely]]
    return topics[last_topic].handle.get();
  for (last_topic = 0; last_topic < topics.size(); ++last_topic)
    if (topics[last_topic].name == topic) return topics[last_topic].handle.get();
  std::string text(topic);
  Owned<rd_kafka_topic_t> made(rd_kafka_topic_new(rk(), text.c_str(), nullptr));
  if (!made) return nullptr;
  topics.push_back({std::move(text), std::move(made)});
  return topics.back().handle.get();
}

Status Producer::send(std::string_view topic, const OutMessage& message) {
  rd_kafka_topic_t* const to = impl_->topic_handle(topic);
  if (to == nullptr)
    return fail_with(rd_kafka_last_error(), "cannot send to topic " + std::string(topic));
  Owned<rd_kafka_headers_t> headers = copy_headers(message.headers);
  // rd_kafka_produceva instead of the variadic call: the same work, but the arguments are typed.
  rd_kafka_vu_t fields[8];
  size_t count = 0;
  const auto field = [&](rd_kafka_vtype_t type) -> auto& {
    fields[count].vtype = type;
    return fields[count++].u;
  };
  field(RD_KAFKA_VTYPE_RKT).rkt = to;
  field(RD_KAFKA_VTYPE_PARTITION).i32 =
      message.partition < 0 ? RD_KAFKA_PARTITION_UA : message.partition;
  field(RD_KAFKA_VTYPE_MSGFLAGS).i = message.value_pinned ? 0 : RD_KAFKA_MSG_F_COPY;
  field(RD_KAFKA_VTYPE_OPAQUE).ptr = reinterpret_cast<void*>(message.token);
  if (message.timestamp_ms != 0) field(RD_KAFKA_VTYPE_TIMESTAMP).i64 = message.timestamp_ms;
  if (message.value) {
    auto& value = field(RD_KAFKA_VTYPE_VALUE);
    value.mem.ptr = non_null(*message.value);
    value.mem.size = message.value->size();
  }
  if (message.key) {
    auto& key = field(RD_KAFKA_VTYPE_KEY);
    key.mem.ptr = non_null(*message.key);
    key.mem.size = message.key->size();
  }
  if (headers) field(RD_KAFKA_VTYPE_HEADERS).headers = headers.get();

  const Owned<rd_kafka_error_t> error(rd_kafka_produceva(impl_->rk(), fields, count));
  if (!error) [[likely]] {
    static_cast<void>(headers.release());  // the message's now
    ++impl_->in_flight;
    return {};
  }
  const rd_kafka_resp_err_t code = rd_kafka_error_code(error.get());
  if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL)
    return fail(ErrorCode::limit, "the producer's queue is full");
  if (auto fatal_error = fatal()) return std::unexpected(std::move(*fatal_error));
  return fail(to_code(code), rd_kafka_error_string(error.get()));
}

std::span<const Delivery> Producer::Impl::hand_over() {
  handed.clear();
  std::swap(handed, arrived);
  HOLDFAST_CHECK(handed.size() <= in_flight);
  in_flight -= handed.size();
  return handed;
}

std::span<const Delivery> Producer::poll(int timeout_ms) {
  // Other events (errors) end a wait as well; that is no harm.
  rd_kafka_poll(impl_->rk(), impl_->arrived.empty() ? timeout_ms : 0);
  return impl_->hand_over();
}

std::span<const Delivery> Producer::flush(int timeout_ms) {
  rd_kafka_flush(impl_->rk(), timeout_ms);
  return impl_->hand_over();
}

size_t Producer::in_flight() const {
  return impl_->in_flight;
}

std::optional<Error> Producer::fatal() const {
  char why[512];
  const rd_kafka_resp_err_t code = rd_kafka_fatal_error(impl_->rk(), why, sizeof why);
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  const bool fenced = to_code(code) == ErrorCode::fenced;
  return Error{fenced ? ErrorCode::fenced : ErrorCode::unknown_outcome,
               std::string("kafka producer ended: ") + why};
}

}  // namespace holdfast::kafka
