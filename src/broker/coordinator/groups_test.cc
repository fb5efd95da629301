#include "broker/coordinator/groups.h"

#include <gtest/gtest.h>

#include "broker/coordinator/group_world_for_tests.h"

namespace holdfast::broker::coordinator {
namespace {

using Code = wire::ErrorCode;

/// One member, alone and settled.
TestMember settled(GroupWorld& world, TestMember member = {}) {
  const auto joined = world.join_and_learn(member);
  EXPECT_TRUE(joined && joined->error_code == Code::none);
  EXPECT_EQ(world.syncs.at(world.sync(member, {{member.id, "all"}})).error_code, Code::none);
  EXPECT_EQ(world.group(member.group)->state(), GroupState::stable);
  return member;
}

/// Two members, settled; the first leads.
std::pair<TestMember, TestMember> two_settled(GroupWorld& world, TestMember a = {},
                                              TestMember b = {}) {
  a = settled(world, a);
  EXPECT_FALSE(world.join_and_learn(b).has_value()) << "it waits for the first one";
  const uint64_t waiting = world.last_ticket();
  EXPECT_TRUE(world.join_and_learn(a).has_value());
  EXPECT_TRUE(world.learn(b, waiting).has_value());
  world.sync(b);
  world.sync(a, {{a.id, "A"}, {b.id, "B"}});
  EXPECT_EQ(world.group()->state(), GroupState::stable);
  return {a, b};
}

TEST(Groups, AMemberThatNeverComesBackWithItsIdHoldsNobodyUp) {
  GroupWorld world;
  TestMember one = settled(world);
  const uint64_t ghost = world.join({});
  EXPECT_EQ(world.joins.at(ghost).error_code, Code::member_id_required);
  EXPECT_EQ(world.group()->state(), GroupState::stable) << "an id alone begins nothing";
  // A rebalance waits for those who have an id, until that is too old.
  const uint64_t again = world.join(one);
  EXPECT_FALSE(world.joins.contains(again));
  world.pass(10'000);
  ASSERT_TRUE(world.joins.contains(again));
  EXPECT_EQ(world.joins.at(again).generation_id, 2);
}

TEST(Groups, ASilentMemberIsGoneWhenItsSessionIsOverAndNotBefore) {
  GroupWorld world;
  auto [a, b] = two_settled(world);
  world.pass(5000);
  EXPECT_EQ(world.heartbeat(a), Code::none);
  world.pass(4999);
  EXPECT_EQ(world.group()->members().size(), 2u);
  EXPECT_EQ(world.heartbeat(a), Code::none);
  world.pass(1);
  EXPECT_EQ(world.heartbeat(a), Code::rebalance_in_progress);
  EXPECT_EQ(world.heartbeat(b), Code::unknown_member_id);
  const auto joined = world.join_and_learn(a);
  ASSERT_TRUE(joined.has_value()) << "nobody else is waited for";
  EXPECT_EQ(joined->generation_id, 3);
  EXPECT_EQ(joined->members.size(), 1u);
}

TEST(Groups, ACommitKeepsASessionAlive) {
  GroupWorld world;
  TestMember one = settled(world);
  for (int i = 0; i < 5; ++i) {
    world.pass(9000);
    EXPECT_EQ(world.commit(one), Code::none);
  }
}

TEST(Groups, WhoDoesNotJoinAgainInTimeIsLeftBehind) {
  GroupWorld world;
  auto [a, b] = two_settled(world);
  const uint64_t waits = world.join(a);
  for (int i = 0; i < 6; ++i) {
    EXPECT_FALSE(world.joins.contains(waits));
    EXPECT_EQ(world.heartbeat(b), Code::rebalance_in_progress) << "alive, but it does not join";
    world.pass(5000);
  }
  ASSERT_TRUE(world.joins.contains(waits));
  EXPECT_EQ(world.joins.at(waits).members.size(), 1u);
  EXPECT_EQ(world.heartbeat(b), Code::unknown_member_id);
}

TEST(Groups, WhoJoinsAndNeverSyncsIsLeftBehind) {
  GroupWorld world;
  auto [a, b] = two_settled(world);
  const uint64_t waits = world.join(a);
  ASSERT_TRUE(world.join_and_learn(b).has_value());
  ASSERT_TRUE(world.learn(a, waits).has_value());
  const uint64_t syncs = world.sync(a, {{a.id, "A"}, {b.id, "B"}});
  EXPECT_EQ(world.syncs.at(syncs).error_code, Code::none);
  for (int i = 0; i < 6; ++i) {
    EXPECT_EQ(world.heartbeat(b), Code::none);
    EXPECT_EQ(world.heartbeat(a), Code::none);
    world.pass(5000);
  }
  EXPECT_EQ(world.heartbeat(b), Code::unknown_member_id);
  EXPECT_EQ(world.heartbeat(a), Code::rebalance_in_progress);
}

TEST(Groups, ALeaderThatDiesBeforeItAssignsIsReplaced) {
  GroupWorld world;
  auto [a, b] = two_settled(world);
  const uint64_t waits = world.join(a);
  ASSERT_TRUE(world.join_and_learn(b).has_value());
  ASSERT_TRUE(world.learn(a, waits).has_value());
  const uint64_t sync = world.sync(b);
  world.pass(10'000);
  EXPECT_EQ(world.syncs.at(sync).error_code, Code::rebalance_in_progress);
  const auto joined = world.join_and_learn(b);
  ASSERT_TRUE(joined.has_value());
  EXPECT_EQ(joined->leader, b.id);
}

TEST(Groups, TheLeaderMayAskForARebalanceAndAFollowerMayNot) {
  GroupWorld world;
  auto [a, b] = two_settled(world);
  const auto told = world.join_and_learn(b);
  ASSERT_TRUE(told.has_value());
  EXPECT_EQ(told->generation_id, a.generation);
  EXPECT_TRUE(told->members.empty());
  EXPECT_EQ(world.group()->state(), GroupState::stable);
  b.protocols = {{"range", "other topics"}};
  EXPECT_FALSE(world.join_and_learn(b).has_value());
  EXPECT_EQ(world.heartbeat(a), Code::rebalance_in_progress);
  EXPECT_TRUE(world.join_and_learn(a).has_value());
  EXPECT_FALSE(world.join_and_learn(a)->members.empty())
      << "it missed the answer, and gets it again";
}

TEST(Groups, MostVotesChooseAmongWhatAllHave) {
  GroupWorld world;
  TestMember a{.protocols = {{"x", ""}, {"range", "1"}, {"sticky", ""}}};
  TestMember b{.protocols = {{"sticky", ""}, {"range", "2"}}};
  auto [first, second] = two_settled(world, a, b);
  TestMember c{.protocols = {{"sticky", "3"}, {"range", ""}}};
  world.join_and_learn(c);
  const uint64_t wait = world.join(first);
  const auto joined = world.join_and_learn(second);
  ASSERT_TRUE(joined.has_value());
  EXPECT_EQ(joined->protocol_name, "sticky");
  EXPECT_EQ(world.joins.at(wait).members.size(), 3u);
}

TEST(Groups, WhoCannotBeInTheGroupIsTold) {
  GroupWorld world;
  settled(world);
  const auto refused = [&](const TestMember& member) {
    return world.joins.at(world.join(member)).error_code;
  };
  EXPECT_EQ(refused({.protocols = {{"other", ""}}}), Code::inconsistent_group_protocol);
  EXPECT_EQ(refused({.type = "connect"}), Code::inconsistent_group_protocol);
  EXPECT_EQ(refused({.group = "new", .type = ""}), Code::inconsistent_group_protocol);
  EXPECT_EQ(refused({.group = "new", .protocols = {}}), Code::inconsistent_group_protocol);
  EXPECT_EQ(refused({.session_ms = 5999}), Code::invalid_session_timeout);
  EXPECT_EQ(refused({.session_ms = 1'800'001}), Code::invalid_session_timeout);
  EXPECT_EQ(refused({.group = ""}), Code::invalid_group_id);
  EXPECT_EQ(refused({.id = "stranger"}), Code::unknown_member_id);
  EXPECT_EQ(refused({.group = "new", .id = "stranger"}), Code::unknown_member_id);
  EXPECT_EQ(refused({.id = "x", .instance = "nobody"}), Code::unknown_member_id);
  EXPECT_EQ(world.group("new"), nullptr) << "refusals leave nothing behind";
}

TEST(Groups, AnyProtocolTypeIsTaken) {
  GroupWorld world;
  TestMember worker{.type = "connect", .protocols = {{"sessioned", std::string("\0\xff", 2)}}};
  worker = settled(world, worker);
  EXPECT_EQ(world.group()->protocol_type(), "connect");
  EXPECT_EQ(world.joins.rbegin()->second.members.at(0).metadata.size(), 2u);
  EXPECT_FALSE(world.group()->subscribed_to("t"));
}

TEST(Groups, AFullGroupTakesNobodyElse) {
  GroupWorld world({.initial_rebalance_delay_ms = 0, .members_max = 2});
  auto [a, b] = two_settled(world);
  EXPECT_EQ(world.joins.at(world.join({})).error_code, Code::group_max_size_reached);
  const uint64_t waits = world.join(a);
  EXPECT_TRUE(world.join_and_learn(b).has_value()) << "those who are in stay in";
  EXPECT_EQ(world.joins.at(waits).error_code, Code::none);
}

TEST(Groups, ANewGroupWaitsALittleForOthers) {
  GroupWorld world({.initial_rebalance_delay_ms = 100});
  TestMember a;
  TestMember b;
  EXPECT_FALSE(world.join_and_learn(a).has_value());
  world.pass(99);
  EXPECT_FALSE(world.join_and_learn(b).has_value());
  world.pass(100);
  EXPECT_EQ(world.group()->state(), GroupState::preparing_rebalance) << "longer, for who just came";
  world.pass(1);
  EXPECT_EQ(world.group()->state(), GroupState::completing_rebalance);
  EXPECT_EQ(world.group()->members().size(), 2u);
}

TEST(Groups, ARepeatedJoinTakesThePlaceOfTheFirst) {
  GroupWorld world;
  auto [a, b] = two_settled(world);
  const uint64_t lost = world.join(a);
  const uint64_t repeated = world.join(a);
  EXPECT_EQ(world.joins.at(lost).error_code, Code::rebalance_in_progress);
  EXPECT_FALSE(world.joins.contains(repeated));
  world.join(b);
  EXPECT_EQ(world.joins.at(repeated).error_code, Code::none);
}

TEST(Groups, WhatCannotBeKeptIsNotHandedOut) {
  GroupWorld world;
  TestMember one;
  ASSERT_TRUE(world.join_and_learn(one).has_value());
  world.disk_full = true;
  EXPECT_EQ(world.syncs.at(world.sync(one, {{one.id, "all"}})).error_code,
            Code::coordinator_not_available);
  EXPECT_EQ(world.group()->state(), GroupState::preparing_rebalance);
  EXPECT_TRUE(world.records.empty());
  world.disk_full = false;
  ASSERT_TRUE(world.join_and_learn(one).has_value());
  EXPECT_EQ(world.syncs.at(world.sync(one, {{one.id, "all"}})).error_code, Code::none);
}

TEST(Groups, SeveralMembersLeaveAtOnceSomeByTheirInstanceId) {
  GroupWorld world;
  auto [a, b] = two_settled(world, {.instance = "i1"}, {});
  const auto left =
      world.leave("g", {{"", "i1", {}}, {b.id, {}, {}}, {"x", {}, {}}, {"", "i9", {}}});
  ASSERT_EQ(left.members.size(), 4u);
  EXPECT_EQ(left.members[0].error_code, Code::none);
  EXPECT_EQ(left.members[1].error_code, Code::none);
  EXPECT_EQ(left.members[2].error_code, Code::unknown_member_id);
  EXPECT_EQ(left.members[3].error_code, Code::unknown_member_id);
  EXPECT_EQ(world.group()->state(), GroupState::empty);
  EXPECT_TRUE(world.records.back().members.empty()) << "that it is empty, and since when, is kept";
  EXPECT_EQ(world.leave("none", {{"x", {}, {}}}).members.at(0).error_code, Code::unknown_member_id);
  EXPECT_EQ(world.leave("none", {{"x", {}, {}}}, 1).error_code, Code::unknown_member_id);
}

TEST(Groups, AStaticMemberComesBackUnderANewIdAndTheOldOneIsFenced) {
  GroupWorld world;
  auto [a, b] = two_settled(world, {.instance = "i1"}, {.instance = "i2"});
  const TestMember old = b;
  b.id.clear();
  const auto back = world.join_and_learn(b);
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->generation_id, a.generation);
  EXPECT_NE(b.id, old.id);
  EXPECT_EQ(world.heartbeat(old), Code::fenced_instance_id);
  EXPECT_EQ(world.commit(old), Code::fenced_instance_id);
  EXPECT_EQ(world.heartbeat(a), Code::none) << "no rebalance";
  EXPECT_EQ(as_text(world.syncs.at(world.sync(b)).assignment), "B");
  world.restart();
  EXPECT_EQ(world.heartbeat(b), Code::none) << "its new id was kept";
  EXPECT_EQ(world.heartbeat(old), Code::fenced_instance_id);
}

TEST(Groups, AStaticLeaderThatComesBackDoesNotAssign) {
  for (const int16_t version : {int16_t{8}, int16_t{9}}) {
    GroupWorld world;
    auto [a, b] = two_settled(world, {.instance = "i1"}, {.instance = "i2"});
    const std::string before = a.id;
    a.id.clear();
    const auto back = world.join_and_learn(a, version);
    ASSERT_TRUE(back.has_value());
    EXPECT_EQ(back->skip_assignment, version == 9);
    EXPECT_EQ(back->members.size(), version == 9 ? 2u : 0u);
    EXPECT_EQ(back->leader, version == 9 ? a.id : before);
    EXPECT_EQ(as_text(world.syncs.at(world.sync(a)).assignment), "A");
  }
}

TEST(Groups, AStaticMemberThatChangesTheChoiceOfProtocolBeginsARebalance) {
  GroupWorld world;
  TestMember both{.instance = "i1", .protocols = {{"range", ""}, {"sticky", ""}}};
  TestMember other{.instance = "i2", .protocols = {{"range", ""}, {"sticky", ""}}};
  auto [a, b] = two_settled(world, both, other);
  EXPECT_EQ(world.group()->protocol(), "range");
  b.id.clear();
  b.protocols = {{"sticky", ""}};
  EXPECT_FALSE(world.join_and_learn(b).has_value());
  EXPECT_EQ(world.heartbeat(a), Code::rebalance_in_progress);
}

TEST(Groups, AStaticMemberThatIsAwayKeepsItsPlaceUntilItsSessionIsOver) {
  GroupWorld world;
  auto [a, b] = two_settled(world, {.instance = "i1", .session_ms = 60'000},
                            {.instance = "i2", .session_ms = 60'000});
  const uint64_t waits = world.join(a);
  world.pass(29'999);
  EXPECT_FALSE(world.joins.contains(waits));
  world.pass(1);
  ASSERT_TRUE(world.joins.contains(waits)) << "the rebalance does not wait longer than it may";
  EXPECT_EQ(world.joins.at(waits).members.size(), 2u);
}

TEST(Groups, WithoutMembershipOnlyAnEmptyGroupTakesCommits) {
  GroupWorld world;
  EXPECT_EQ(world.commit({}), Code::none);
  TestMember a = settled(world);
  EXPECT_EQ(world.commit({}), Code::unknown_member_id);
  EXPECT_EQ(world.commit({}, true), Code::none) << "old transactional producers say nothing";
  TestMember late = a;
  late.generation = 0;
  EXPECT_EQ(world.commit(late), Code::illegal_generation);
  EXPECT_EQ(world.commit(late, true), Code::illegal_generation);
  EXPECT_EQ(world.commit(a, true), Code::none);
  EXPECT_EQ(world.commit({.id = "x", .generation = 1}, true), Code::unknown_member_id);
}

TEST(Groups, ARebalanceUnderWayIsForgottenByARestart) {
  GroupWorld world;
  auto [a, b] = two_settled(world);
  world.join(a);
  ASSERT_TRUE(world.join_and_learn(b).has_value());
  EXPECT_EQ(b.generation, 3);
  world.restart();
  EXPECT_EQ(world.heartbeat(b), Code::illegal_generation);
  EXPECT_EQ(world.heartbeat(a), Code::none) << "it has not heard of the new one";
  world.pass(10'000);
  EXPECT_EQ(world.group()->state(), GroupState::empty) << "every session began anew, and is over";
}

TEST(Groups, ASyncForAnotherProtocolIsRefused) {
  GroupWorld world;
  TestMember one;
  ASSERT_TRUE(world.join_and_learn(one).has_value());
  wire::SyncGroupRequest request;
  request.group_id = "g";
  request.generation_id = one.generation;
  request.member_id = one.id;
  request.protocol_type = "consumer";
  request.protocol_name = "sticky";
  const auto decision = world.groups().sync(request, {{}, "c", "h", world.now});
  EXPECT_EQ(std::get<wire::SyncGroupResponse>(decision.answers.at(0).response).error_code,
            Code::inconsistent_group_protocol);
}

TEST(Groups, ASyncSaysItsProtocolFromVersionFiveOn) {
  GroupWorld world;
  TestMember one;
  ASSERT_TRUE(world.join_and_learn(one).has_value());
  EXPECT_EQ(world.syncs.at(world.sync(one, {{one.id, "all"}}, 5)).error_code,
            Code::inconsistent_group_protocol);
  EXPECT_EQ(world.syncs.at(world.sync(one, {{one.id, "all"}}, 4)).error_code, Code::none);
}

}  // namespace
}  // namespace holdfast::broker::coordinator
