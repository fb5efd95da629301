#include "pipeline/topic_reader.h"

#include <algorithm>
#include <utility>

#include "base/log_line.h"
#include "base/os/clock.h"

namespace holdfast::pipeline {
namespace {

constexpr int request_timeout_ms = 5'000;
constexpr int look_timeout_ms = 500;
constexpr int64_t poll_wait_ms = 100;
// Enough for the next batch while one is delivered. One fetch may come on top, unpacked.
constexpr int32_t prefetch_kbytes = 20 << 10;
constexpr int32_t prefetch_messages = 40'000;
constexpr int64_t missing_every_ms = 100;
constexpr int rounds_max = 10;  // how often `once` goes on because the topics have grown meanwhile
constexpr size_t partitions_max = 10'000;

int64_t now_ms() {
  return os::real_clock().steady_ms();
}

kafka::TopicPartition to_kafka(const sink::TopicPartition& place) {
  return {place.topic, place.partition};
}

std::string out_of_range(int64_t position) {
  return "position " + std::to_string(position) +
         " is not in the topic: retention removed events before they were delivered, or the "
         "topic was made anew; nothing was skipped, and nothing more of it is read";
}
std::string out_of_range(int64_t position, const kafka::Watermarks& marks) {
  return out_of_range(position) + " (it keeps " + std::to_string(marks.low) + " to " +
         std::to_string(marks.high) + ")";
}

std::string text(const sink::TopicPartition& place) {
  return place.topic + "/" + std::to_string(place.partition);
}

}  // namespace

TopicReader::TopicReader(const DeliverSettings& settings, StopSignal& stop,
                         HandOver<ReadBatch>& batches, HandOver<ReadBatch>& used)
    : settings_(settings), stop_(stop), batches_(batches), used_(used), finishing_(settings.once) {}

uint64_t TopicReader::read_from(sink::Positions positions) {
  const std::lock_guard lock(mutex_);
  restart_ = std::move(positions);
  return ++generation_;
}

TopicReader::Seen TopicReader::seen() const {
  const std::lock_guard lock(mutex_);
  return seen_;
}

void TopicReader::say_trouble(std::string trouble) {
  if (!trouble.empty() && trouble != trouble_)
    log_warning("pipeline", "{}: {}", settings_.name, trouble);
  trouble_ = std::move(trouble);
  const std::lock_guard lock(mutex_);
  seen_.no_broker = !trouble_.empty();
  seen_.waiting = seen_.no_broker    ? trouble_
                  : missing_.empty() ? ""
                                     : "topic " + missing_.front() + " does not exist yet";
}

void TopicReader::fail_partition(const sink::TopicPartition& place, Partition& partition,
                                 std::string why) {
  if (std::exchange(partition.failed, true)) return;
  log_error("pipeline", "{}: {}: {}", settings_.name, text(place), why);
  const std::lock_guard lock(mutex_);
  seen_.failures[place] = std::move(why);
}

Status TopicReader::start() {
  consumer_ = HOLDFAST_TRY(
      kafka::Consumer::create(settings_.kafka, {.prefetch_kbytes_max = prefetch_kbytes,
                                                .prefetch_messages = prefetch_messages}));
  admin_ = HOLDFAST_TRY(kafka::Admin::create(settings_.kafka));
  return {};
}

bool TopicReader::restart_asked() const {
  const std::lock_guard lock(mutex_);
  return restart_.has_value();
}

/// False when there will be none.
bool TopicReader::wait_for_start() {
  constexpr int64_t look_every_ms = 10;
  while (!stop_.raised() && !restart_asked()) stop_.sleep(look_every_ms);
  return !stop_.raised();
}

/// Voids everything read so far and goes back to the positions that the store really has.
void TopicReader::restart() {
  {
    const std::lock_guard lock(mutex_);
    positions_ = std::move(*restart_);
    restart_.reset();
    batch_ = ReadBatch();
    batch_.generation = generation_;
    seen_.failures.clear();
    seen_.ends.clear();
  }
  partitions_.clear();
  recent_ = nullptr;
  rounds_ = 0;
  targets_set_ = false;
  refreshed_ms_ = INT64_MIN;
  started_ms_ = now_ms();
  (void)consumer_->assign({});
}

/// Finds partitions that are not read yet.
Status TopicReader::refresh() {
  const std::vector<kafka::TopicInfo> topics = HOLDFAST_TRY(admin_->topics(request_timeout_ms));
  missing_.clear();
  for (const std::string& name : settings_.topics) {
    const auto topic = std::ranges::find(topics, name, &kafka::TopicInfo::name);
    if (topic == topics.end()) {
      missing_.push_back(name);
      continue;
    }
    for (int32_t i = 0; i < topic->partitions && partitions_.size() < partitions_max; ++i) {
      const sink::TopicPartition place{name, i};
      if (partitions_.contains(place)) continue;
      const auto known = positions_.find(place);
      const int64_t offset = known == positions_.end() ? kafka::offset_beginning : known->second;
      HOLDFAST_CHECKED(consumer_->seek({name, i, offset}));
      partitions_[place] = {.next = std::max<int64_t>(offset, -1),
                            .reached = std::max<int64_t>(offset, 0)};
    }
  }
  refreshed_ms_ = now_ms();
  say_trouble("");
  if (finishing_) return set_targets();
  // Only to tell how far behind it is: what cannot be asked now is asked next time.
  static_cast<void>(see_ends(look_timeout_ms, kafka::Isolation::read_committed).has_value());
  return {};
}

/// Asks where each partition ends now. Answers in their order.
Result<std::vector<kafka::Watermarks>> TopicReader::see_ends(int timeout_ms,
                                                             kafka::Isolation isolation) {
  std::vector<kafka::TopicPartition> places;
  for (const auto& [place, partition] : partitions_) places.push_back(to_kafka(place));
  std::vector<kafka::Watermarks> marks =
      HOLDFAST_TRY(admin_->watermarks(places, timeout_ms, isolation));
  const std::lock_guard lock(mutex_);
  size_t i = 0;
  for (auto& [place, partition] : partitions_) {
    const kafka::Watermarks mark = marks[i++];
    if (mark.low == mark.high) partition.reached = std::max(partition.reached, mark.high);
    seen_.ends[place] =
        partition.reached >= mark.high ? std::max<int64_t>(partition.next, 0) : mark.high;
  }
  return marks;
}

/// What has to be read to end. What is not decided yet counts: a commit may be answered before it
/// shows, so whoever has just shipped expects to find it; a transaction ends, or times out.
Status TopicReader::set_targets() {
  const std::vector<kafka::Watermarks> marks =
      HOLDFAST_TRY(see_ends(request_timeout_ms, kafka::Isolation::read_uncommitted));
  size_t i = 0;
  for (auto& [place, partition] : partitions_) {
    const kafka::Watermarks mark = marks[i++];
    partition.target = mark.high;
    if (!partition.failed && partition.next >= 0 &&
        (partition.next < mark.low || partition.next > mark.high))
      fail_partition(place, partition, out_of_range(partition.next, mark));
  }
  targets_set_ = true;
  return {};
}

Result<bool> TopicReader::at_the_end() {
  if (!finishing_ || !targets_set_) return false;
  const auto done = [](const auto& entry) {
    return entry.second.failed ||
           (entry.second.target >= 0 && entry.second.reached >= entry.second.target);
  };
  if (!std::ranges::all_of(partitions_, done)) return false;
  if (!missing_.empty()) {
    if (now_ms() - started_ms_ < settings_.missing_topic_wait_ms) return false;
    return fail(ErrorCode::not_found, "topic " + missing_.front() + " does not exist");
  }
  if (rounds_++ >= rounds_max) return true;
  // Once more: they may have grown meanwhile, and topics may have got partitions.
  if (!refresh()) return false;
  return missing_.empty() && std::ranges::all_of(partitions_, done);
}

TopicReader::Partition* TopicReader::find(std::string_view topic, int32_t partition) {
  if (recent_ != nullptr && recent_place_->partition == partition && recent_place_->topic == topic)
    return recent_;
  const auto found = partitions_.find({std::string(topic), partition});
  if (found == partitions_.end()) return nullptr;
  recent_place_ = &found->first;
  return recent_ = &found->second;
}

void TopicReader::take(const kafka::MessageBatch& messages) {
  if (!messages.messages().empty() && batch_.upto.empty()) batch_since_ms_ = now_ms();
  Partition* previous = nullptr;
  int64_t* upto = nullptr;
  for (const kafka::Message& message : messages.messages()) {
    Partition* partition = find(message.topic, message.partition);
    if (partition == nullptr) continue;  // of an assignment that has been replaced
    decoder_.decode(message, batch_.decoded);
    if (partition != previous) upto = &batch_.upto[*recent_place_];
    previous = partition;
    *upto = partition->next = partition->reached = message.offset + 1;
  }
  for (const kafka::PartitionEvent& event : messages.events()) note(event);
}

void TopicReader::note(const kafka::PartitionEvent& event) {
  Partition* partition = find(event.topic, event.partition);
  if (partition == nullptr) return;
  using Kind = kafka::PartitionEvent::Kind;
  if (event.kind == Kind::end_of_partition) {
    partition->reached = std::max(partition->reached, event.offset);
    const std::lock_guard lock(mutex_);
    // Control records may lie behind the last message. Nobody lags behind those.
    seen_.ends[*recent_place_] = std::max<int64_t>(partition->next, 0);
  } else if (event.kind == Kind::offset_out_of_range) {
    fail_partition(*recent_place_, *partition, out_of_range(partition->next));
  } else if (event.error.code == ErrorCode::invalid) {
    fail_partition(*recent_place_, *partition, event.error.message);
  } else {
    log_warning("pipeline", "{}: {}: {}", settings_.name, text(*recent_place_),
                event.error.message);
  }
}

bool TopicReader::batch_is_due() const {
  const Decoded& decoded = batch_.decoded;
  if (batch_.upto.empty()) return false;
  return decoded.events.size() + decoded.unreadable.size() >= settings_.batch_events_max ||
         decoded.events.bytes() >= settings_.batch_bytes_max ||
         now_ms() - batch_since_ms_ >= settings_.batch_wait_ms;
}

bool TopicReader::close_batch(bool last, Status status) {
  batch_.last = last;
  batch_.status = std::move(status);
  const uint64_t generation = batch_.generation;
  if (!batches_.push(std::move(batch_))) return false;
  batch_ = ReadBatch();
  if (std::optional<ReadBatch> used = used_.try_pop())
    batch_ = std::move(*used);  // its memory is warm
  batch_.generation = generation;
  return true;
}

void TopicReader::refresh_if_due() {
  const bool first = refreshed_ms_ == INT64_MIN;
  const bool targets_wanted = finishing_ && !targets_set_;
  // A topic that is not there yet is looked for more often: everything waits for it.
  const int64_t every_ms = missing_.empty()
                               ? settings_.refresh_ms
                               : std::min<int64_t>(settings_.refresh_ms, missing_every_ms);
  if (!first && !targets_wanted && now_ms() - refreshed_ms_ < every_ms) return;
  if (const Status refreshed = refresh(); !refreshed) {
    say_trouble("Kafka at " + settings_.kafka.bootstrap_servers +
                " does not answer: " + refreshed.error().message);
    if (first || targets_wanted) stop_.sleep(settings_.retry_first_ms);
    if (!first) refreshed_ms_ = now_ms();
  }
}

/// One poll. Waits no longer than the batch under construction may.
Status TopicReader::step() {
  const size_t have = batch_.decoded.events.size();
  const int64_t left_ms = settings_.batch_wait_ms - (now_ms() - batch_since_ms_);
  const int64_t wait_ms =
      batch_.upto.empty() ? poll_wait_ms : std::clamp<int64_t>(left_ms, 0, poll_wait_ms);
  const kafka::MessageBatch messages = HOLDFAST_TRY(consumer_->poll(
      {.timeout_ms = static_cast<int>(wait_ms),
       .messages_max = settings_.batch_events_max > have ? settings_.batch_events_max - have : 1,
       .bytes_max = settings_.batch_bytes_max}));
  take(messages);
  const std::optional<Error> trouble = messages.empty() ? consumer_->trouble() : std::nullopt;
  if (trouble)
    say_trouble("Kafka at " + settings_.kafka.bootstrap_servers + ": " + trouble->message);
  else if (!messages.empty() && !trouble_.empty())
    say_trouble("");
  return {};
}

Status TopicReader::read_to_the_end() {
  while (!stop_.raised() && !restart_asked()) {
    refresh_if_due();
    if (refreshed_ms_ == INT64_MIN) continue;
    HOLDFAST_CHECKED(step());
    if (HOLDFAST_TRY(at_the_end())) return {};
    if (batch_is_due() && !close_batch(false)) return {};
  }
  return {};
}

void TopicReader::run() {
  Status status = start();
  while (wait_for_start()) {
    if (status) {
      restart();
      status = read_to_the_end();
    }
    if (stop_.raised() || (status && restart_asked())) continue;
    if (!close_batch(true, status)) return;
  }
}

}  // namespace holdfast::pipeline
