#include "broker/coordinator/producer_states.h"

#include <gtest/gtest.h>

namespace holdfast::broker::coordinator {
namespace {

ProducedBatch batch(int32_t first, int32_t last, int64_t offset, int16_t epoch = 0,
                    int64_t id = 7) {
  return {.producer_id = id,
          .producer_epoch = epoch,
          .first_sequence = first,
          .last_sequence = last,
          .base_offset = offset};
}

ByteBuffer bytes_of(const ProducerStates& states) {
  ByteBuffer bytes;
  StateWriter out(bytes);
  states.write(out);
  return bytes;
}

TEST(ProducerStates, AnUnknownProducerMayBeginWithAnySequence) {
  const ProducerStates states;
  EXPECT_EQ(states.check(batch(4711, 4720, 0)).verdict, ProduceVerdict::append);
}

TEST(ProducerStates, WhoHasToBeginFromTheStartMayOnlyGoOnWhereHeIsKnown) {
  ProducerStates states;
  EXPECT_EQ(states.check(batch(5, 9, 0), true).verdict, ProduceVerdict::out_of_order);
  EXPECT_EQ(states.check(batch(0, 4, 0), true).verdict, ProduceVerdict::append);
  states.replay(batch(0, 4, 100), 1);
  EXPECT_EQ(states.check(batch(5, 9, 0), true).verdict, ProduceVerdict::append);
}

TEST(ProducerStates, NothingOvertakesTheFirstBatchOfAnUnknownProducerThatWasRefusedForNow) {
  ProducerStates states;
  states.note_refused(batch(5, 9, 0));
  states.note_refused(batch(0, 4, 0));
  EXPECT_EQ(states.check(batch(5, 9, 0)).verdict, ProduceVerdict::out_of_order);
  EXPECT_EQ(states.check(batch(0, 4, 0)).verdict, ProduceVerdict::append);
  EXPECT_EQ(states.check(batch(5, 9, 0, 1)).verdict, ProduceVerdict::append) << "a new epoch";
  EXPECT_EQ(states.check(batch(5, 9, 0, 0, 8)).verdict, ProduceVerdict::append) << "another one";
  states.replay(batch(0, 4, 100), 1);
  EXPECT_EQ(states.check(batch(5, 9, 0)).verdict, ProduceVerdict::append);
}

TEST(ProducerStates, TheNextSequenceIsTakenAndAGapIsRefused) {
  ProducerStates states;
  states.replay(batch(0, 9, 100), 1);
  EXPECT_EQ(states.check(batch(10, 12, 0)).verdict, ProduceVerdict::append);
  EXPECT_EQ(states.check(batch(11, 12, 0)).verdict, ProduceVerdict::out_of_order);
}

TEST(ProducerStates, EachOfTheLastFiveBatchesIsRecognisedWithItsOwnOffset) {
  ProducerStates states;
  for (int32_t i = 0; i < 7; ++i) states.replay(batch(i * 10, i * 10 + 9, 1000 + i), 1);
  for (int32_t i = 2; i < 7; ++i) {
    const auto decision = states.check(batch(i * 10, i * 10 + 9, 0));
    EXPECT_EQ(decision.verdict, ProduceVerdict::duplicate) << i;
    EXPECT_EQ(decision.base_offset, 1000 + i);
  }
  EXPECT_EQ(states.check(batch(10, 19, 0)).verdict, ProduceVerdict::out_of_order)
      << "the sixth is forgotten";
}

TEST(ProducerStates, ABatchCutDifferentlyIsNoDuplicate) {
  ProducerStates states;
  states.replay(batch(0, 9, 100), 1);
  EXPECT_EQ(states.check(batch(0, 8, 0)).verdict, ProduceVerdict::out_of_order);
}

TEST(ProducerStates, SequencesWrapFromTheLargestToZero) {
  ProducerStates states;
  states.replay(batch(INT32_MAX - 4, INT32_MAX, 5), 1);
  EXPECT_EQ(states.check(batch(0, 3, 0)).verdict, ProduceVerdict::append);
  EXPECT_EQ(states.check(batch(1, 3, 0)).verdict, ProduceVerdict::out_of_order);

  ProducerStates across;
  across.replay(batch(INT32_MAX - 1, 2, 5), 1);  // a batch that wraps within itself
  EXPECT_EQ(across.check(batch(3, 3, 0)).verdict, ProduceVerdict::append);
}

TEST(ProducerStates, AnOldEpochIsFencedAndANewOneBeginsAtZero) {
  ProducerStates states;
  states.replay(batch(0, 9, 100, 3), 1);
  EXPECT_EQ(states.check(batch(10, 10, 0, 2)).verdict, ProduceVerdict::fenced);
  EXPECT_EQ(states.check(batch(10, 10, 0, 4)).verdict, ProduceVerdict::out_of_order);
  EXPECT_EQ(states.check(batch(0, 10, 0, 4)).verdict, ProduceVerdict::append);
  states.replay(batch(0, 10, 200, 4), 1);
  EXPECT_EQ(states.check(batch(0, 9, 0, 3)).verdict, ProduceVerdict::fenced);
}

TEST(ProducerStates, WhatIsWrittenReadsBackTheSame) {
  ProducerStates states;
  for (int32_t i = 0; i < 7; ++i) states.replay(batch(i, i, i), 1);
  states.replay(batch(0, 4, 77, 2, 8), 1);
  const ByteBuffer bytes = bytes_of(states);
  ProducerStates again;
  StateReader in(bytes);
  again.read(in, 5);
  EXPECT_TRUE(in.at_end());
  EXPECT_EQ(bytes_of(again), bytes);
  EXPECT_EQ(again.check(batch(6, 6, 0)).base_offset, 6);
}

TEST(ProducerStates, TheLongestIdleAreForgottenFirst) {
  ProducerStates states;
  for (int64_t id = 0; id < 10; ++id) states.replay(batch(0, 0, id, 0, id), 1000 + id);
  states.shrink(4);
  EXPECT_EQ(states.size(), 4u);
  EXPECT_EQ(states.check(batch(5, 5, 0, 0, 5)).verdict, ProduceVerdict::append) << "forgotten";
  EXPECT_EQ(states.check(batch(5, 5, 0, 0, 6)).verdict, ProduceVerdict::out_of_order)
      << "remembered";
  states.expire(1008);
  EXPECT_EQ(states.size(), 2u);
}

}  // namespace
}  // namespace holdfast::broker::coordinator
