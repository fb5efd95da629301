#include "base/crc32c.h"

#include <gtest/gtest.h>

#include <random>

namespace holdfast {
namespace {

/// The definition, bit by bit.
uint32_t slow_crc32c(ByteView bytes) {
  uint32_t crc = ~0u;
  for (std::byte byte : bytes) {
    crc ^= static_cast<uint32_t>(byte);
    for (int i = 0; i < 8; ++i) crc = (crc & 1) ? (crc >> 1) ^ 0x82f63b78u : crc >> 1;
  }
  return ~crc;
}

ByteBuffer random_bytes(size_t size) {
  std::mt19937 random(static_cast<unsigned>(size));
  ByteBuffer bytes(size);
  for (auto& byte : bytes) byte = static_cast<std::byte>(random());
  return bytes;
}

TEST(Crc32c, GivesThePublishedCheckValues) {
  EXPECT_EQ(crc32c(as_bytes("123456789")), 0xe3069283u);
  EXPECT_EQ(crc32c(ByteBuffer(32)), 0x8a9136aau);  // RFC 3720 B.4: 32 bytes of zeroes
}

TEST(Crc32c, AgreesWithTheDefinitionAtEveryLengthAroundALane) {
  for (size_t size : {0, 1, 7, 8, 9, 63, 1023, 3071, 3072, 3073, 6144, 10000}) {
    const auto bytes = random_bytes(size);
    EXPECT_EQ(crc32c(bytes), slow_crc32c(bytes)) << size;
  }
}

TEST(Crc32c, GoesOnAndCombinesLikeOneRun) {
  const auto bytes = random_bytes(9001);
  for (size_t cut : {0, 1, 100, 4096, 9000, 9001}) {
    const ByteView first = ByteView(bytes).first(cut);
    const ByteView second = ByteView(bytes).subspan(cut);
    EXPECT_EQ(crc32c(second, crc32c(first)), crc32c(bytes));
    EXPECT_EQ(crc32c_combine(crc32c(first), crc32c(second), second.size()), crc32c(bytes)) << cut;
  }
}

}  // namespace
}  // namespace holdfast
