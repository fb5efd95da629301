#include "broker/coordinator/offsets.h"

#include <gtest/gtest.h>

#include "broker/coordinator/producer_ids.h"

namespace holdfast::broker::coordinator {
namespace {

OffsetsCommitted commit(std::string group, std::string topic, int32_t partition, int64_t offset) {
  return {std::move(group), {{std::move(topic), partition, {.offset = offset, .metadata = "m"}}}};
}

TEST(Offsets, TheLastCommitCounts) {
  Offsets offsets;
  offsets.replay(commit("g", "t", 3, 10));
  offsets.replay(commit("g", "t", 3, 12));
  ASSERT_NE(offsets.find("g", "t", 3), nullptr);
  EXPECT_EQ(offsets.find("g", "t", 3)->offset, 12);
  EXPECT_EQ(offsets.find("g", "t", 4), nullptr);
  EXPECT_EQ(offsets.find("h", "t", 3), nullptr);
  EXPECT_EQ(offsets.size(), 1u);
}

TEST(Offsets, ADeletedTopicsOffsetsGo) {
  Offsets offsets;
  offsets.replay(commit("g", "gone", 0, 1));
  offsets.replay(commit("g", "stays", 0, 2));
  offsets.replay(commit("only", "gone", 1, 3));
  offsets.forget_topic("gone");
  EXPECT_EQ(offsets.size(), 1u);
  EXPECT_EQ(offsets.of_group("only"), nullptr);
  EXPECT_EQ(offsets.find("g", "stays", 0)->offset, 2);
}

TEST(Offsets, ATruncatedRecordIsNeverReadAsAWholeOne) {
  ByteBuffer bytes;
  StateWriter out(bytes);
  commit("group", "topic", 1, 99).write(out);
  for (size_t length = 0; length < bytes.size(); ++length) {
    StateReader in(ByteView(bytes).first(length));
    OffsetsCommitted::read(in);
    EXPECT_TRUE(in.failed()) << length;
  }
  StateReader in(bytes);
  EXPECT_EQ(OffsetsCommitted::read(in).entries.at(0).committed.offset, 99);
  EXPECT_TRUE(in.at_end());
}

int64_t give_one(ProducerIds& ids) {
  const auto decision = ids.decide();
  if (decision.record) ids.replay(*decision.record);
  ids.take(decision.producer_id);
  return decision.producer_id;
}

TEST(ProducerIds, NoneIsGivenTwiceAcrossARestart) {
  ProducerIds ids;
  std::vector<ProducerIdsReserved> log;
  int64_t last = -1;
  for (int64_t i = 0; i < ProducerIds::block + 10; ++i) {
    if (const auto decision = ids.decide(); decision.record) log.push_back(*decision.record);
    last = give_one(ids);
    EXPECT_EQ(last, i);
  }
  EXPECT_EQ(log.size(), 2u);
  ProducerIds restarted;
  for (const auto& record : log) restarted.replay(record);
  restarted.skip_block();
  EXPECT_EQ(give_one(restarted), 2 * ProducerIds::block);
  EXPECT_GT(2 * ProducerIds::block, last);
}

}  // namespace
}  // namespace holdfast::broker::coordinator
