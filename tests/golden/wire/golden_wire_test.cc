#include <algorithm>
#include <gtest/gtest.h>
#include <memory>
#include <random>
#include <set>

#include "tests/golden/wire/corpus.h"
#include "tests/golden/wire/subject.h"
#include "wire/message.h"

namespace holdfast::golden {
namespace {

constexpr const char* variants[] = {"defaults", "nulls", "one", "many", "edges"};

/// Some bytes with nothing behind them: a sanitizer sees every one that is read too much.
class ExactCopy {
 public:
  explicit ExactCopy(ByteView bytes)
      : size_(bytes.size()), bytes_(std::make_unique_for_overwrite<std::byte[]>(size_)) {
    std::ranges::copy(bytes, bytes_.get());
  }
  operator ByteView() const { return {bytes_.get(), size_}; }
  std::byte& operator[](size_t index) { return bytes_[index]; }

 private:
  size_t size_;
  std::unique_ptr<std::byte[]> bytes_;
};

void for_every_entry(auto check) {
  for (const Subject& subject : subjects()) {
    for (const Entry& entry : entries_of(subject.api->name)) {
      if (entry.direction != subject.direction) continue;
      SCOPED_TRACE(std::string(subject.api->name) + " " + entry.label());
      check(subject, entry);
    }
  }
}

TEST(GoldenWire, EveryMessageAgreesWithKafkaInBytesAndContent) {
  int compared = 0;
  for_every_entry([&](const Subject& subject, const Entry& entry) {
    auto reading = subject.read(ExactCopy(entry.bytes), entry.version);
    ASSERT_TRUE(reading) << reading.error().message;
    EXPECT_EQ(reading->rest, 0u);
    EXPECT_EQ(reading->text, entry.text);
    EXPECT_EQ(hex(reading->again), hex(entry.bytes));
    EXPECT_EQ(reading->size_found, entry.bytes.size());
    ++compared;
  });
  EXPECT_GT(compared, 1500);
}

TEST(GoldenWire, NoPrefixOfAMessageIsTakenForAMessage) {
  for_every_entry([](const Subject& subject, const Entry& entry) {
    for (size_t size = 0; size < entry.bytes.size(); ++size) {
      auto reading = subject.read(ExactCopy(ByteView(entry.bytes).first(size)), entry.version);
      ASSERT_FALSE(reading) << "the first " << size << " bytes of " << entry.bytes.size();
      ASSERT_EQ(reading.error().code, ErrorCode::invalid);
    }
  });
}

/// What a damaged message is read as, if it is read at all, must survive a round trip.
TEST(GoldenWire, ADamagedMessageIsRefusedOrStaysWhatItWasReadAs) {
  std::mt19937 random(20261121);
  int refused = 0, survived = 0;
  for_every_entry([&](const Subject& subject, const Entry& entry) {
    for (int round = 0; round < 20 && !entry.bytes.empty(); ++round) {
      ExactCopy damaged(entry.bytes);
      for (size_t hits = 1 + random() % 3; hits > 0; --hits) {
        damaged[random() % entry.bytes.size()] = static_cast<std::byte>(random());
      }
      auto reading = subject.read(damaged, entry.version);
      if (!reading) {
        ++refused;
        continue;
      }
      ++survived;
      auto twice = subject.read(reading->again, entry.version);
      ASSERT_TRUE(twice) << twice.error().message;
      ASSERT_EQ(twice->text, reading->text);
      ASSERT_EQ(hex(twice->again), hex(reading->again));
    }
  });
  EXPECT_GT(refused, 1000);
  EXPECT_GT(survived, 1000);
}

/// The defaults end in an empty tag buffer: a buffer with one unknown tag takes its place.
TEST(GoldenWire, AnUnknownTagIsSkippedByEveryMessage) {
  constexpr uint8_t one_tag[] = {1, 0xd7, 0x01, 3, 'x', 'y', 'z'};
  int skipped = 0;
  for_every_entry([&](const Subject& subject, const Entry& entry) {
    if (!subject.api->flexible(entry.version) || entry.variant != "defaults") return;
    ByteBuffer bytes = entry.bytes;
    ASSERT_EQ(bytes.back(), std::byte{0});
    bytes.pop_back();
    append(bytes, std::as_bytes(std::span(one_tag)));
    auto reading = subject.read(bytes, entry.version);
    ASSERT_TRUE(reading) << reading.error().message;
    EXPECT_EQ(reading->rest, 0u);
    EXPECT_EQ(reading->text, entry.text);
    EXPECT_EQ(hex(reading->again), hex(entry.bytes));
    ++skipped;
  });
  EXPECT_GT(skipped, 100);
}

TEST(GoldenWire, BytesBehindAMessageAreCountedAndIgnored) {
  for_every_entry([](const Subject& subject, const Entry& entry) {
    ByteBuffer bytes = entry.bytes;
    bytes.resize(bytes.size() + 5);
    auto reading = subject.read(bytes, entry.version);
    ASSERT_TRUE(reading) << reading.error().message;
    EXPECT_EQ(reading->rest, 5u);
    EXPECT_EQ(reading->text, entry.text);
  });
}

TEST(GoldenWire, VersionsOutsideTheListAreRefused) {
  for (const Subject& subject : subjects()) {
    auto [min, max] = subject.api->versions;
    for (int version : {min - 1, max + 1, -32768, 32767}) {
      ByteBuffer zeros(200);
      auto reading = subject.read(zeros, static_cast<int16_t>(version));
      ASSERT_FALSE(reading) << subject.api->name << " " << version;
      EXPECT_EQ(reading.error().code, ErrorCode::invalid);
    }
  }
}

TEST(GoldenWire, EveryHeaderAgreesWithKafka) {
  for (const wire::ApiSpec& api : wire::all_apis()) {
    for (const Entry& entry : entries_of(api.name)) {
      SCOPED_TRACE(std::string(api.name) + " " + entry.label());
      if (entry.direction == "header-request") {
        auto header = wire::decode_request_header(entry.bytes);
        ASSERT_TRUE(header) << header.error().message;
        EXPECT_EQ(header->verdict, wire::RequestHeader::Verdict::known);
        EXPECT_EQ(header->api, &api);
        EXPECT_EQ(header->api_version, entry.version);
        EXPECT_TRUE(header->body.empty());
        auto prefix =
            wire::request_prefix(api, entry.version, header->correlation_id, header->client_id);
        EXPECT_EQ(hex(ByteView(prefix).subspan(4)), hex(entry.bytes));
      } else if (entry.direction == "header-response") {
        auto header = wire::decode_response_header(api, entry.version, entry.bytes);
        ASSERT_TRUE(header) << header.error().message;
        EXPECT_EQ(header->correlation_id, 0x0a0b0c0d);
        EXPECT_TRUE(header->body.empty());
        wire::ResponsePrefix prefix(api, entry.version, header->correlation_id);
        EXPECT_EQ(hex(prefix.bytes().subspan(4)), hex(entry.bytes));
      }
    }
  }
}

TEST(GoldenWire, TheCorpusHasEveryVersionThatWeAdvertiseAndNoOther) {
  std::set<std::string> expected, found, names;
  for (const wire::ApiSpec& api : wire::all_apis()) {
    names.insert(api.name);
    int first = std::max(api.versions.min, api.served_from);
    for (int version = first; version <= api.versions.max; ++version) {
      std::string of = std::string(api.name) + " ";
      std::string in = " version " + std::to_string(version) + " ";
      expected.insert(of + "header-request" + in + "one");
      expected.insert(of + "header-response" + in + "one");
      for (const char* variant : variants) {
        expected.insert(of + "request" + in + variant);
        expected.insert(of + "response" + in + variant);
      }
    }
    for (const Entry& entry : entries_of(api.name)) {
      found.insert(std::string(api.name) + " " + entry.label());
    }
  }
  EXPECT_EQ(found, expected);
  auto in_corpus = apis_in_corpus();
  EXPECT_EQ(std::set<std::string>(in_corpus.begin(), in_corpus.end()), names);
}

}  // namespace
}  // namespace holdfast::golden
