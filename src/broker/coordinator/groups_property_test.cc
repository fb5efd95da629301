// Whatever members do, in whatever order, with restarts in between.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <set>

#include "broker/coordinator/group_world_for_tests.h"

namespace holdfast::broker::coordinator {
namespace {

using Code = wire::ErrorCode;

struct Step {
  int who = 0;
  int what = 0;
  int64_t ms = 0;
};

rc::Gen<std::vector<Step>> steps() {
  return rc::gen::container<std::vector<Step>>(
      rc::gen::build<Step>(rc::gen::set(&Step::who, rc::gen::inRange(0, 6)),
                           rc::gen::set(&Step::what, rc::gen::inRange(0, 14)),
                           rc::gen::set(&Step::ms, rc::gen::inRange<int64_t>(0, 12'000))));
}

/// Six clients in two groups, half of them static, that follow the protocol more or less.
class Crowd {
 public:
  Crowd() : world({.initial_rebalance_delay_ms = 50, .members_max = 3}) {
    for (int i = 0; i < 6; ++i) {
      TestMember& member = members[i];
      member.group = i % 2 == 0 ? "even" : "odd";
      if (i >= 3) member.instance = "i" + std::to_string(i);
      member.rebalance_ms = 8000 + 1000 * i;
      if (i != 1) member.protocols.push_back({"sticky", ""});
    }
  }

  void take(const Step& step) {
    TestMember& member = members[step.who];
    const uint64_t waiting = joining[step.who];
    if (waiting != 0 && world.learn(member, waiting)) {
      const auto& answer = world.joins.at(waiting);
      if (answer.error_code == Code::member_id_required) member.id = answer.member_id;
      if (answer.error_code == Code::unknown_member_id) member.id.clear();
      joining[step.who] = 0;
    }
    switch (step.what) {
      case 0:
      case 1:
      case 2:
      case 3:
        joining[step.who] = world.join(member, step.ms % 2 == 0 ? 9 : 3);
        asked_by[member.group].insert(joining[step.who]);
        break;
      case 4:
      case 5:
      case 6: {
        std::vector<std::pair<std::string, std::string>> parts;
        for (const auto& each : members) parts.push_back({each.id, "part of " + each.id});
        world.sync(member, parts);
        break;
      }
      case 7:
      case 8:
        world.heartbeat(member);
        break;
      case 9:
        world.leave(member.group, {{member.id, {}, {}}});
        break;
      case 10:
        world.commit(member);
        break;
      case 11:  // its process begins anew
        member.id.clear();
        member.generation = -1;
        break;
      case 12:
        world.pass(step.ms);
        break;
      case 13:
        if (step.ms % 4 == 0) restart();
        break;
    }
    check();
  }

  void restart() {
    world.restart();
    joining = {};
    leaders.clear();  // a generation that was not completed is forgotten, and its number used again
    for (const auto& [name, stored] : world.stored().all()) {
      const Group* group = world.group(name);
      RC_ASSERT(group != nullptr);
      RC_ASSERT(group->stored(stored.changed_ms) == stored);
      latest[name] = std::min(latest[name], stored.generation);
    }
  }

  void check() {
    RC_ASSERT(world.answered_twice == 0u);
    check_leaders();
    for (const char* name : {"even", "odd"}) {
      const Group* group = world.group(name);
      if (!group) {
        latest[name] = 0;
        continue;
      }
      RC_ASSERT(group->generation() >= latest[name]);
      latest[name] = group->generation();
      RC_ASSERT(group->joining() <= 3u);
      RC_ASSERT(group->members().empty() || group->members().contains(group->leader()));
      RC_ASSERT((group->state() == GroupState::empty) <= group->members().empty());
      size_t joining_now = 0;
      for (const auto& [id, member] : group->members()) joining_now += member.joining ? 1 : 0;
      RC_ASSERT(group->joining() == joining_now);
      if (group->state() == GroupState::stable) {
        const GroupStored* stored = world.stored().find(name);
        RC_ASSERT(stored != nullptr);
        RC_ASSERT(group->stored(stored->changed_ms) == *stored);
      }
    }
  }

  /// Only who is told that it leads hears of the others, and there is one such in a generation: a
  /// member, or an instance, whatever id it has.
  void check_leaders() {
    for (const auto& [ticket, answer] : world.joins) {
      if (answer.error_code != Code::none || !checked.insert(ticket).second) continue;
      const bool leads = answer.leader == answer.member_id;
      RC_ASSERT(leads == !answer.members.empty());
      if (!leads) continue;
      std::string who = answer.member_id;
      if (who.starts_with("i")) who.resize(2);
      std::string group;
      for (const auto& [name, id] : asked_by) {
        if (id.contains(ticket)) group = name;
      }
      leaders[{group, answer.generation_id}].insert(who);
      RC_ASSERT((leaders[{group, answer.generation_id}].size()) == 1u);
    }
  }

  GroupWorld world;
  std::array<TestMember, 6> members;
  std::array<uint64_t, 6> joining{};
  std::map<std::string, int32_t, std::less<>> latest;
  std::set<uint64_t> checked;
  std::map<std::string, std::set<uint64_t>> asked_by;  // joins by group
  std::map<std::pair<std::string, int32_t>, std::set<std::string>> leaders;
};

RC_GTEST_PROP(GroupsProperty, NoSequenceBreaksTheBooksAndARestartGivesWhatWasKept, ()) {
  Crowd crowd;
  for (const Step& step : *steps()) crowd.take(step);
  crowd.restart();
}

RC_GTEST_PROP(GroupsProperty, WhenEverybodyFallsSilentEveryRequestIsAnsweredAndNobodyIsLeft, ()) {
  Crowd crowd;
  std::set<uint64_t> asked;
  for (const Step& step : *steps()) {
    if (step.what == 13) continue;  // a restart answers nobody
    crowd.take(step);
    if (crowd.joining[step.who] != 0) asked.insert(crowd.joining[step.who]);
  }
  crowd.world.pass(3'600'000);
  for (const uint64_t ticket : asked) RC_ASSERT(crowd.world.joins.contains(ticket));
  RC_ASSERT(crowd.world.groups().next_deadline_ms() == INT64_MAX);
  uint64_t bytes = 0;
  for (const auto& [name, group] : crowd.world.groups().all()) {
    RC_ASSERT(group->state() == GroupState::empty);
    bytes += group->bytes();
  }
  RC_ASSERT(crowd.world.groups().metadata_bytes() == bytes);
}

RC_GTEST_PROP(GroupsProperty, TheRecordsAloneGiveTheSameStore, ()) {
  Crowd crowd;
  for (const Step& step : *steps()) crowd.take(step);
  StoredGroups again;
  for (const GroupStored& record : crowd.world.records) {
    ByteBuffer bytes;
    StateWriter out(bytes);
    record.write(out);
    StateReader in(bytes);
    again.replay(GroupStored::read(in));
    RC_ASSERT(in.at_end());
  }
  RC_ASSERT(again.all() == crowd.world.stored().all());
}

}  // namespace
}  // namespace holdfast::broker::coordinator
