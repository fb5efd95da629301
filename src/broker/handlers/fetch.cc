#include "wire/messages/fetch.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "broker/context.h"
#include "broker/fetch_waiter.h"
#include "broker/handlers/common.h"
#include "broker/handlers/handlers.h"

namespace holdfast::broker {
namespace {

using Code = wire::ErrorCode;
using Wanted = wire::FetchRequest::Topic::Partition;
using Answer = wire::FetchResponse::Topic::Partition;

constexpr int16_t kIdsSince = 13;  // KIP-516

/// A fetch request's own copy of what it asks for.
struct Plan {
  bool by_id = false;
  bool read_committed = false;
  bool as_replica = false;  // there are none
  int64_t min_bytes = 0;
  int64_t max_bytes = 0;
  std::vector<FetchTopic> topics;
  bool wants_session = false;
  std::shared_ptr<FetchSession> session;
  int32_t session_epoch = 0;
};

/// What reading gave.
struct Found {
  wire::FetchResponse response;
  Pins pins;
  int64_t bytes = 0;
  bool failed = false;  // for some partition; such an answer does not wait
  std::vector<Partition*> partitions;
};

Code position_fault(const Partition& partition, const Wanted& wanted) {
  if (const Code fault = check_leader_epoch(wanted.current_leader_epoch); fault != Code::none)
    return fault;
  const bool inside =
      wanted.fetch_offset >= partition.log_start && wanted.fetch_offset <= partition.end;
  return inside ? Code::none : Code::offset_out_of_range;
}

/// Adds the batches of one partition: at most what is left of both bounds, but the very first batch
/// of an answer is whole whatever its size (KIP-74).
Code read(Core& core, const Plan& plan, const Partition& partition, const Wanted& wanted,
          Answer& answer, Found& found) {
  const int64_t left = std::min<int64_t>(wanted.partition_max_bytes, plan.max_bytes - found.bytes);
  const bool at_least_one = found.bytes == 0;
  const int64_t readable_end = partition.readable_end(plan.read_committed);
  if (wanted.fetch_offset >= readable_end || (left <= 0 && !at_least_one)) return Code::none;
  const auto frames =
      core.log().read(partition.log_id, wanted.fetch_offset,
                      static_cast<uint64_t>(std::max<int64_t>(left, 0)), at_least_one);
  if (!frames) return code_for(frames.error());
  answer.records.parts.reserve(frames->size());
  int64_t read_end = wanted.fetch_offset;
  for (const log::Frame& frame : *frames) {
    if (frame.key.last_offset >= readable_end) break;
    read_end = frame.key.last_offset + 1;
    answer.records.parts.push_back(frame.body);
    found.bytes += static_cast<int64_t>(frame.body.size());
    if (found.pins.empty() || found.pins.back() != frame.pin) found.pins.push_back(frame.pin);
  }
  if (plan.read_committed && partition.transactions) {
    partition.transactions->for_aborted(
        wanted.fetch_offset, read_end, [&](const coordinator::AbortedRange& range) {
          answer.aborted_transactions->push_back({range.producer_id, range.first_offset});
        });
  }
  return Code::none;
}

void answer_partition(Core& core, const Plan& plan, Topic* topic, const Wanted& wanted,
                      Answer& answer, Found& found) {
  answer.partition_index = wanted.partition;
  Partition* partition = topic ? topic->partition(wanted.partition) : nullptr;
  if (!partition) {
    answer.error_code = topic ? Code::unknown_topic_or_partition : unknown_topic(plan.by_id);
    answer.high_watermark = -1;
    answer.aborted_transactions.emplace();
  } else {
    found.partitions.push_back(partition);
    answer.high_watermark = partition->high_watermark;
    answer.last_stable_offset = partition->last_stable_offset;
    answer.log_start_offset = partition->log_start;
    if (plan.read_committed) answer.aborted_transactions.emplace();
    answer.error_code =
        plan.as_replica ? Code::not_leader_or_follower : position_fault(*partition, wanted);
    if (answer.error_code == Code::none)
      answer.error_code = read(core, plan, *partition, wanted, answer, found);
    if (answer.error_code == Code::fenced_leader_epoch)
      answer.current_leader = {core.settings().node_id, leader_epoch};
    if (answer.error_code != Code::none)  // as Kafka: nothing is told beside a fault
      answer.high_watermark = answer.last_stable_offset = answer.log_start_offset = -1;
  }
  found.failed |= answer.error_code != Code::none;
}

Found read(Core& core, const Plan& plan) {
  Found found;
  found.response.responses.reserve(plan.topics.size());
  for (const FetchTopic& wanted_topic : plan.topics) {
    Topic* topic =
        plan.by_id ? core.state().topic(wanted_topic.id) : core.state().topic(wanted_topic.name);
    auto& answers = found.response.responses.emplace_back();
    if (plan.by_id)
      answers.topic_id = wanted_topic.id;
    else
      answers.topic = wanted_topic.name;
    answers.partitions.reserve(wanted_topic.partitions.size());
    for (const Wanted& wanted : wanted_topic.partitions) {
      answer_partition(core, plan, topic, wanted, answers.partitions.emplace_back(), found);
    }
  }
  return found;
}

void send(Core& core, const Ticket& ticket, const Plan& plan, Found found, Instant now) {
  core.metrics().bytes_out.add(static_cast<uint64_t>(found.bytes));
  if (found.failed) core.metrics().failed_fetch.add();
  if (plan.session) {
    FetchSessions::answer(*plan.session, plan.session_epoch, found.response);
  } else if (plan.wants_session) {
    core.fetch_sessions().create(plan.topics, plan.by_id, found.response, now.steady_ms);
  }
  core.answer(ticket, {wire::encode_response(found.response, ticket.version, ticket.correlation_id),
                       std::move(found.pins)});
}

class WaitingFetch final : public FetchWaiter {
 public:
  WaitingFetch(const Ticket& for_request, Plan plan)
      : FetchWaiter(for_request), plan_(std::move(plan)) {}
  void answer(Core& core, Instant now) override {
    send(core, ticket, plan_, read(core, plan_), now);
  }

 private:
  Plan plan_;
};

/// The partitions of a session, those of one topic together as long as their order allows.
void add_all_of(const FetchSession& session, std::vector<FetchTopic>& topics) {
  const FetchSession::TopicKey* last = nullptr;
  session.for_each([&](const FetchSession::TopicKey& topic, const Wanted& wanted) {
    if (std::exchange(last, &topic) != &topic) topics.push_back({topic.name, topic.id, {}});
    topics.back().partitions.push_back(wanted);
  });
}

Plan make_plan(const wire::FetchRequest& request, FetchSessions::Opened opened,
               const Context& context) {
  Plan plan;
  plan.by_id = context.ticket.version >= kIdsSince;
  plan.read_committed = request.isolation_level == 1;
  plan.as_replica = request.replica_id >= 0 || request.replica_state.replica_id >= 0;
  plan.max_bytes = std::min(request.max_bytes, context.core.settings().limits.fetch_bytes_max);
  plan.min_bytes = std::min<int64_t>(request.min_bytes, plan.max_bytes);
  plan.wants_session = opened.wants_session;
  plan.session = std::move(opened.session);
  plan.session_epoch = opened.epoch;
  if (plan.session) {
    add_all_of(*plan.session, plan.topics);
    return plan;
  }
  plan.topics.reserve(request.topics.size());
  for (const auto& topic : request.topics)
    plan.topics.push_back({std::string(topic.topic), topic.topic_id, topic.partitions});
  return plan;
}

}  // namespace

/// Fetch: batches from the given offsets on, or waiting for them. Readers see what is durable, or
/// what is durable and decided: then they are told which of it was aborted, and skip that. A
/// request that names a session (KIP-227) tells only what is to change, and gets only what is new.
void handle(const wire::FetchRequest& request, Context& context) {
  FetchSessions::Opened opened = context.core.fetch_sessions().open(
      request, context.version() >= kIdsSince, context.now.steady_ms);
  if (opened.error != Code::none) {
    wire::FetchResponse refusal;
    refusal.error_code = opened.error;
    return context.reply_now(refusal);
  }
  Plan plan = make_plan(request, std::move(opened), context);
  Found found = read(context.core, plan);
  const bool enough = found.bytes >= plan.min_bytes || found.failed || request.max_wait_ms <= 0 ||
                      found.partitions.empty();
  if (enough) return send(context.core, context.ticket, plan, std::move(found), context.now);
  const int64_t wait_ms =
      std::min(request.max_wait_ms, context.settings().limits.fetch_wait_ms_max);
  const int64_t missing_bytes = plan.min_bytes - found.bytes;
  const bool committed_only = plan.read_committed;
  auto waiter = std::make_unique<WaitingFetch>(context.ticket, std::move(plan));
  waiter->deadline_ms = context.now.steady_ms + wait_ms;
  waiter->missing_bytes = missing_bytes;
  waiter->committed_only = committed_only;
  waiter->partitions = std::move(found.partitions);
  context.core.park(std::move(waiter));
}

}  // namespace holdfast::broker
