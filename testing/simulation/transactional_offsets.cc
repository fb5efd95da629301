#include "testing/simulation/transactional_client.h"
#include "wire/messages/add_offsets_to_txn.h"
#include "wire/messages/txn_offset_commit.h"

/// The part of a transactional producer that stores a group's offsets within the transaction.
namespace holdfast::simulation {
namespace {

constexpr int64_t request_timeout_us = 4 * seconds;

}  // namespace

void TransactionalClient::send_offsets(std::string group, std::vector<Position> positions,
                                       Membership member, Then then) {
  write_down_offsets(group, positions);
  if (version() != 1)
    return commit_offsets(std::move(group), std::move(positions), std::move(member),
                          std::move(then));
  std::string name = group;
  add_group(
      std::move(name), [this, group = std::move(group), positions = std::move(positions),
                        member = std::move(member), then = std::move(then)](Step step) mutable {
        if (step != Step::done) return then(step);
        commit_offsets(std::move(group), std::move(positions), std::move(member), std::move(then));
      });
}

void TransactionalClient::write_down_offsets(const std::string& group,
                                             const std::vector<Position>& positions) {
  for (const Position& position : positions) {
    commits_.push_back(world_.history.commits.size());
    world_.history.commits.push_back(
        {.group = group,
         .place = {world_.partition(position.topic, position.partition), position.offset},
         .transaction = transaction_,
         .invoked = world_.stamp()});
  }
}

/// TV1: the group joins before its offsets are stored.
void TransactionalClient::add_group(std::string group, Then then) {
  const wire::AddOffsetsToTxnRequest request{identity_.id, producer_id_, epoch_, group};
  const auto version = static_cast<int16_t>(scheduler().between(0, 3));
  peer_.call<wire::AddOffsetsToTxnResponse>(
      request, version, request_timeout_us, true,
      [this, group,
       then = std::move(then)](std::optional<wire::AddOffsetsToTxnResponse> answer) mutable {
        if (answer && answer->error_code == Code::none) {
          sent_ = true;
          return then(Step::done);
        }
        if (answer) {
          if (const auto step = meaning("AddOffsetsToTxn", answer->error_code)) return then(*step);
        }
        again([this, group = std::move(group), then = std::move(then)]() mutable {
          add_group(std::move(group), std::move(then));
        });
      });
}

void TransactionalClient::commit_offsets(std::string group, std::vector<Position> positions,
                                         Membership member, Then then) {
  sent_ = true;
  wire::TxnOffsetCommitRequest request;
  request.transactional_id = identity_.id;
  request.group_id = group;
  request.producer_id = producer_id_;
  request.producer_epoch = epoch_;
  request.generation_id = member.generation;
  request.member_id = member.member_id;
  request.group_instance_id = member.instance_id;
  for (const Position& position : positions)
    request.topics.push_back({position.topic, {{position.partition, position.offset, -1, ""}}});
  const auto version_of_call = static_cast<int16_t>(version() == 1 ? 3 : 5);
  peer_.call<wire::TxnOffsetCommitResponse>(
      request, version_of_call, request_timeout_us, version() != 1,
      [this, group, positions, member,
       then = std::move(then)](std::optional<wire::TxnOffsetCommitResponse> answer) mutable {
        if (answer) {
          Code code = Code::none;
          for (const auto& topic : answer->topics)
            for (const auto& told : topic.partitions) code = std::max(code, told.error_code);
          if (code == Code::none) return then(Step::done);
          if (const auto step = meaning("TxnOffsetCommit", code)) return then(*step);
        }
        again([this, group = std::move(group), positions = std::move(positions),
               member = std::move(member), then = std::move(then)]() mutable {
          commit_offsets(std::move(group), std::move(positions), std::move(member),
                         std::move(then));
        });
      });
}

}  // namespace holdfast::simulation
