#include "broker/fetch_sessions.h"

#include <gtest/gtest.h>

namespace holdfast::broker {
namespace {

using Code = wire::ErrorCode;
using Wanted = FetchSession::Wanted;
using Answer = wire::FetchResponse::Topic::Partition;

wire::Uuid id_of(int number) {
  wire::Uuid id;
  id.bytes[15] = static_cast<std::byte>(number);
  return id;
}

Wanted wanted(int32_t partition, int64_t offset) {
  return {.partition = partition,
          .fetch_offset = offset,
          .partition_max_bytes = 1000,
          .replica_directory_id = {}};
}

/// A request of topic ids, as it is decoded.
wire::FetchRequest request(int32_t session, int32_t epoch, int topic = 0,
                           std::vector<Wanted> partitions = {},
                           std::vector<int32_t> forgotten = {}) {
  wire::FetchRequest request;
  request.session_id = session;
  request.session_epoch = epoch;
  if (!partitions.empty()) request.topics.push_back({{}, id_of(topic), std::move(partitions)});
  if (!forgotten.empty())
    request.forgotten_topics_data.push_back({{}, id_of(topic), std::move(forgotten)});
  return request;
}

Answer answer(int32_t partition, int64_t high_watermark, size_t record_bytes = 0,
              Code error = Code::none) {
  static const ByteBuffer bytes(1000);
  Answer answer;
  answer.partition_index = partition;
  answer.high_watermark = high_watermark;
  answer.log_start_offset = 0;
  answer.error_code = error;
  if (record_bytes > 0) answer.records.parts.push_back(ByteView(bytes).first(record_bytes));
  return answer;
}

wire::FetchResponse response(int topic, std::vector<Answer> partitions) {
  wire::FetchResponse response;
  response.responses.push_back({{}, id_of(topic), std::move(partitions)});
  return response;
}

std::vector<int32_t> partitions_in(const wire::FetchResponse& response) {
  std::vector<int32_t> found;
  for (const auto& topic : response.responses)
    for (const auto& partition : topic.partitions) found.push_back(partition.partition_index);
  return found;
}

std::vector<std::pair<int32_t, int64_t>> kept_in(const FetchSession& session) {
  std::vector<std::pair<int32_t, int64_t>> found;
  session.for_each([&](const auto&, const Wanted& partition) {
    found.emplace_back(partition.partition, partition.fetch_offset);
  });
  return found;
}

using Partitions = std::vector<int32_t>;
using Kept = std::vector<std::pair<int32_t, int64_t>>;

class Sessions : public ::testing::Test {
 protected:
  FetchSessions make(FetchSessions::Limits limits) {
    return FetchSessions(limits, [this] { return ++last_id_; });
  }
  /// Opens a session over partitions 0 to `count` - 1 of a topic, all with high watermark 5.
  static int32_t create(FetchSessions& sessions, int count, int64_t now_ms, int topic = 1) {
    FetchTopic topic_wanted{{}, id_of(topic), {}};
    std::vector<Answer> answers;
    for (int i = 0; i < count; ++i) {
      topic_wanted.partitions.push_back(wanted(i, 0));
      answers.push_back(answer(i, 5));
    }
    auto whole = response(topic, std::move(answers));
    sessions.create({&topic_wanted, 1}, true, whole, now_ms);
    return whole.session_id;
  }

  uint32_t last_id_ = 0;
  FetchSessions sessions_ = make({});
};

TEST_F(Sessions, TellOnlyWhatIsNew) {
  const int32_t id = create(sessions_, 4, 0);
  ASSERT_NE(id, 0);
  const auto opened = sessions_.open(request(id, 1), true, 0);
  ASSERT_TRUE(opened.session);
  auto whole = response(1, {answer(0, 5), answer(1, 6), answer(2, 5, 100),
                            answer(3, 5, 0, Code::offset_out_of_range)});
  FetchSessions::answer(*opened.session, opened.epoch, whole);
  EXPECT_EQ(whole.session_id, id);
  EXPECT_EQ(partitions_in(whole), (Partitions{1, 2, 3}));

  // Told once, the same is no news; but an error is, and so is its end.
  auto again = response(1, {answer(0, 5), answer(1, 6), answer(2, 5), answer(3, 5)});
  const auto next = sessions_.open(request(id, 2), true, 0);
  FetchSessions::answer(*next.session, next.epoch, again);
  EXPECT_EQ(partitions_in(again), (Partitions{3}));
  auto moved = response(1, {answer(0, 5), answer(3, 5)});
  moved.responses[0].partitions[0].log_start_offset = 2;
  const auto third = sessions_.open(request(id, 3), true, 0);
  FetchSessions::answer(*third.session, third.epoch, moved);
  EXPECT_EQ(partitions_in(moved), (Partitions{0}));
  auto nothing = response(1, {answer(1, 6)});
  const auto fourth = sessions_.open(request(id, 4), true, 0);
  FetchSessions::answer(*fourth.session, fourth.epoch, nothing);
  EXPECT_TRUE(nothing.responses.empty());
}

TEST_F(Sessions, AddChangeAndForgetPartitions) {
  const int32_t id = create(sessions_, 3, 0);
  auto opened = sessions_.open(request(id, 1, 1, {wanted(1, 7), wanted(9, 1)}, {0}), true, 0);
  EXPECT_EQ(kept_in(*opened.session), (Kept{{1, 7}, {2, 0}, {9, 1}}));
  EXPECT_EQ(sessions_.partitions(), 3u);
  // Forgetting what is not there, and of topics that are not there, changes nothing.
  opened = sessions_.open(request(id, 2, 4, {}, {1}), true, 0);
  EXPECT_EQ(kept_in(*opened.session), (Kept{{1, 7}, {2, 0}, {9, 1}}));
  // With nothing left there is no session any more.
  opened = sessions_.open(request(id, 3, 1, {}, {1, 2, 9}), true, 0);
  EXPECT_EQ(opened.error, Code::none);
  EXPECT_FALSE(opened.session || opened.wants_session);
  EXPECT_EQ(sessions_.open(request(id, 4), true, 0).error, Code::fetch_session_id_not_found);
  EXPECT_EQ(sessions_.partitions(), 0u);
}

TEST_F(Sessions, ReadTheOthersFirstAfterAPartitionGaveRecords) {
  const int32_t id = create(sessions_, 4, 0);
  const auto opened = sessions_.open(request(id, 1), true, 0);
  auto whole = response(1, {answer(0, 9, 100), answer(1, 9), answer(2, 9, 100), answer(3, 5)});
  FetchSessions::answer(*opened.session, opened.epoch, whole);
  EXPECT_EQ(kept_in(*opened.session), (Kept{{1, 0}, {3, 0}, {0, 0}, {2, 0}}));
}

TEST_F(Sessions, RefuseWrongEpochsIdsAndKindsOfTopics) {
  const int32_t id = create(sessions_, 1, 0);
  EXPECT_EQ(sessions_.open(request(id + 1, 1), true, 0).error, Code::fetch_session_id_not_found);
  EXPECT_EQ(sessions_.open(request(id, 2), true, 0).error, Code::invalid_fetch_session_epoch);
  EXPECT_EQ(sessions_.open(request(id, -2), true, 0).error, Code::invalid_fetch_session_epoch);
  EXPECT_EQ(sessions_.open(request(id, 1), false, 0).error, Code::fetch_session_topic_id_error);
  EXPECT_EQ(sessions_.open(request(id, 1), true, 0).error, Code::none);
  EXPECT_EQ(sessions_.open(request(id, 1), true, 0).error, Code::invalid_fetch_session_epoch);
}

TEST_F(Sessions, AnswerWithAnErrorWhenAnotherRequestHasOvertaken) {
  const int32_t id = create(sessions_, 1, 0);
  const auto slow = sessions_.open(request(id, 1), true, 0);
  const auto quick = sessions_.open(request(id, 2), true, 0);
  auto late = response(1, {answer(0, 6, 10)});
  FetchSessions::answer(*slow.session, slow.epoch, late);
  EXPECT_EQ(late.error_code, Code::invalid_fetch_session_epoch);
  EXPECT_TRUE(late.responses.empty());
  auto in_time = response(1, {answer(0, 6, 10)});
  FetchSessions::answer(*quick.session, quick.epoch, in_time);
  EXPECT_EQ(in_time.error_code, Code::none);
  EXPECT_EQ(partitions_in(in_time), (Partitions{0}));
}

TEST_F(Sessions, EndWithAWholeRequestThatNamesThem) {
  const int32_t first = create(sessions_, 1, 0);
  EXPECT_TRUE(sessions_.open(request(first, 0), true, 0).wants_session);
  EXPECT_EQ(sessions_.size(), 0u);
  const int32_t second = create(sessions_, 1, 0);
  EXPECT_FALSE(sessions_.open(request(second, -1), true, 0).wants_session);
  EXPECT_EQ(sessions_.size(), 0u);
  EXPECT_FALSE(sessions_.open(request(0, -1), true, 0).wants_session);
}

TEST_F(Sessions, EpochsWrapToOneSinceNullBeginsASession) {
  FetchSession session(1, true, INT32_MAX - 1);
  session.next_epoch();
  EXPECT_EQ(session.epoch(), INT32_MAX);
  session.next_epoch();
  EXPECT_EQ(session.epoch(), 1);
}

TEST_F(Sessions, GiveTheirPlaceToOthersOnceTheyAreStale) {
  auto sessions = make({.sessions_max = 2, .evictable_after_ms = 100});
  const int32_t old = create(sessions, 5, 0);
  const int32_t used = create(sessions, 5, 0);
  EXPECT_EQ(create(sessions, 9, 100), 0);  // both are too young to go
  EXPECT_EQ(sessions.open(request(used, 1), true, 50).error, Code::none);
  EXPECT_NE(create(sessions, 1, 101), 0);
  EXPECT_EQ(sessions.evictions(), 1u);
  EXPECT_EQ(sessions.open(request(old, 1), true, 101).error, Code::fetch_session_id_not_found);
  EXPECT_EQ(sessions.open(request(used, 2), true, 101).error, Code::none);
}

TEST_F(Sessions, GiveTheirPlaceToLargerOnesOnceTheyAreOldEnough) {
  auto sessions = make({.sessions_max = 2, .evictable_after_ms = 100});
  const int32_t small = create(sessions, 3, 0);
  const int32_t large = create(sessions, 6, 0);
  sessions.open(request(small, 1), true, 150);
  sessions.open(request(large, 1), true, 150);
  EXPECT_EQ(create(sessions, 3, 151), 0);  // not larger than the smallest
  EXPECT_NE(create(sessions, 4, 151), 0);
  EXPECT_EQ(sessions.open(request(small, 2), true, 151).error, Code::fetch_session_id_not_found);
  EXPECT_EQ(sessions.open(request(large, 2), true, 151).error, Code::none);
}

TEST_F(Sessions, RememberNoMorePartitionsThanAllowed) {
  auto sessions = make({.partitions_max = 10, .evictable_after_ms = 100});
  const int32_t first = create(sessions, 6, 0);
  EXPECT_EQ(create(sessions, 5, 0), 0);
  EXPECT_EQ(create(sessions, 11, 1000), 0);  // would not fit into an empty cache
  EXPECT_NE(create(sessions, 4, 0), 0);
  EXPECT_EQ(sessions.partitions(), 10u);
  // One that grows beyond the bound is served once more, and gone then.
  const auto opened = sessions.open(request(first, 1, 2, {wanted(0, 0)}), true, 0);
  EXPECT_TRUE(opened.session);
  EXPECT_EQ(sessions.partitions(), 4u);
  EXPECT_EQ(sessions.open(request(first, 2), true, 0).error, Code::fetch_session_id_not_found);
}

TEST_F(Sessions, AreNotGivenWhenThereAreNoSlots) {
  auto sessions = make({.sessions_max = 0});
  EXPECT_EQ(create(sessions, 1, 0), 0);
}

}  // namespace
}  // namespace holdfast::broker
