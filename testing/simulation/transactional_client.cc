#include "testing/simulation/transactional_client.h"

#include <algorithm>

#include "wire/messages/add_partitions_to_txn.h"
#include "wire/messages/end_txn.h"
#include "wire/messages/init_producer_id.h"

namespace holdfast::simulation {
namespace {

constexpr int64_t request_timeout_us = 4 * seconds;
constexpr int64_t delivery_timeout_us = 20 * seconds;
constexpr uint32_t value_bytes_most = 300;

}  // namespace

void TransactionalClient::again(Task task) {
  tainted_ = true;
  later(scheduler().between(20 * ms, 200 * ms), std::move(task));
}

std::optional<Step> TransactionalClient::meaning(const char* call, Code code) {
  if (try_again(code) || code == Code::not_enough_replicas) return std::nullopt;
  switch (code) {
    case Code::producer_fenced:
    case Code::invalid_producer_epoch:
      return Step::fenced;
    case Code::illegal_generation:
    case Code::unknown_member_id:
    case Code::fenced_instance_id:
    case Code::transaction_abortable:
      return Step::abortable;
    default:
      unexpected(call, code);
      return Step::fenced;
  }
}

void TransactionalClient::forget() {
  die();
  waiting_.clear();
  commits_.clear();
  transaction_ = history::none;
}

void TransactionalClient::init(bool afresh, Then then) {
  wire::InitProducerIdRequest request;
  request.transactional_id = identity_.id;
  request.transaction_timeout_ms = identity_.timeout_ms;
  if (!afresh) {
    request.producer_id = producer_id_;
    request.producer_epoch = epoch_;
  }
  peer_.call<wire::InitProducerIdResponse>(
      request, version() == 1 ? int16_t{4} : int16_t{5}, request_timeout_us, afresh,
      [this, afresh,
       then = std::move(then)](std::optional<wire::InitProducerIdResponse> answer) mutable {
        if (!answer || try_again(answer->error_code))
          return again(
              [this, afresh, then = std::move(then)]() mutable { init(afresh, std::move(then)); });
        if (answer->error_code != Code::none) {
          if (afresh) unexpected("InitProducerId", answer->error_code);
          return then(meaning("InitProducerId", answer->error_code).value_or(Step::fenced));
        }
        producer_id_ = answer->producer_id;
        epoch_ = answer->producer_epoch;
        sequences_.clear();
        session_ = world_.new_producer();
        tainted_ = false;
        then(Step::done);
      });
}

void TransactionalClient::begin() {
  transaction_ = static_cast<uint32_t>(world_.history.transactions.size());
  world_.history.transactions.push_back({});
  added_.clear();
  commits_.clear();
  waiting_.clear();
  sent_ = false;
}

void TransactionalClient::write_down(Waiting& waiting) {
  const Batch& batch = waiting.batch;
  for (size_t i = 0; i < batch.items.size(); ++i) {
    waiting.sends.push_back(world_.history.sends.size());
    world_.history.sends.push_back(
        {.value = batch.items[i].value,
         .partition = world_.partition(batch.topic, batch.partition),
         .producer = session_,
         .transaction = transaction_,
         .invoked = world_.stamp(),
         .key = batch.items[i].key,
         .tombstone = batch.items[i].tombstone,
         .made_from = i < batch.made_from.size() ? batch.made_from[i] : std::nullopt});
  }
}

void TransactionalClient::send(std::vector<Batch> batches, Then then) {
  for (Batch& batch : batches) {
    Waiting waiting{.batch = std::move(batch), .sends = {}, .bytes = {}};
    write_down(waiting);
    int32_t& sequence = sequences_[{waiting.batch.topic, waiting.batch.partition}];
    waiting.bytes = make_batch(waiting.batch.items,
                               {.producer_id = producer_id_,
                                .epoch = epoch_,
                                .sequence = sequence,
                                .transactional = true,
                                .timestamp_ms = scheduler().wall_us() / 1000},
                               value_bytes_most);
    sequence += static_cast<int32_t>(waiting.batch.items.size());
    waiting_.push_back(std::move(waiting));
  }
  const int64_t deadline_us = scheduler().now_us() + delivery_timeout_us;
  if (version() != 1) return produce(deadline_us, std::move(then));
  add_partitions([this, deadline_us, then = std::move(then)](Step step) mutable {
    if (step != Step::done) return then(step);
    produce(deadline_us, std::move(then));
  });
}

/// TV1: partitions join before they are written to.
void TransactionalClient::add_partitions(Then then) {
  wire::AddPartitionsToTxnRequest request;
  request.v3_and_below_transactional_id = identity_.id;
  request.v3_and_below_producer_id = producer_id_;
  request.v3_and_below_producer_epoch = epoch_;
  for (const Waiting& waiting : waiting_) {
    if (!added_.contains({waiting.batch.topic, waiting.batch.partition}))
      request.v3_and_below_topics.push_back({waiting.batch.topic, {waiting.batch.partition}});
  }
  if (request.v3_and_below_topics.empty()) return then(Step::done);
  const auto version = static_cast<int16_t>(scheduler().between(0, 3));
  peer_.call<wire::AddPartitionsToTxnResponse>(
      request, version, request_timeout_us, true,
      [this,
       then = std::move(then)](std::optional<wire::AddPartitionsToTxnResponse> answer) mutable {
        if (answer) {
          Code code = Code::none;
          for (const auto& topic : answer->results_by_topic_v3_and_below) {
            for (const auto& result : topic.results_by_partition)
              code = std::max(code, result.partition_error_code);
          }
          if (code == Code::none) {
            sent_ = true;
            for (const Waiting& waiting : waiting_)
              added_.emplace(waiting.batch.topic, waiting.batch.partition);
            return then(Step::done);
          }
          if (const auto step = meaning("AddPartitionsToTxn", code)) return then(*step);
        }
        again([this, then = std::move(then)]() mutable { add_partitions(std::move(then)); });
      });
}

/// Sends what waits, again and again until all of it is acknowledged.
void TransactionalClient::produce(int64_t deadline_us, Then then) {
  sent_ = true;
  wire::ProduceRequest request;
  request.transactional_id = identity_.id;
  request.acks = -1;
  request.timeout_ms = 3000;
  for (const Waiting& waiting : waiting_)
    request.topic_data.push_back(
        {waiting.batch.topic, {}, {{waiting.batch.partition, waiting.bytes}}});
  const auto version_of_produce = static_cast<int16_t>(version() == 1 ? 7 : 12);
  peer_.call<wire::ProduceResponse>(request, version_of_produce, request_timeout_us, true,
                                    [this, deadline_us, then = std::move(then)](
                                        std::optional<wire::ProduceResponse> answer) mutable {
                                      const Step step = answer ? take_answers(*answer) : Step::done;
                                      if (step != Step::done || waiting_.empty()) return then(step);
                                      if (scheduler().now_us() > deadline_us) {
                                        tainted_ = true;
                                        return then(Step::abortable);
                                      }
                                      again([this, deadline_us, then = std::move(then)]() mutable {
                                        produce(deadline_us, std::move(then));
                                      });
                                    });
}

Step TransactionalClient::take_answers(const wire::ProduceResponse& answer) {
  Step step = Step::done;
  std::vector<Waiting> left;
  for (size_t i = 0; i < waiting_.size(); ++i) {
    const auto& told = answer.responses.at(i).partition_responses.at(0);
    if (told.error_code == Code::none) {
      acknowledged(waiting_[i], told.base_offset);
      continue;
    }
    if (const auto refused = meaning("Produce", told.error_code)) step = *refused;
    left.push_back(std::move(waiting_[i]));
  }
  waiting_ = std::move(left);
  return step;
}

void TransactionalClient::acknowledged(const Waiting& waiting, int64_t base_offset) {
  for (size_t i = 0; i < waiting.sends.size(); ++i) {
    history::Send& send = world_.history.sends[waiting.sends[i]];
    send.completed = world_.stamp();
    send.outcome = history::Outcome::ok;
    send.offset = base_offset + static_cast<int64_t>(i);
  }
}

void TransactionalClient::end(bool commit, Then then) {
  if (commit) {
    history::Transaction& transaction = world_.history.transactions[transaction_];
    transaction.commit_invoked = world_.stamp();
    transaction.outcome = history::Outcome::unknown;
  } else if (!waiting_.empty()) {
    tainted_ = true;  // their sequences are not certain any more
  }
  if (!sent_) {  // the coordinator knows nothing of it
    ended(commit);
    return then(Step::done);
  }
  end(commit, 1, std::move(then));
}

void TransactionalClient::ended(bool commit) {
  history::Transaction& transaction = world_.history.transactions[transaction_];
  if (commit) transaction.outcome = history::Outcome::ok;
  for (const size_t number : commits_) {
    history::OffsetCommit& stored = world_.history.commits[number];
    stored.outcome = commit ? history::Outcome::ok : history::Outcome::failed;
    stored.completed = world_.stamp();
  }
  waiting_.clear();
}

void TransactionalClient::end(bool commit, int attempt, Then then) {
  const wire::EndTxnRequest request{identity_.id, producer_id_, epoch_, commit};
  const auto version_of_end =
      static_cast<int16_t>(version() == 1 ? scheduler().between(0, 3) : int64_t{5});
  peer_.call<wire::EndTxnResponse>(
      request, version_of_end, request_timeout_us, version() != 1,
      [this, commit, attempt,
       then = std::move(then)](std::optional<wire::EndTxnResponse> answer) mutable {
        if (!answer || try_again(answer->error_code))
          return again([this, commit, attempt, then = std::move(then)]() mutable {
            end(commit, attempt + 1, std::move(then));
          });
        if (answer->error_code == Code::none) {
          if (version() != 1) {
            producer_id_ = answer->producer_id;
            epoch_ = answer->producer_epoch;
            sequences_.clear();
            tainted_ = false;
          }
          ended(commit);
          return then(Step::done);
        }
        // With TV2 the epoch is the transaction's own: it has ended the other way.
        const bool gave_up = version() != 1 && answer->error_code == Code::invalid_txn_state;
        if (commit && (gave_up || (attempt == 1 && version() == 1)))
          world_.history.transactions[transaction_].outcome = history::Outcome::failed;
        then(gave_up ? Step::fenced : meaning("EndTxn", answer->error_code).value_or(Step::fenced));
      });
}

}  // namespace holdfast::simulation
