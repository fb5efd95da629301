#include "kafka/admin.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "base/os/clock.h"
#include "kafka/handle.h"

namespace holdfast::kafka {
namespace {

constexpr int probe_ms = 1000;       // of one attempt to reach a broker
constexpr int between_looks_ms = 20;  // while metadata are not there yet

class Deadline {
 public:
  explicit Deadline(int timeout_ms) : until_ms_(os::real_clock().steady_ms() + timeout_ms) {}
  int left_ms() const {
    return static_cast<int>(std::clamp<int64_t>(until_ms_ - os::real_clock().steady_ms(), 0, INT32_MAX));
  }
  bool over() const { return left_ms() == 0; }

 private:
  int64_t until_ms_;
};

struct Metadata {
  const rd_kafka_metadata_t* raw = nullptr;
  Metadata() = default;
  Metadata(const Metadata&) = delete;
  Metadata& operator=(const Metadata&) = delete;
  ~Metadata() {
    if (raw != nullptr) rd_kafka_metadata_destroy(raw);
  }
};

/// What one topic's answer in a CreateTopics or DeleteTopics result says.
Status judge(const rd_kafka_topic_result_t* const* results, size_t count) {
  if (count != 1) return fail(ErrorCode::unavailable, "the broker's answer names no topic");
  const rd_kafka_resp_err_t error = rd_kafka_topic_result_error(results[0]);
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  const char* why = rd_kafka_topic_result_error_string(results[0]);
  return fail(to_code(error), std::string("topic ") + rd_kafka_topic_result_name(results[0]) + ": " +
                                  (why != nullptr ? why : rd_kafka_err2str(error)));
}

}  // namespace

struct Admin::Impl {
  ClientSettings client;
  std::unique_ptr<Handle> handle;
  std::unique_ptr<Handle> uncommitted;  // once asked for
  rd_kafka_t* rk() const { return handle->get(); }
  Result<rd_kafka_t*> rk(Isolation isolation);

  Owned<rd_kafka_AdminOptions_t> options(rd_kafka_admin_op_t operation, const Deadline& deadline) const;
  Result<Owned<rd_kafka_event_t>> wait_for_answer(rd_kafka_queue_t* queue, const Deadline& deadline) const;
  Result<std::vector<TopicInfo>> look(const std::string* only, int timeout_ms) const;
  Status wait_for_topic(const std::string& topic, const Deadline& deadline) const;
};

namespace {

/// A consumer's, because offsets are asked for with its isolation level.
Result<std::unique_ptr<Handle>> open_handle(const ClientSettings& client, Isolation isolation) {
  Conf conf;
  conf.set("isolation.level", isolation == Isolation::read_committed ? "read_committed" : "read_uncommitted")
      .set("allow.auto.create.topics", "false");
  return Handle::open(RD_KAFKA_CONSUMER, client, std::move(conf), nullptr);
}

}  // namespace

Result<std::unique_ptr<Admin>> Admin::create(const ClientSettings& client) {
  auto impl = std::make_unique<Impl>();
  impl->client = client;
  impl->handle = HOLDFAST_TRY(open_handle(client, Isolation::read_committed));
  return std::unique_ptr<Admin>(new Admin(std::move(impl)));
}

Result<rd_kafka_t*> Admin::Impl::rk(Isolation isolation) {
  if (isolation == Isolation::read_committed) return rk();
  if (!uncommitted) uncommitted = HOLDFAST_TRY(open_handle(client, isolation));
  return uncommitted->get();
}

Admin::Admin(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Admin::~Admin() = default;

Owned<rd_kafka_AdminOptions_t> Admin::Impl::options(rd_kafka_admin_op_t operation, const Deadline& deadline) const {
  Owned<rd_kafka_AdminOptions_t> made(rd_kafka_AdminOptions_new(rk(), operation));
  const int timeout_ms = std::max(1, deadline.left_ms());
  char why[256];
  rd_kafka_AdminOptions_set_request_timeout(made.get(), timeout_ms, why, sizeof why);
  rd_kafka_AdminOptions_set_operation_timeout(made.get(), timeout_ms, why, sizeof why);
  return made;
}

Result<Owned<rd_kafka_event_t>> Admin::Impl::wait_for_answer(rd_kafka_queue_t* queue, const Deadline& deadline) const {
  // librdkafka keeps to the time-out itself and then answers; the second more is for that answer.
  Owned<rd_kafka_event_t> event(rd_kafka_queue_poll(queue, deadline.left_ms() + 1000));
  if (!event) return fail(ErrorCode::timeout, "no answer from the broker");
  const rd_kafka_resp_err_t error = rd_kafka_event_error(event.get());
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
    return fail(to_code(error), std::string("the broker's answer: ") + rd_kafka_event_error_string(event.get()));
  return event;
}

Status Admin::wait_for_broker(int timeout_ms) {
  const Deadline deadline(timeout_ms);
  std::string why = "no attempt was made";
  while (!deadline.over()) {
    const auto seen = impl_->look(nullptr, std::min(deadline.left_ms(), probe_ms));
    if (seen) return {};
    why = seen.error().message;
    std::this_thread::sleep_for(std::chrono::milliseconds(std::min(between_looks_ms, deadline.left_ms())));  // tidy: sleep, because nothing tells when a broker comes back; bounded by the deadline
  }
  return fail(ErrorCode::timeout, "no Kafka broker answers: " + why);
}

Result<std::vector<TopicInfo>> Admin::Impl::look(const std::string* only, int timeout_ms) const {
  rd_kafka_poll(rk(), 0);
  Owned<rd_kafka_topic_t> topic(only != nullptr ? rd_kafka_topic_new(rk(), only->c_str(), nullptr) : nullptr);
  if (only != nullptr && !topic) return fail_with(rd_kafka_last_error(), "topic " + *only);
  Metadata metadata;
  const auto error = rd_kafka_metadata(rk(), topic ? 0 : 1, topic.get(), &metadata.raw, std::max(1, timeout_ms));
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return fail_with(error, "cannot get metadata");
  std::vector<TopicInfo> found;
  for (int i = 0; i < metadata.raw->topic_cnt; ++i) {
    const rd_kafka_metadata_topic_t& one = metadata.raw->topics[i];
    if (one.err != RD_KAFKA_RESP_ERR_NO_ERROR && one.partition_cnt == 0) {
      if (only != nullptr) return fail_with(one.err, "topic " + *only);
      continue;
    }
    found.push_back({one.topic, one.partition_cnt});
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return found;
}

Status Admin::Impl::wait_for_topic(const std::string& topic, const Deadline& deadline) const {
  do {
    const auto seen = look(&topic, deadline.left_ms());
    if (seen && !seen->empty() && seen->front().partitions > 0) return {};
    std::this_thread::sleep_for(std::chrono::milliseconds(between_looks_ms));  // tidy: sleep, because nothing tells when a broker comes back; bounded by the deadline
  } while (!deadline.over());
  return fail(ErrorCode::timeout, "topic " + topic + " was made but is not to be seen yet");
}

Status Admin::create_topic(const NewTopic& topic, int timeout_ms) {
  const Deadline deadline(timeout_ms);
  char why[512];
  const Owned<rd_kafka_NewTopic_t> made(
      rd_kafka_NewTopic_new(topic.name.c_str(), topic.partitions, topic.replication_factor, why, sizeof why));
  if (!made) return fail(ErrorCode::invalid, "topic " + topic.name + ": " + why);
  for (const auto& [key, value] : topic.configs)
    if (rd_kafka_NewTopic_set_config(made.get(), key.c_str(), value.c_str()) != RD_KAFKA_RESP_ERR_NO_ERROR)
      return fail(ErrorCode::invalid, "topic " + topic.name + ": bad setting " + key);
  const Owned<rd_kafka_queue_t> queue(rd_kafka_queue_new(impl_->rk()));
  const auto options = impl_->options(RD_KAFKA_ADMIN_OP_CREATETOPICS, deadline);
  rd_kafka_NewTopic_t* topics[] = {made.get()};
  rd_kafka_CreateTopics(impl_->rk(), topics, 1, options.get(), queue.get());
  const auto event = HOLDFAST_TRY(impl_->wait_for_answer(queue.get(), deadline));
  size_t count = 0;
  const auto* results = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event.get()), &count);
  HOLDFAST_CHECKED(judge(results, count));
  return impl_->wait_for_topic(topic.name, deadline);
}

Status Admin::ensure_topic(const NewTopic& topic, int timeout_ms) {
  const auto made = create_topic(topic, timeout_ms);
  if (!made && made.error().code == ErrorCode::exists) return {};
  return made;
}

Status Admin::delete_topic(const std::string& topic, int timeout_ms) {
  const Deadline deadline(timeout_ms);
  const Owned<rd_kafka_DeleteTopic_t> unwanted(rd_kafka_DeleteTopic_new(topic.c_str()));
  const Owned<rd_kafka_queue_t> queue(rd_kafka_queue_new(impl_->rk()));
  const auto options = impl_->options(RD_KAFKA_ADMIN_OP_DELETETOPICS, deadline);
  rd_kafka_DeleteTopic_t* topics[] = {unwanted.get()};
  rd_kafka_DeleteTopics(impl_->rk(), topics, 1, options.get(), queue.get());
  const auto event = HOLDFAST_TRY(impl_->wait_for_answer(queue.get(), deadline));
  size_t count = 0;
  const auto* results = rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event.get()), &count);
  return judge(results, count);
}

Result<std::vector<TopicInfo>> Admin::topics(int timeout_ms) { return impl_->look(nullptr, timeout_ms); }

Result<TopicInfo> Admin::topic(const std::string& topic, int timeout_ms) {
  auto found = HOLDFAST_TRY(impl_->look(&topic, timeout_ms));
  if (found.empty()) return fail(ErrorCode::not_found, "there is no topic " + topic);
  return std::move(found.front());
}

namespace {

Result<std::vector<int64_t>> ask_offsets(rd_kafka_t* rk, std::span<const TopicPartition> partitions, int64_t place,
                                         int64_t until_ms) {
  const Owned<rd_kafka_topic_partition_list_t> list(
      rd_kafka_topic_partition_list_new(static_cast<int>(partitions.size())));
  for (const TopicPartition& one : partitions)
    rd_kafka_topic_partition_list_add(list.get(), one.topic.c_str(), one.partition);
  rd_kafka_resp_err_t error;
  do {
    for (int i = 0; i < list->cnt; ++i) list->elems[i].offset = place;
    const int64_t left_ms = std::max<int64_t>(1, until_ms - os::real_clock().steady_ms());
    error = rd_kafka_offsets_for_times(rk, list.get(), static_cast<int>(left_ms));
    for (int i = 0; i < list->cnt && error == RD_KAFKA_RESP_ERR_NO_ERROR; ++i) error = list->elems[i].err;
  } while (error != RD_KAFKA_RESP_ERR_NO_ERROR && worth_asking_again(error, until_ms));
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return fail_with(error, "cannot ask for offsets");
  // librdkafka may give the list back in another order.
  std::vector<int64_t> found;
  for (const TopicPartition& one : partitions) {
    const auto* entry = rd_kafka_topic_partition_list_find(list.get(), one.topic.c_str(), one.partition);
    if (entry == nullptr) return fail(ErrorCode::not_found, "no offsets of topic " + one.topic);
    found.push_back(entry->offset);
  }
  return found;
}

}  // namespace

Result<std::vector<Watermarks>> Admin::watermarks(std::span<const TopicPartition> partitions, int timeout_ms,
                                                  Isolation isolation) {
  if (partitions.empty()) return std::vector<Watermarks>{};
  rd_kafka_t* const rk = HOLDFAST_TRY(impl_->rk(isolation));
  const int64_t until_ms = os::real_clock().steady_ms() + timeout_ms;
  const auto low = HOLDFAST_TRY(ask_offsets(rk, partitions, offset_beginning, until_ms));
  const auto high = HOLDFAST_TRY(ask_offsets(rk, partitions, offset_end, until_ms));
  std::vector<Watermarks> found;
  for (size_t i = 0; i < partitions.size(); ++i) found.push_back({low[i], high[i]});
  return found;
}

}  // namespace holdfast::kafka
