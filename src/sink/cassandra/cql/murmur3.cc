#include "sink/cassandra/cql/murmur3.h"

#include <bit>

namespace holdfast::cql {
namespace {

constexpr uint64_t c1 = 0x87c37b91114253d5, c2 = 0x4cf5ad432745937f;

uint64_t mix1(uint64_t k) {
  return std::rotl(k * c1, 31) * c2;
}
uint64_t mix2(uint64_t k) {
  return std::rotl(k * c2, 33) * c1;
}
uint64_t finish(uint64_t h) {
  h = (h ^ h >> 33) * 0xff51afd7ed558ccd;
  h = (h ^ h >> 33) * 0xc4ceb9fe1a85ec53;
  return h ^ h >> 33;
}

/// Up to eight bytes, least significant first, each sign-extended before it is shifted.
uint64_t signed_tail(ByteView bytes) {
  uint64_t k = 0;
  for (size_t i = 0; i < bytes.size(); ++i)
    k ^= static_cast<uint64_t>(static_cast<int64_t>(static_cast<int8_t>(bytes[i]))) << (8 * i);
  return k;
}

}  // namespace

int64_t token_of(ByteView key) {
  uint64_t h1 = 0, h2 = 0;
  const size_t blocks = key.size() / 16;
  for (size_t i = 0; i < blocks; ++i) {
    h1 ^= mix1(load_le<uint64_t>(key.data() + 16 * i));
    h1 = (std::rotl(h1, 27) + h2) * 5 + 0x52dce729;
    h2 ^= mix2(load_le<uint64_t>(key.data() + 16 * i + 8));
    h2 = (std::rotl(h2, 31) + h1) * 5 + 0x38495ab5;
  }
  const ByteView tail = key.subspan(16 * blocks);
  if (tail.size() > 8) h2 ^= mix2(signed_tail(tail.subspan(8)));
  if (!tail.empty()) h1 ^= mix1(signed_tail(tail.first(std::min<size_t>(tail.size(), 8))));
  h1 ^= key.size();
  h2 ^= key.size();
  h1 += h2;
  h2 += h1;
  h1 = finish(h1);
  h2 = finish(h2);
  const auto token = static_cast<int64_t>(h1 + h2);
  return token == INT64_MIN ? INT64_MAX : token;
}

void append_key_part(ByteBuffer& to, ByteView part) {
  const size_t at = to.size();
  to.resize(at + 2);
  store_be(to.data() + at, static_cast<uint16_t>(part.size()));
  append(to, part);
  to.push_back(std::byte{0});
}

}  // namespace holdfast::cql
