#include "wire/message.h"

#include <gtest/gtest.h>
#include <set>

#include "wire/messages/api_versions.h"
#include "wire/messages/fetch.h"
#include "wire/messages/metadata.h"
#include "wire/messages/produce.h"

namespace holdfast::wire {
namespace {

ByteBuffer bytes_of(std::initializer_list<int> values) {
  ByteBuffer bytes;
  for (int value : values) bytes.push_back(static_cast<std::byte>(value));
  return bytes;
}

FetchResponse with_records(std::vector<ByteView> first, std::vector<ByteView> second) {
  FetchResponse response;
  auto& partitions = response.responses.emplace_back().partitions;
  partitions.resize(2);
  partitions[0].records.parts = std::move(first);
  partitions[1].records.parts = std::move(second);
  return response;
}

TEST(Gather, RefersToLongRecordsAndCopiesShortOnes) {
  ByteBuffer mapped(10'000, std::byte{'r'});
  ByteView all(mapped);
  ByteView first = all.subspan(0, 1000), second = all.subspan(1000, 2000);  // neighbours
  ByteView apart = all.subspan(5000, 600), brief = all.subspan(8000, Gather::copy_below - 1);
  auto response = with_records({first, second, apart}, {brief});

  Gather gather = encode_response(response, 12, 77);
  ASSERT_EQ(gather.pieces().size(), 4u);  // header, the neighbours, the one apart, the rest
  EXPECT_EQ(gather.pieces()[1].data(), first.data());
  EXPECT_EQ(gather.pieces()[1].size(), 3000u);
  EXPECT_EQ(gather.pieces()[2].data(), apart.data());

  ByteBuffer frame = gather.flattened();
  ASSERT_EQ(frame.size(), gather.size());
  EXPECT_EQ(load_be<int32_t>(frame.data()), static_cast<int32_t>(frame.size() - 4));
  auto header = decode_response_header(fetch_api, 12, ByteView(frame).subspan(4));
  ASSERT_TRUE(header);
  EXPECT_EQ(header->correlation_id, 77);
  auto read = decode<FetchResponse>(header->body, 12);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->responses[0].partitions[0].records.size(), 3600u);
  EXPECT_EQ(read->responses[0].partitions[1].records.size(), Gather::copy_below - 1);
}

TEST(Gather, StaysWholeWhenItIsMoved) {
  ByteBuffer mapped(5'000, std::byte{'r'});
  for (bool views : {false, true}) {
    auto response = views ? with_records({mapped}, {}) : with_records({}, {});
    Gather gather = encode_response(response, 4, 1);
    ByteBuffer before = gather.flattened();
    EXPECT_EQ(gather.pieces().size(), views ? 3u : 1u);
    Gather moved = std::move(gather);
    EXPECT_EQ(moved.flattened(), before);
    EXPECT_EQ(moved.size(), before.size());
    gather = std::move(moved);
    EXPECT_EQ(gather.flattened(), before);
    EXPECT_EQ(moved.size(), 0u);  // NOLINT(bugprone-use-after-move): what is left behind is empty
    EXPECT_TRUE(moved.pieces().empty());
  }
}

TEST(Produce, RecordsAreViewsIntoTheRequest) {
  ByteBuffer batch(300, std::byte{'b'});
  ProduceRequest request{.transactional_id = {}, .acks = -1, .timeout_ms = 1000, .topic_data = {}};
  auto& topic = request.topic_data.emplace_back();
  topic.name = "flights";
  topic.partition_data.push_back({.index = 3, .records = batch});
  ByteBuffer frame = encode_request(request, 9, 5, "me").flattened();

  auto header = decode_request_header(ByteView(frame).subspan(4));
  ASSERT_TRUE(header);
  EXPECT_EQ(header->client_id, "me");
  auto read = decode<ProduceRequest>(header->body, header->api_version);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->topic_data[0].name, "flights");
  const auto& records = read->topic_data[0].partition_data[0].records;
  ASSERT_TRUE(records);
  EXPECT_GE(records->data(), frame.data());
  EXPECT_LE(records->data() + records->size(), frame.data() + frame.size());
  EXPECT_TRUE(std::ranges::equal(*records, batch));
}

TEST(Produce, VersionsOfOldClientsAreUnderstoodWellEnoughToRefuseThem) {
  // acks 1, timeout 5, topic "t", partition 2 with three bytes of records: no transactional id
  // before version 3.
  auto body = bytes_of(
      {0, 1, 0, 0, 0, 5, 0, 0, 0, 1, 0, 1, 't', 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 7, 8, 9});
  for (int16_t version : {0, 1, 2}) {
    EXPECT_LT(version, produce_api.served_from);
    size_t rest = 99;
    auto request = decode<ProduceRequest>(body, version, &rest);
    ASSERT_TRUE(request) << request.error().message;
    EXPECT_EQ(rest, 0u);
    EXPECT_EQ(request->acks, 1);
    EXPECT_EQ(request->topic_data[0].partition_data[0].index, 2);

    ProduceResponse response;
    auto& topic = response.responses.emplace_back();
    topic.name = "t";
    topic.partition_responses.resize(1);
    topic.partition_responses[0].index = 2;
    topic.partition_responses[0].error_code = ErrorCode::unsupported_version;
    topic.partition_responses[0].base_offset = -1;
    auto expected =
        bytes_of({0,    0,    0,    1,    0,    1,    't',  0,   0, 0, 1, 0, 0, 0, 2, 0, 35,  //
                  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff});
    if (version >= 2) append(expected, ByteBuffer(8, std::byte{0xff}));  // log append time
    if (version >= 1) append(expected, ByteBuffer(4));                   // throttle time
    EXPECT_EQ(encode(response, version).flattened(), expected);
  }
}

TEST(RequestHeader, TellsUnknownApisAndVersionsFromMalformedOnes) {
  using Verdict = RequestHeader::Verdict;
  auto unknown = decode_request_header(bytes_of({0x7f, 0, 0, 0, 0, 0, 0, 9}));
  ASSERT_TRUE(unknown);
  EXPECT_EQ(unknown->verdict, Verdict::unknown_api);
  EXPECT_EQ(unknown->correlation_id, 9);

  auto newer = decode_request_header(bytes_of({0, 18, 0, 99, 0, 0, 0, 9, 1, 2, 3}));
  ASSERT_TRUE(newer);
  EXPECT_EQ(newer->verdict, Verdict::unsupported_version);
  EXPECT_EQ(newer->api, find_api(18));
  EXPECT_EQ(newer->correlation_id, 9);

  auto negative = decode_request_header(bytes_of({0, 18, 0xff, 0xff, 0, 0, 0, 9}));
  ASSERT_TRUE(negative);
  EXPECT_EQ(negative->verdict, Verdict::unsupported_version);

  const ByteBuffer good = bytes_of({0, 18, 0, 3, 0, 0, 0, 9, 0, 1, 'c', 1, 7, 2, 'x', 'y', 'b'});
  auto header = decode_request_header(good);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->verdict, Verdict::known);
  EXPECT_EQ(header->client_id, "c");
  EXPECT_EQ(as_text(header->body), "b");
  for (size_t size = 0; size + 1 < good.size(); ++size) {
    auto prefix = decode_request_header(ByteView(good).first(size));
    ASSERT_FALSE(prefix) << size;
    EXPECT_EQ(prefix.error().code, holdfast::ErrorCode::invalid);
  }
}

TEST(FrameSize, RefusesWhatCannotBeARequest) {
  EXPECT_EQ(frame_size(bytes_of({0, 0, 1, 0})), 256u);
  EXPECT_EQ(frame_size(bytes_of({0, 0, 0, 7})).error().code, holdfast::ErrorCode::invalid);
  EXPECT_EQ(frame_size(bytes_of({0xff, 0xff, 0xff, 0xff})).error().code,
            holdfast::ErrorCode::invalid);
  EXPECT_EQ(frame_size(bytes_of({0x7f, 0xff, 0xff, 0xff})).error().code,
            holdfast::ErrorCode::limit);
  EXPECT_EQ(frame_size(bytes_of({'G', 'E', 'T', ' '})).error().code, holdfast::ErrorCode::limit);
  EXPECT_EQ(frame_size(bytes_of({0, 0, 1, 0}), 255).error().code, holdfast::ErrorCode::limit);
}

TEST(ApiVersions, AnswersWithoutTagsInItsHeader) {
  Gather gather = encode_response(ApiVersionsResponse{}, 3, 0x01020304);
  // size; correlation id; error 0, no keys, throttle 0, no tags
  EXPECT_EQ(gather.flattened(), bytes_of({0, 0, 0, 12, 1, 2, 3, 4, 0, 0, 1, 0, 0, 0, 0, 0}));
  Gather other = encode_response(MetadataResponse{}, 9, 0x01020304);
  EXPECT_EQ(other.flattened()[8], std::byte{0});
}

TEST(AllApis, AreFoundByTheirKeysAndNothingElseIs) {
  std::set<std::string> names;
  for (const ApiSpec& api : all_apis()) names.insert(api.name);
  EXPECT_EQ(names.size(), all_apis().size());
  size_t found = 0;
  for (int key = INT16_MIN; key <= INT16_MAX; ++key) {
    const ApiSpec* api = find_api(static_cast<int16_t>(key));
    if (!api) continue;
    ++found;
    EXPECT_EQ(static_cast<int>(api->key), key);
  }
  EXPECT_EQ(found, all_apis().size());
}

TEST(ErrorCodes, HaveKafkasNumbersAndNames) {
  EXPECT_EQ(static_cast<int>(ErrorCode::unknown_server_error), -1);
  EXPECT_EQ(static_cast<int>(ErrorCode::unsupported_version), 35);
  EXPECT_EQ(static_cast<int>(ErrorCode::producer_fenced), 90);
  EXPECT_STREQ(name(ErrorCode::unknown_server_error), "UNKNOWN_SERVER_ERROR");
  EXPECT_STREQ(name(ErrorCode::unknown_topic_or_partition), "UNKNOWN_TOPIC_OR_PARTITION");
  EXPECT_STREQ(name(ErrorCode::transaction_abortable), "TRANSACTION_ABORTABLE");
  EXPECT_STREQ(name(ErrorCode{-2}), "?");
  EXPECT_STREQ(name(ErrorCode{32000}), "?");
}

}  // namespace
}  // namespace holdfast::wire
