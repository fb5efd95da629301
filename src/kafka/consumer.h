#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "kafka/settings.h"
#include "record/record_reader.h"

namespace holdfast::kafka {

using record::HeaderView;

/// Places in a partition that have no number yet.
inline constexpr int64_t offset_beginning = -2;
inline constexpr int64_t offset_end = -1;

struct TopicPartition {
  std::string topic;
  int32_t partition = 0;
  auto operator<=>(const TopicPartition&) const = default;
};

struct Assignment {
  std::string topic;
  int32_t partition = 0;
  int64_t offset = offset_beginning;  // of the first message to read
};

struct Watermarks {
  int64_t low = 0;   // the oldest offset kept
  int64_t high = 0;  // behind the last readable message; with read_committed the last stable offset
};

struct ConsumerSettings {
  bool read_committed = true;
  /// Ask for each partition's end to be told (PartitionEvent::Kind::end_of_partition), each time it is reached.
  bool end_events = true;
  /// The broker waits so long for `fetch_min_bytes`.
  int32_t fetch_wait_max_ms = 100;
  int32_t fetch_min_bytes = 1;
  int32_t fetch_bytes_max = 2 << 20;            // of one answer, as it comes: compressed
  int32_t partition_fetch_bytes_max = 1 << 20;  // of one partition in it
  /// What is fetched ahead and waits in the consumer, all partitions together: no fetch is begun above either.
  int32_t prefetch_kbytes_max = 40 << 10;
  int32_t prefetch_messages = 60'000;
};

/// A consumed message. Views belong to the MessageBatch.
class Message {
 public:
  std::string_view topic;
  int32_t partition = -1;
  int64_t offset = -1;
  std::optional<ByteView> key;
  std::optional<ByteView> value;

  int64_t timestamp_ms() const;
  /// Replaces the contents of `headers`. Costs about 50 ns a header the first time.
  void read_headers(std::vector<HeaderView>& headers) const;
  /// The last header of that name; false when there is none. Header values may be null, which reads as empty here.
  bool header(const char* header_name, ByteView& value_out) const;

 private:
  friend class Consumer;
  void* raw_ = nullptr;  // librdkafka's message
};

/// Something about a partition that is not a message.
struct PartitionEvent {
  enum class Kind : uint8_t {
    end_of_partition,     // `offset` is where it ends for now
    offset_out_of_range,  // `offset` is not (or no longer) kept; reading of this partition has stopped until `assign` or `seek`
    failed,               // see `error`; librdkafka goes on trying unless the error is `invalid` or `not_found`
  };
  Kind kind = Kind::failed;
  std::string topic;
  int32_t partition = -1;
  int64_t offset = -1;
  Error error{ErrorCode::unavailable, ""};
};

/// Messages and events that came together, in the order of each partition. Owns the memory that they point into; may be
/// handed to another thread, and may outlive its Consumer (whose connection is then closed with the last batch).
class MessageBatch {
 public:
  MessageBatch();
  ~MessageBatch();
  MessageBatch(MessageBatch&&) noexcept;
  MessageBatch& operator=(MessageBatch&&) noexcept;

  std::span<const Message> messages() const { return messages_; }
  std::span<const PartitionEvent> events() const { return events_; }
  bool empty() const { return messages_.empty() && events_.empty(); }
  /// Bytes of keys and values.
  uint64_t bytes() const { return bytes_; }

  /// Adds another batch of the same Consumer behind this one.
  void append(MessageBatch&& other);
  /// Frees all messages but the last `count`.
  void keep_last(size_t count);

 private:
  friend class Consumer;
  // librdkafka waits for every message before it closes a client, for ever if need be: so they keep it open.
  std::shared_ptr<void> client_;
  std::vector<Message> messages_;
  std::vector<PartitionEvent> events_;
  std::vector<void*> owned_;  // one for each message
  uint64_t bytes_ = 0;
};

struct PollLimits {
  int timeout_ms = 100;           // for the first message; never waits longer for more once something is there
  size_t messages_max = 10'000;
  uint64_t bytes_max = 16u << 20;  // stops at the first few messages beyond
};

/// Reads partitions from given offsets. Positions belong to the caller (the sink), not to Kafka: nothing is committed, and
/// an offset that is not there is an event, never a silent reset.
///
/// Threads: one at a time. Broker down: `poll` answers empty batches, and `trouble` says why.
class Consumer {
 public:
  /// Fails with `invalid` on settings that librdkafka refuses. Does not wait for a broker.
  static Result<std::unique_ptr<Consumer>> create(const ClientSettings& client, const ConsumerSettings& settings = {});
  ~Consumer();
  Consumer(const Consumer&) = delete;
  Consumer& operator=(const Consumer&) = delete;

  /// Replaces the assignment: stops the partitions before, starts these. Messages fetched before are gone. At most 10,000.
  /// A partition that does not exist stays silent until it does: ask Admin::topic first.
  Status assign(std::span<const Assignment> partitions);
  /// Adds one, or starts it again elsewhere when it is there already.
  Status seek(const Assignment& partition);

  Result<MessageBatch> poll(const PollLimits& limits = {});

  /// Stops and goes on handing out messages of a partition (fetching ahead stays bounded).
  Status pause(const TopicPartition& partition);
  Status resume(const TopicPartition& partition);

  /// Asks the broker. Fails with `timeout`, `unavailable`, `not_found`.
  Result<Watermarks> watermarks(const TopicPartition& partition, int timeout_ms);

  /// The last trouble with the connection, until a message or an end of partition comes in again.
  std::optional<Error> trouble() const;

 private:
  struct Impl;
  explicit Consumer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// The last `count` messages of a partition (fewer if it has fewer), oldest first, as a read_committed reader sees them:
/// control batches and aborted transactions are looked past, however long they are. Whoever wants to know what a dead
/// predecessor got in must fence it first (Producer::init_transactions): its open transaction hides what follows, and even
/// a commit that was answered shows only when its markers are written, which init_transactions waits for.
struct TailOptions {
  size_t count = 1;
  bool read_committed = true;  // of a consumer that is made for it
  int timeout_ms = 10'000;     // of one silence
};
struct Tail {
  Watermarks watermarks;
  MessageBatch batch;
};
/// Assigns the partition to the consumer; one with a short `fetch_wait_max_ms` is done sooner.
Result<Tail> read_tail(Consumer& consumer, const TopicPartition& partition, const TailOptions& options = {});
Result<Tail> read_tail(const ClientSettings& client, const TopicPartition& partition, const TailOptions& options = {});

}  // namespace holdfast::kafka
