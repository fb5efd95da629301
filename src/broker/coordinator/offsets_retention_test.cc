#include "broker/coordinator/offsets_retention.h"

#include <gtest/gtest.h>

#include "broker/coordinator/group_world_for_tests.h"

namespace holdfast::broker::coordinator {
namespace {

constexpr int64_t kDay = 86'400'000;

class OffsetsRetention : public ::testing::Test {
 protected:
  void commit(const std::string& group, const std::string& topic, int32_t partition = 0) {
    offsets_.replay(OffsetsCommitted{
        group,
        {{topic, partition, {.offset = 1, .committed_ms = world_.now.wall_ms, .metadata = ""}}}});
  }
  void days_pass(int days) { world_.now.wall_ms += days * kDay; }
  /// What a check finds now, with a retention of seven days: offsets as group/topic, groups as
  /// such.
  std::vector<std::string> too_old() {
    const auto found = what_is_too_old(
        offsets_, world_.stored(), world_.groups(),
        [&](std::string_view group) { return group == pending_; }, world_.now.wall_ms - 7 * kDay);
    std::vector<std::string> names;
    for (const auto& record : found.offsets) {
      for (const auto& entry : record.entries) names.push_back(record.group + "/" + entry.topic);
    }
    for (const auto& group : found.groups.groups) names.push_back(group);
    return names;
  }
  TestMember settle(const TestMember& wanted) {
    TestMember member = wanted;
    EXPECT_TRUE(world_.join_and_learn(member).has_value());
    world_.sync(member, {{member.id, "all"}});
    return member;
  }

  GroupWorld world_;
  Offsets offsets_;
  std::string pending_;
};

const std::string reads_t{"\0\1\0\0\0\1\0\1t", 9};

TEST_F(OffsetsRetention, AClientInNoGroupKeepsAnOffsetForTheRetention) {
  commit("simple", "a");
  days_pass(4);
  commit("simple", "b");
  days_pass(3);
  EXPECT_TRUE(too_old().empty()) << "exactly as long";
  world_.now.wall_ms += 1;
  EXPECT_EQ(too_old(), std::vector<std::string>{"simple/a"});
}

TEST_F(OffsetsRetention, AGroupsOffsetsAreKeptFromWhenItBecameEmpty) {
  const TestMember member = settle({});
  commit("g", "t");
  days_pass(30);
  EXPECT_TRUE(too_old().empty()) << "it has members";
  world_.leave("g", {{member.id, {}, {}}});
  days_pass(7);
  EXPECT_TRUE(too_old().empty());
  world_.now.wall_ms += 1;
  EXPECT_EQ(too_old(), std::vector<std::string>{"g"}) << "the group goes with its last offset";
  commit("g", "t");
  EXPECT_TRUE(too_old().empty()) << "a commit to an empty group counts from its own time";
}

TEST_F(OffsetsRetention, ConsumersLoseOldOffsetsOfTopicsThatTheyNoLongerRead) {
  settle({.protocols = {{"range", reads_t}}});
  commit("g", "t");
  commit("g", "left");
  days_pass(8);
  EXPECT_EQ(too_old(), std::vector<std::string>{"g/left"});
}

TEST_F(OffsetsRetention, AGroupOfAnotherKindKeepsAllWhileItHasMembers) {
  settle({.type = "connect", .protocols = {{"default", reads_t}}});
  commit("g", "left");
  days_pass(8);
  EXPECT_TRUE(too_old().empty());
}

TEST_F(OffsetsRetention, WhatATransactionIsAboutToCommitIsWaitedFor) {
  commit("g", "t");
  days_pass(8);
  pending_ = "g";
  EXPECT_TRUE(too_old().empty());
  pending_.clear();
  EXPECT_EQ(too_old(), std::vector<std::string>{"g/t"});
}

TEST_F(OffsetsRetention, AnEmptyGroupWithoutOffsetsGoes) {
  const TestMember member = settle({});
  world_.leave("g", {{member.id, {}, {}}});
  days_pass(8);
  EXPECT_EQ(too_old(), std::vector<std::string>{"g"});
  TestMember again;
  world_.join(again);
  EXPECT_TRUE(too_old().empty()) << "somebody is about to join";
}

TEST(GroupRecords, ATruncatedRecordIsNeverReadAsAWholeOne) {
  const GroupStored record{.group = "g",
                           .protocol_type = "consumer",
                           .generation = 7,
                           .protocol = "range",
                           .leader = "m",
                           .changed_ms = 99,
                           .members = {{.id = "m",
                                        .instance_id = "i",
                                        .client_id = "c",
                                        .client_host = "h",
                                        .rebalance_timeout_ms = 1,
                                        .session_timeout_ms = 2,
                                        .metadata = "meta",
                                        .assignment = "part"},
                                       {.id = "n",
                                        .instance_id = {},
                                        .client_id = {},
                                        .client_host = {},
                                        .metadata = {},
                                        .assignment = {}}}};
  ByteBuffer bytes;
  StateWriter out(bytes);
  record.write(out);
  for (size_t length = 0; length < bytes.size(); ++length) {
    StateReader in(ByteView(bytes).first(length));
    GroupStored::read(in);
    EXPECT_TRUE(in.failed()) << length;
  }
  StateReader in(bytes);
  EXPECT_EQ(GroupStored::read(in), record);
  EXPECT_TRUE(in.at_end());
}

}  // namespace
}  // namespace holdfast::broker::coordinator
