#include <algorithm>

#include "testing/simulation/group_member.h"

/// The part of a group's member that reads and commits.
namespace holdfast::simulation {
namespace {

constexpr int64_t request_timeout_us = 4 * seconds;

}  // namespace

void GroupMember::poll() {
  const auto request =
      make_fetch(positions_, true, static_cast<int32_t>(scheduler().between(0, 500)),
                 static_cast<int32_t>(scheduler().between(100, 20'000)));
  peer_.call<wire::FetchResponse>(
      request, 12, request_timeout_us, true,
      [this, invoked = world_.stamp()](std::optional<wire::FetchResponse> answer) {
        if (answer) take(*answer, invoked);
        scheduler().one_in(3) ? commit() : next();
      });
}

void GroupMember::take(const wire::FetchResponse& answer, history::Time invoked) {
  for (const auto& topic : answer.responses) {
    for (const auto& told : topic.partitions) {
      const auto position =
          std::ranges::find(positions_, told.partition_index, &Position::partition);
      if (position == positions_.end() || try_again(told.error_code)) continue;
      if (told.error_code == Code::offset_out_of_range) {  // trimmed meanwhile
        ask_start(peer_, *position,
                  [this, index = told.partition_index, consumer = consumer_](int64_t start) {
                    const auto found = std::ranges::find(positions_, index, &Position::partition);
                    if (consumer != consumer_ || found == positions_.end()) return;
                    found->offset = std::max(found->offset, start);
                    found->moved = true;
                  });
      } else if (told.error_code != Code::none) {
        unexpected("Fetch", told.error_code);
      } else {
        take_poll(world_, peer_.name(), consumer_, *position, told, true, invoked);
      }
    }
  }
}

void GroupMember::commit() {
  wire::OffsetCommitRequest request;
  request.group_id = group_->name;
  request.generation_id_or_member_epoch = generation_;
  request.member_id = member_id_;
  request.group_instance_id = instance_id_;
  auto& topic = request.topics.emplace_back();
  topic.name = topic_.name;
  std::vector<size_t> commits;
  for (const Position& position : positions_) {
    topic.partitions.push_back({position.partition, position.offset, -1, ""});
    commits.push_back(world_.history.commits.size());
    world_.history.commits.push_back(
        {.group = group_->name,
         .place = {world_.partition(position.topic, position.partition), position.offset},
         .invoked = world_.stamp()});
  }
  peer_.call<wire::OffsetCommitResponse>(
      request, 8, request_timeout_us, false,
      [this, commits, too_late = gone_on()](std::optional<wire::OffsetCommitResponse> answer) {
        if (!answer) return next();
        committed(commits, too_late, *answer);
      });
}

void GroupMember::committed(const std::vector<size_t>& commits, bool too_late,
                            const wire::OffsetCommitResponse& answer) {
  Code refused = Code::none;
  const auto& told = answer.topics.at(0).partitions;
  for (size_t i = 0; i < told.size(); ++i) {
    history::OffsetCommit& commit = world_.history.commits[commits.at(i)];
    commit.completed = world_.stamp();
    commit.outcome = told[i].error_code == Code::none ? history::Outcome::ok
                     : try_again(told[i].error_code)  ? history::Outcome::unknown
                                                      : history::Outcome::failed;
    must_be_refused("a commit", too_late, told[i].error_code);
    refused = std::max(refused, told[i].error_code);
  }
  if (outdated(refused)) return;
  if (refused != Code::none && !try_again(refused)) unexpected("OffsetCommit", refused);
  next();
}

}  // namespace holdfast::simulation
