#include <gtest/gtest.h>

#include "broker/broker_for_tests.h"
#include "wire/messages/delete_groups.h"
#include "wire/messages/describe_groups.h"
#include "wire/messages/find_coordinator.h"
#include "wire/messages/heartbeat.h"
#include "wire/messages/join_group.h"
#include "wire/messages/leave_group.h"
#include "wire/messages/list_groups.h"
#include "wire/messages/offset_commit.h"
#include "wire/messages/offset_delete.h"
#include "wire/messages/offset_fetch.h"
#include "wire/messages/sync_group.h"

namespace holdfast::broker {
namespace {

using Code = wire::ErrorCode;

/// A member as a client library would be one, over a connection of its own.
class Consumer {
 public:
  Consumer(const os::Address& address, std::string group)
      : client_(address), group_(std::move(group)) {}

  int32_t send_join(int16_t version = 9) {
    wire::JoinGroupRequest request;
    request.group_id = group_;
    request.session_timeout_ms = 10'000;
    request.rebalance_timeout_ms = 30'000;
    request.member_id = id;
    if (!instance.empty()) request.group_instance_id = instance;
    request.protocol_type = "consumer";
    request.protocols = {{"range", as_bytes(metadata)}};
    return client_.send(request, version);
  }
  wire::JoinGroupResponse receive_join(int16_t version = 9) {
    auto response = client_.receive<wire::JoinGroupResponse>(version);
    id = response.member_id;
    if (response.error_code == Code::none) generation = response.generation_id;
    return response;
  }
  wire::JoinGroupResponse join(int16_t version = 9) {
    send_join(version);
    auto response = receive_join(version);
    if (response.error_code != Code::member_id_required) return response;
    send_join(version);
    return receive_join(version);
  }
  void send_sync(const std::vector<std::pair<std::string, std::string>>& parts,
                 int16_t version = 5) {
    wire::SyncGroupRequest request;
    request.group_id = group_;
    request.generation_id = generation;
    request.member_id = id;
    if (!instance.empty()) request.group_instance_id = instance;
    if (version >= 5) {
      request.protocol_type = "consumer";
      request.protocol_name = "range";
    }
    for (const auto& [member, part] : parts)
      request.assignments.push_back({member, as_bytes(part)});
    client_.send(request, version);
  }
  wire::SyncGroupResponse receive_sync(int16_t version = 5) {
    return client_.receive<wire::SyncGroupResponse>(version);
  }
  /// Alone in the group: joins and gets everything.
  void settle(std::string_view part = "all") {
    ASSERT_EQ(join().error_code, Code::none);
    send_sync({{id, std::string(part)}});
    ASSERT_EQ(receive_sync().error_code, Code::none);
  }
  Code heartbeat(int16_t version = 4) {
    wire::HeartbeatRequest request;
    request.group_id = group_;
    request.generation_id = generation;
    request.member_id = id;
    if (!instance.empty()) request.group_instance_id = instance;
    return client_.call<wire::HeartbeatResponse>(request, version).error_code;
  }
  Code commit(std::string_view topic, int64_t offset, int16_t version = 8) {
    wire::OffsetCommitRequest request;
    request.group_id = group_;
    request.generation_id_or_member_epoch = generation;
    request.member_id = id;
    if (!instance.empty()) request.group_instance_id = instance;
    request.topics.push_back({topic, {}, {{0, offset, -1, "m"}}});
    return client_.call<wire::OffsetCommitResponse>(request, version)
        .topics.at(0)
        .partitions.at(0)
        .error_code;
  }
  Code leave() {
    wire::LeaveGroupRequest request;
    request.group_id = group_;
    request.members.push_back({id, {}, "done"});
    return client_.call<wire::LeaveGroupResponse>(request, 5).members.at(0).error_code;
  }
  TestClient& client() { return client_; }

  std::string id;
  std::string instance;
  std::string metadata = "subscription";
  int32_t generation = -1;

 private:
  TestClient client_;
  std::string group_;
};

class GroupsOverTheWire : public WithBroker<> {
 protected:
  GroupsOverTheWire() { settings_.groups.initial_rebalance_delay_ms = 0; }
  void SetUp() override {
    start();
    client_->call<wire::CreateTopicsResponse>(create_topic("t", 2), 7);
  }
  wire::DescribeGroupsResponse::Group describe(std::string_view group, int16_t version = 6) {
    wire::DescribeGroupsRequest request;
    request.groups.push_back(group);
    return client_->call<wire::DescribeGroupsResponse>(request, version).groups.at(0);
  }
  std::vector<std::string> list(std::vector<std::string_view> states,
                                std::vector<std::string_view> types = {}) {
    std::vector<std::string> found;
    const auto response = client_->call<wire::ListGroupsResponse>(
        wire::ListGroupsRequest{std::move(states), std::move(types)}, 5);
    for (const auto& group : response.groups)
      found.push_back(group.group_id + ":" + group.group_state + ":" + group.protocol_type);
    return found;
  }
  int64_t committed(std::string_view group, std::string_view topic) {
    wire::OffsetFetchRequest request;
    request.groups.push_back({group, {}, -1, {{{topic, {}, {0}}}}});
    return client_->call<wire::OffsetFetchResponse>(request, 8)
        .groups.at(0)
        .topics.at(0)
        .partitions.at(0)
        .committed_offset;
  }
  Code remove(std::string_view group) {
    return client_->call<wire::DeleteGroupsResponse>(wire::DeleteGroupsRequest{{group}}, 2)
        .results.at(0)
        .error_code;
  }
};

TEST_F(GroupsOverTheWire, TwoMembersShareAndTheLeaderAssigns) {
  Consumer one(broker_->address(), "g");
  Consumer two(broker_->address(), "g");
  one.settle();
  EXPECT_EQ(one.generation, 1);

  two.send_join();
  EXPECT_EQ(two.receive_join().error_code, Code::member_id_required);
  two.send_join();
  // The first one hears of it by its heartbeat, as soon as the join has been taken up.
  Code heard = Code::none;
  for (int i = 0; i < 1000 && heard == Code::none; ++i) heard = one.heartbeat();
  EXPECT_EQ(heard, Code::rebalance_in_progress);
  const auto first = one.join();
  const auto second = two.receive_join();
  ASSERT_EQ(first.error_code, Code::none);
  ASSERT_EQ(second.error_code, Code::none);
  EXPECT_EQ(first.generation_id, 2);
  EXPECT_EQ(second.generation_id, 2);
  EXPECT_EQ(first.leader, one.id);
  EXPECT_EQ(first.members.size(), 2u);
  EXPECT_TRUE(second.members.empty());
  EXPECT_EQ(second.protocol_name, "range");
  EXPECT_EQ(one.commit("t", 5), Code::rebalance_in_progress) << "it has no part yet";

  two.send_sync({});
  one.send_sync({{one.id, "A"}, {two.id, "B"}});
  EXPECT_EQ(as_text(one.receive_sync().assignment), "A");
  EXPECT_EQ(as_text(two.receive_sync().assignment), "B");
  EXPECT_EQ(one.heartbeat(), Code::none);
  EXPECT_EQ(two.commit("t", 7), Code::none);
  EXPECT_EQ(committed("g", "t"), 7);

  const auto described = describe("g");
  EXPECT_EQ(described.group_state, "Stable");
  EXPECT_EQ(described.protocol_data, "range");
  ASSERT_EQ(described.members.size(), 2u);
  EXPECT_EQ(described.members[0].client_id, "test");
  EXPECT_EQ(described.members[0].client_host, "/127.0.0.1");
  EXPECT_EQ(as_text(described.members[0].member_metadata), "subscription");

  EXPECT_EQ(two.leave(), Code::none);
  EXPECT_EQ(two.heartbeat(), Code::unknown_member_id);
  EXPECT_EQ(one.heartbeat(), Code::rebalance_in_progress);
}

TEST_F(GroupsOverTheWire, OldVersionsJoinAtOnce) {
  for (int16_t version = 0; version <= 9; ++version) {
    Consumer one(broker_->address(), "g" + std::to_string(version));
    one.send_join(version);
    auto response = one.receive_join(version);
    if (version >= 4) {
      EXPECT_EQ(response.error_code, Code::member_id_required) << version;
      one.send_join(version);
      response = one.receive_join(version);
    }
    EXPECT_EQ(response.error_code, Code::none) << version;
    EXPECT_EQ(response.leader, one.id) << version;
    const int16_t sync = std::min<int16_t>(version, 5);
    one.send_sync({{one.id, "x"}}, sync);
    EXPECT_EQ(as_text(one.receive_sync(sync).assignment), "x") << version;
    EXPECT_EQ(one.heartbeat(std::min<int16_t>(version, 4)), Code::none) << version;
  }
}

TEST_F(GroupsOverTheWire, MembersGoOnAfterARestartWithoutARebalance) {
  Consumer before(broker_->address(), "g");
  before.settle("everything");
  EXPECT_EQ(before.commit("t", 11), Code::none);
  restart();
  Consumer after(broker_->address(), "g");
  after.id = before.id;
  after.generation = before.generation;
  EXPECT_EQ(after.heartbeat(), Code::none);
  EXPECT_EQ(after.commit("t", 12), Code::none);
  after.send_sync({});
  EXPECT_EQ(as_text(after.receive_sync().assignment), "everything");
  EXPECT_EQ(committed("g", "t"), 12);
  EXPECT_EQ(describe("g").group_state, "Stable");
}

TEST_F(GroupsOverTheWire, WhatMembersHaveIsShownDuringARebalanceToo) {
  Consumer first(broker_->address(), "g");
  first.settle("everything");
  Consumer second(broker_->address(), "g");
  second.send_join();
  EXPECT_EQ(second.receive_join().error_code, Code::member_id_required);
  second.send_join();
  while (first.heartbeat() == Code::none) {
  }
  const auto described = describe("g");
  EXPECT_EQ(described.group_state, "PreparingRebalance");
  ASSERT_EQ(described.members.size(), 2u);
  const auto& one = described.members[described.members[0].member_id == first.id ? 0 : 1];
  EXPECT_EQ(as_text(one.member_assignment), "everything");
  EXPECT_TRUE(one.member_metadata.empty());
}

TEST_F(GroupsOverTheWire, CommitsOfStrangersAreRefused) {
  Consumer member(broker_->address(), "g");
  member.settle();
  Consumer simple(broker_->address(), "g");
  EXPECT_EQ(simple.commit("t", 1), Code::unknown_member_id) << "the group has members";
  Consumer late(broker_->address(), "g");
  late.id = member.id;
  late.generation = member.generation - 1;
  EXPECT_EQ(late.commit("t", 1), Code::illegal_generation);
  late.generation = member.generation;
  late.id = "somebody";
  EXPECT_EQ(late.commit("t", 1), Code::unknown_member_id);
  Consumer nowhere(broker_->address(), "other");
  nowhere.generation = 3;
  nowhere.id = "x";
  EXPECT_EQ(nowhere.commit("t", 1, 8), Code::illegal_generation);
  EXPECT_EQ(nowhere.commit("t", 1, 9), Code::group_id_not_found);
  nowhere.generation = -1;
  nowhere.id.clear();
  EXPECT_EQ(nowhere.commit("t", 1), Code::none) << "a client that is in no group";
  Consumer nameless(broker_->address(), "");
  EXPECT_EQ(nameless.commit("t", 21), Code::none) << "as in Kafka, which once had such clients";
  EXPECT_EQ(committed("", "t"), 21);
}

TEST_F(GroupsOverTheWire, GroupsAreListedByStateAndTypeAndDeletedWhenEmpty) {
  Consumer member(broker_->address(), "busy");
  member.settle();
  Consumer simple(broker_->address(), "simple");
  EXPECT_EQ(simple.commit("t", 4), Code::none);
  EXPECT_EQ(list({}), (std::vector<std::string>{"busy:Stable:consumer", "simple:Empty:"}));
  EXPECT_EQ(list({"stable"}), (std::vector<std::string>{"busy:Stable:consumer"}));
  EXPECT_EQ(list({}, {"Classic"}).size(), 2u);
  EXPECT_TRUE(list({}, {"consumer"}).empty());

  EXPECT_EQ(remove("busy"), Code::non_empty_group);
  EXPECT_EQ(remove("nobody"), Code::group_id_not_found);
  EXPECT_EQ(remove("simple"), Code::none);
  EXPECT_EQ(committed("simple", "t"), -1);
  EXPECT_EQ(describe("simple").error_code, Code::group_id_not_found);
  EXPECT_EQ(describe("simple", 5).error_code, Code::none);
  EXPECT_EQ(describe("simple", 5).group_state, "Dead");

  EXPECT_EQ(member.commit("t", 9), Code::none);
  EXPECT_EQ(member.leave(), Code::none);
  EXPECT_EQ(list({"Empty"}), (std::vector<std::string>{"busy:Empty:consumer"}));
  restart();
  EXPECT_EQ(list({"Empty"}), (std::vector<std::string>{"busy:Empty:consumer"}));
  EXPECT_EQ(committed("busy", "t"), 9);
  EXPECT_EQ(remove("busy"), Code::none);
  restart();
  EXPECT_TRUE(list({}).empty());
  EXPECT_EQ(committed("busy", "t"), -1);
}

TEST_F(GroupsOverTheWire, OffsetsOfTopicsThatMembersReadAreNotDeleted) {
  const std::string reads_t{"\0\1\0\0\0\1\0\1t\0\0\0\0", 13};
  Consumer member(broker_->address(), "g");
  member.metadata = reads_t;
  member.settle();
  EXPECT_EQ(member.commit("t", 3), Code::none);
  const auto offset_delete = [&](std::string_view topic, int32_t partition) {
    wire::OffsetDeleteRequest request;
    request.group_id = "g";
    request.topics.push_back({topic, {{partition}}});
    const auto response = client_->call<wire::OffsetDeleteResponse>(request, 0);
    return response.error_code != Code::none ? response.error_code
                                             : response.topics.at(0).partitions.at(0).error_code;
  };
  EXPECT_EQ(offset_delete("t", 0), Code::group_subscribed_to_topic);
  EXPECT_EQ(offset_delete("none", 0), Code::unknown_topic_or_partition);
  EXPECT_EQ(member.leave(), Code::none);
  EXPECT_EQ(committed("g", "t"), 3);
  EXPECT_EQ(offset_delete("t", 1), Code::none);
  EXPECT_EQ(offset_delete("t", 0), Code::none);
  EXPECT_EQ(committed("g", "t"), -1);
  EXPECT_EQ(remove("g"), Code::none);
  EXPECT_EQ(offset_delete("t", 0), Code::group_id_not_found);
}

TEST_F(GroupsOverTheWire, AStaticMemberComesBackWithoutARebalance) {
  Consumer first(broker_->address(), "g");
  first.instance = "i1";
  first.settle("mine");
  const std::string old_id = first.id;
  restart();
  Consumer again(broker_->address(), "g");
  again.instance = "i1";
  const auto joined = again.join();
  EXPECT_EQ(joined.error_code, Code::none);
  EXPECT_EQ(joined.generation_id, first.generation);
  EXPECT_TRUE(joined.skip_assignment);
  EXPECT_EQ(joined.leader, again.id);
  EXPECT_NE(again.id, old_id);
  again.send_sync({});
  EXPECT_EQ(as_text(again.receive_sync().assignment), "mine");
  Consumer zombie(broker_->address(), "g");
  zombie.instance = "i1";
  zombie.id = old_id;
  zombie.generation = first.generation;
  EXPECT_EQ(zombie.heartbeat(), Code::fenced_instance_id);
  EXPECT_EQ(zombie.commit("t", 1), Code::fenced_instance_id);
}

}  // namespace
}  // namespace holdfast::broker
