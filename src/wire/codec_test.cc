#include <gtest/gtest.h>
#include <initializer_list>

#include "wire/instantiate.h"

namespace holdfast::wire {
namespace {

constexpr ApiSpec sample_api{
    .key = ApiKey{999}, .name = "Sample", .versions = {0, 3}, .flexible_from = 2};

/// One field of each kind that the codecs know.
struct Sample {
  static constexpr const ApiSpec& api = sample_api;

  struct Point {
    int16_t x = 0;
    int64_t y = -1;
    bool operator==(const Point&) const = default;
    static void describe(auto& codec, auto& m) {
      codec.field(m.x);
      codec.tagged(1, m.y, since(2), int64_t{-1});
    }
  };

  std::string name;
  std::optional<std::string> note;
  std::vector<int32_t> numbers;
  std::optional<std::vector<Point>> points;
  std::optional<Point> origin;
  ByteBuffer blob;
  int32_t old = 7;
  Point corner;
  std::vector<std::string> labels;

  static void describe(auto& codec, auto& m) {
    codec.field(m.name);
    codec.field(m.note, nullable_since(1));
    codec.field(m.numbers);
    codec.field(m.points, since(1));
    codec.field(m.origin, since(3));
    codec.field(m.blob);
    codec.field(m.old, until(1));
    codec.tagged(0, m.corner, since(2));
    codec.tagged(5, m.labels, since(2));
  }
};

ByteBuffer bytes_of(std::initializer_list<int> values) {
  ByteBuffer bytes;
  for (int value : values) bytes.push_back(static_cast<std::byte>(value));
  return bytes;
}

Sample filled() {
  return {.name = "n",
          .note = "note",
          .numbers = {1, -2, 3},
          .points = std::vector<Sample::Point>{{.x = 4, .y = 5}, {.x = 6, .y = -1}},
          .origin = Sample::Point{.x = 7, .y = 8},
          .blob = bytes_of({1, 2, 3}),
          .old = 9,
          .corner = {.x = 10, .y = 11},
          .labels = {"a", "b"}};
}

TEST(Codec, EncodesClassicFormsByteByByte) {
  Sample sample{.name = "ab",
                .note = std::nullopt,
                .numbers = {5},
                .points = std::nullopt,
                .origin = {},
                .blob = bytes_of({9}),
                .old = 3,
                .corner = {},
                .labels = {}};
  auto expected = bytes_of({0,    2,    'a',  'b',  0xff, 0xff, 0, 0, 0, 1, 0, 0, 0, 5,  //
                            0xff, 0xff, 0xff, 0xff, 0,    0,    0, 1, 9, 0, 0, 0, 3});
  EXPECT_EQ(encode(sample, 1).flattened(), expected);
}

TEST(Codec, EncodesCompactFormsAndTagsByteByByte) {
  Sample sample{.name = "ab",
                .note = std::nullopt,
                .numbers = {5},
                .points = std::vector<Sample::Point>{{.x = 1, .y = 2}},
                .origin = std::nullopt,
                .blob = bytes_of({9}),
                .old = 3,
                .corner = {.x = 4, .y = -1},
                .labels = {"c"}};
  auto expected =
      bytes_of({3,    'a', 'b', 0, 2, 0, 0, 0, 5,                  // name, note, numbers
                2,    0,   1,   1, 1, 8, 0, 0, 0, 0, 0,  0, 0, 2,  // one point with one tag
                0xff, 2,   9,                                      // origin, blob
                2,    0,   3,   0, 4, 0, 5, 3, 2, 2, 'c'});        // two tags
  EXPECT_EQ(encode(sample, 3).flattened(), expected);
}

TEST(Codec, ReadsBackWhatItWroteInEveryVersion) {
  for (int16_t version = 0; version <= 3; ++version) {
    ByteBuffer bytes = encode(filled(), version).flattened();
    EXPECT_EQ(encoded_size(filled(), version), bytes.size());
    auto read = decode<Sample>(bytes, version);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(encode(*read, version).flattened(), bytes);
    EXPECT_EQ(read->old, version <= 1 ? 9 : 7);
    EXPECT_EQ(read->labels.size(), version >= 2 ? 2u : 0u);
  }
}

TEST(Codec, WritesAnEmptyValueForNullBeforeTheVersionThatHasIt) {
  Sample sample;
  ByteBuffer bytes = encode(sample, 0).flattened();
  EXPECT_EQ(ByteView(bytes).size(), encoded_size(sample, 0));
  auto read = decode<Sample>(bytes, 0);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->note, "");
}

TEST(Codec, CutsTextThatKafkaWouldRefuse) {
  Sample sample{.name = std::string(40'000, 'x'),
                .note = {},
                .numbers = {},
                .points = {},
                .origin = {},
                .blob = {},
                .old = 0,
                .corner = {},
                .labels = {}};
  for (int16_t version : {1, 3}) {
    auto read = decode<Sample>(encode(sample, version).flattened(), version);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->name, std::string(32'767, 'x'));
  }
}

struct Bad {
  const char* why;
  int16_t version;
  ByteBuffer bytes;
};

TEST(Codec, RefusesLengthsThatCannotBe) {
  const Bad all[] = {
      {"name: null", 1, bytes_of({0xff, 0xff, 0, 0})},
      {"name: length -2", 1, bytes_of({0xff, 0xfe, 0, 0})},
      {"name: longer than the message", 1, bytes_of({0x7f, 0xff, 'a'})},
      {"note: null in version 0", 0, bytes_of({0, 0, 0xff, 0xff})},
      {"numbers: null", 1, bytes_of({0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff})},
      {"numbers: -2", 1, bytes_of({0, 0, 0, 0, 0xff, 0xff, 0xff, 0xfe})},
      {"numbers: 2^31-1", 1, bytes_of({0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0})},
      {"numbers: 3 in 8 bytes", 1, bytes_of({0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2})},
      {"name: compact null", 2, bytes_of({0, 0, 0})},
      {"name: compact 2^32-2", 2, bytes_of({0xff, 0xff, 0xff, 0xff, 0x0f, 0})},
      {"name: varint of 36 bits", 2, bytes_of({0xff, 0xff, 0xff, 0xff, 0x1f, 0})},
      {"name: endless varint", 2, bytes_of({0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})},
      {"numbers: compact 2^32-2", 2, bytes_of({1, 0, 0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0, 0, 0})},
  };
  for (const Bad& bad : all) {
    auto read = decode<Sample>(bad.bytes, bad.version);
    ASSERT_FALSE(read) << bad.why;
    EXPECT_EQ(read.error().code, holdfast::ErrorCode::invalid) << bad.why;
  }
}

TEST(Codec, RefusesTagsThatCannotBe) {
  // name "", note null, numbers none, points null, blob empty: then the tag buffer.
  const ByteBuffer plain = bytes_of({1, 0, 1, 0, 1});
  auto with_tags = [&](std::initializer_list<int> tags) {
    ByteBuffer bytes = plain;
    append(bytes, bytes_of(tags));
    return bytes;
  };
  EXPECT_TRUE(decode<Sample>(with_tags({0}), 2));
  EXPECT_FALSE(decode<Sample>(with_tags({1}), 2)) << "no tag there";
  EXPECT_FALSE(decode<Sample>(with_tags({1, 5, 9, 2, 1}), 2)) << "beyond the end";
  EXPECT_FALSE(decode<Sample>(with_tags({1, 5, 3, 2, 1, 0}), 2)) << "longer than its value";
  EXPECT_FALSE(decode<Sample>(with_tags({1, 5, 1, 2, 1}), 2)) << "shorter than its value";
  EXPECT_FALSE(decode<Sample>(with_tags({0xff, 0xff, 0xff, 0xff, 0x0f}), 2)) << "2^32-1 of them";
  EXPECT_FALSE(decode<Sample>(with_tags({1, 99, 0xff, 0xff, 0xff, 0xff, 0x0f, 0}), 2));
}

TEST(Codec, FindsKnownTagsAmongUnknownOnesAlsoInsideOfTags) {
  ByteBuffer bytes =
      bytes_of({1,    0,    1,   0,   1,                      // the plain fields
                4,                                            // four tags:
                3,    2,    'u', 'u',                         // unknown,
                0,    8,    0,   4,   2,   1, 0, 5, 1, 0x55,  // corner, with tags 1 and 5,
                5,    3,    2,   2,   'l',                    // labels,
                0xff, 0x7f, 0});                              // unknown and empty
  // Tag 1 of the corner is y, eight bytes; this one has none, so it must be refused.
  EXPECT_FALSE(decode<Sample>(bytes, 2));
  bytes = bytes_of({1,    0,    1,   0,   1,   4,                                         //
                    3,    2,    'u', 'u',                                                 //
                    0,    16,   0,   4,   2,   1, 8, 0, 0, 0, 0, 0, 0, 0, 6, 5, 1, 0x55,  //
                    5,    3,    2,   2,   'l',                                            //
                    0xff, 0x7f, 0});
  size_t rest = 99;
  auto read = decode<Sample>(bytes, 2, &rest);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(rest, 0u);
  EXPECT_EQ(read->corner, (Sample::Point{.x = 4, .y = 6}));
  EXPECT_EQ(read->labels, std::vector<std::string>{"l"});
}

TEST(Codec, BoundsTheMemoryOfWhatItDecodes) {
  // An array of one-byte points would fill the limit many times over.
  const size_t count = 16u << 20;
  static_assert(count * sizeof(Sample::Point) > decode_memory_limit);
  ByteBuffer bytes = bytes_of({0, 0, 0, 0, 0, 0, 0, 0});
  bytes.resize(bytes.size() + 4 + count);
  store_be(bytes.data() + 8, static_cast<int32_t>(count));
  auto read = decode<Sample>(bytes, 1);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, holdfast::ErrorCode::invalid);
}

TEST(Codec, AFailureStaysAFailure) {
  ByteBuffer bytes = bytes_of({0, 1});
  Reader reader(bytes, 0, false);
  reader.read_number<int64_t>();
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.read_number<int8_t>(), 0);
  EXPECT_EQ(reader.read_text(true, true), std::nullopt);
  EXPECT_EQ(reader.left(), 0u);
  EXPECT_FALSE(reader.ok());
}

}  // namespace
}  // namespace holdfast::wire
