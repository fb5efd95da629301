#include "kafka/consumer.h"

#include <algorithm>

#include "base/os/clock.h"
#include "kafka/handle.h"

namespace holdfast::kafka {
namespace {

constexpr size_t partitions_max = 10'000;
constexpr size_t chunk_messages = 1'000;  // between two looks at the byte bound
constexpr int wake_wait_ms = 100;

Conf conf_from(const ConsumerSettings& settings) {
  Conf conf;
  conf.set("isolation.level", settings.read_committed ? "read_committed" : "read_uncommitted")
      .set("enable.partition.eof", settings.end_events ? "true" : "false")
      .set("fetch.wait.max.ms", settings.fetch_wait_max_ms)
      .set("fetch.min.bytes", settings.fetch_min_bytes)
      .set("fetch.max.bytes", settings.fetch_bytes_max)
      .set("message.max.bytes", std::min(settings.fetch_bytes_max, 1'000'000))
      .set("fetch.message.max.bytes", settings.partition_fetch_bytes_max)
      .set("fetch.error.backoff.ms", 100)
      .set("topic.metadata.refresh.interval.ms", 10'000)
      .set("queued.min.messages", settings.prefetch_messages)
      .set("queued.max.messages.kbytes", settings.prefetch_kbytes_max)
      .set("check.crcs", "true")
      .set("enable.auto.commit", "false")
      .set("enable.auto.offset.store", "false")
      .set("auto.offset.reset", "error")
      .set("allow.auto.create.topics", "false");
  return conf;
}

PartitionEvent to_event(const rd_kafka_message_t& message) {
  PartitionEvent event{.topic = message.rkt != nullptr ? rd_kafka_topic_name(message.rkt) : "",
                       .partition = message.partition,
                       .offset = message.offset};
  if (message.err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
    event.kind = PartitionEvent::Kind::end_of_partition;
  } else if (message.err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET ||
             message.err == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE) {
    event.kind = PartitionEvent::Kind::offset_out_of_range;
    event.error = {ErrorCode::not_found, rd_kafka_message_errstr(&message)};
  } else {
    event.error = {to_code(message.err), rd_kafka_message_errstr(&message)};
  }
  return event;
}

}  // namespace

struct Consumer::Impl {
  struct Started {
    std::string topic;
    int32_t partition = 0;
    Owned<rd_kafka_topic_t> handle;
  };

  std::shared_ptr<Handle> handle;
  Owned<rd_kafka_queue_t> queue;  // all partitions deliver here
  std::vector<Started> started;
  std::vector<rd_kafka_message_t*> chunk;
  size_t prefetch_messages = 0;
  size_t prefetch_bytes = 0;
  bool was_full = false;  // the queue had come near a bound, and nobody has looked since

  rd_kafka_t* rk() const { return handle->get(); }
  void wake_fetcher(const MessageBatch& batch);
  Started* find(const std::string& topic, int32_t partition);
  Status start(const Assignment& partition);
  void stop_all();
  void take(MessageBatch& batch, size_t count);
  Status set_paused(const TopicPartition& partition, bool paused);
};

Result<std::unique_ptr<Consumer>> Consumer::create(const ClientSettings& client, const ConsumerSettings& settings) {
  auto impl = std::make_unique<Impl>();
  impl->handle = HOLDFAST_TRY(Handle::open(RD_KAFKA_CONSUMER, client, conf_from(settings), nullptr));
  impl->queue.reset(rd_kafka_queue_new(impl->rk()));
  impl->prefetch_messages = static_cast<size_t>(settings.prefetch_messages);
  impl->prefetch_bytes = static_cast<size_t>(settings.prefetch_kbytes_max) << 10;
  return std::unique_ptr<Consumer>(new Consumer(std::move(impl)));
}

Consumer::Consumer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Consumer::~Consumer() {
  impl_->stop_all();
  impl_->queue.reset();
}

Consumer::Impl::Started* Consumer::Impl::find(const std::string& topic, int32_t partition) {
  for (Started& one : started)
    if (one.partition == partition && one.topic == topic) return &one;
  return nullptr;
}

Status Consumer::Impl::start(const Assignment& partition) {
  Started one{partition.topic, partition.partition,
              Owned<rd_kafka_topic_t>(rd_kafka_topic_new(rk(), partition.topic.c_str(), nullptr))};
  if (!one.handle) return fail_with(rd_kafka_last_error(), "cannot read topic " + partition.topic);
  if (rd_kafka_consume_start_queue(one.handle.get(), partition.partition, partition.offset, queue.get()) != 0)
    return fail_with(rd_kafka_last_error(), "cannot read topic " + partition.topic);
  started.push_back(std::move(one));
  return {};
}

void Consumer::Impl::stop_all() {
  for (Started& one : started) rd_kafka_consume_stop(one.handle.get(), one.partition);
  started.clear();
}

Status Consumer::assign(std::span<const Assignment> partitions) {
  if (partitions.size() > partitions_max) return fail(ErrorCode::limit, "too many partitions for one consumer");
  impl_->stop_all();
  impl_->queue.reset(rd_kafka_queue_new(impl_->rk()));  // with it goes what was fetched
  for (const Assignment& partition : partitions) {
    if (impl_->find(partition.topic, partition.partition) != nullptr)
      return fail(ErrorCode::invalid, "a partition is assigned twice: " + partition.topic);
    HOLDFAST_CHECKED(impl_->start(partition));
  }
  return {};
}

Status Consumer::seek(const Assignment& partition) {
  if (Impl::Started* one = impl_->find(partition.topic, partition.partition)) {
    rd_kafka_consume_stop(one->handle.get(), one->partition);
    std::swap(*one, impl_->started.back());
    impl_->started.pop_back();
  } else if (impl_->started.size() >= partitions_max) {
    return fail(ErrorCode::limit, "too many partitions for one consumer");
  }
  return impl_->start(partition);
}

void Consumer::Impl::take(MessageBatch& batch, size_t count) {
  rd_kafka_topic_t* last_topic = nullptr;
  std::string_view last_name;
  bool alive = false;
  for (size_t i = 0; i < count; ++i) {
    rd_kafka_message_t* const raw = chunk[i];
    if (raw->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      batch.events_.push_back(to_event(*raw));
      alive |= raw->err == RD_KAFKA_RESP_ERR__PARTITION_EOF;
      rd_kafka_message_destroy(raw);
      continue;
    }
    if (raw->rkt != last_topic) {
      last_topic = raw->rkt;
      last_name = rd_kafka_topic_name(raw->rkt);
    }
    Message& message = batch.messages_.emplace_back();
    message.topic = last_name;
    message.partition = raw->partition;
    message.offset = raw->offset;
    if (raw->key != nullptr) message.key.emplace(static_cast<const std::byte*>(raw->key), raw->key_len);
    if (raw->payload != nullptr) message.value.emplace(static_cast<const std::byte*>(raw->payload), raw->len);
    message.raw_ = raw;
    batch.owned_.push_back(raw);
    batch.bytes_ += raw->key_len + raw->len;
    alive = true;
  }
  if (alive) handle->observer().clear_trouble();
}

/// Where a full queue kept librdkafka from fetching, it looks again only once a second (newer versions have
/// fetch.queue.backoff.ms for it): a fast reader would stand still with an empty queue. Any request makes the thread look that fetches.
void Consumer::Impl::wake_fetcher(const MessageBatch& batch) {
  if (batch.messages_.empty() || started.empty()) return;
  const size_t waiting = rd_kafka_queue_length(queue.get());
  const size_t waiting_bytes = waiting * (batch.bytes_ / batch.messages_.size());
  if (waiting > prefetch_messages / 2 || waiting_bytes > prefetch_bytes / 2) {
    was_full = true;
  } else if (was_full) {
    was_full = false;
    const Message& last = batch.messages_.back();
    int64_t low = 0;
    int64_t high = 0;
    static_cast<void>(rd_kafka_query_watermark_offsets(rk(), std::string(last.topic).c_str(), last.partition,
                                                       &low, &high, wake_wait_ms));
  }
}

Result<MessageBatch> Consumer::poll(const PollLimits& limits) {
  MessageBatch batch;
  batch.client_ = impl_->handle;
  rd_kafka_poll(impl_->rk(), 0);  // lets errors in
  const auto take_chunk = [&](size_t want) {
    impl_->chunk.resize(want);
    const ssize_t got = rd_kafka_consume_batch_queue(impl_->queue.get(), 0, impl_->chunk.data(), want);
    if (got > 0) impl_->take(batch, static_cast<size_t>(got));
    return got > 0 ? static_cast<size_t>(got) : size_t{0};
  };
  const auto room = [&] { return limits.messages_max - std::min(limits.messages_max, batch.messages_.size()); };
  if (room() == 0) return batch;

  // librdkafka's batch call waits until the batch is full; so the first message is waited for alone.
  if (take_chunk(std::min(chunk_messages, room())) == 0) {
    impl_->chunk.assign(1, rd_kafka_consume_queue(impl_->queue.get(), std::max(0, limits.timeout_ms)));
    if (impl_->chunk.front() == nullptr) return batch;
    impl_->take(batch, 1);
  }
  while (room() > 0 && batch.bytes_ < limits.bytes_max)
    if (take_chunk(std::min(chunk_messages, room())) == 0) break;
  impl_->wake_fetcher(batch);
  return batch;
}

Status Consumer::Impl::set_paused(const TopicPartition& partition, bool paused) {
  const Owned<rd_kafka_topic_partition_list_t> list(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_t* const entry =
      rd_kafka_topic_partition_list_add(list.get(), partition.topic.c_str(), partition.partition);
  const auto error =
      paused ? rd_kafka_pause_partitions(rk(), list.get()) : rd_kafka_resume_partitions(rk(), list.get());
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return fail_with(error, "cannot pause or resume " + partition.topic);
  if (entry->err != RD_KAFKA_RESP_ERR_NO_ERROR) return fail_with(entry->err, "cannot pause or resume " + partition.topic);
  return {};
}

Status Consumer::pause(const TopicPartition& partition) { return impl_->set_paused(partition, true); }
Status Consumer::resume(const TopicPartition& partition) { return impl_->set_paused(partition, false); }

Result<Watermarks> Consumer::watermarks(const TopicPartition& partition, int timeout_ms) {
  const int64_t until_ms = os::real_clock().steady_ms() + timeout_ms;
  for (;;) {
    const int64_t left_ms = std::max<int64_t>(1, until_ms - os::real_clock().steady_ms());
    Watermarks found;
    const auto error = rd_kafka_query_watermark_offsets(impl_->rk(), partition.topic.c_str(), partition.partition,
                                                        &found.low, &found.high, static_cast<int>(left_ms));
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return found;
    if (!worth_asking_again(error, until_ms)) return fail_with(error, "no watermarks of topic " + partition.topic);
  }
}

std::optional<Error> Consumer::trouble() const { return impl_->handle->observer().trouble(); }

}  // namespace holdfast::kafka
