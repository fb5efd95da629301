#include "log/key_table.h"

#include <algorithm>
#include <bit>

#include "base/os/random.h"

namespace holdfast::log {
namespace {

constexpr uint64_t slots_least = 1024;

/// SipHash's state (Aumasson and Bernstein), for 128 bits of output.
struct Sip {
  uint64_t v0, v1, v2, v3;

  Sip(uint64_t k0, uint64_t k1)
      : v0(k0 ^ 0x736f6d6570736575u),
        v1(k1 ^ 0x646f72616e646f6du ^ 0xee),
        v2(k0 ^ 0x6c7967656e657261u),
        v3(k1 ^ 0x7465646279746573u) {}

  void round() {
    v0 += v1, v2 += v3;
    v1 = std::rotl(v1, 13) ^ v0, v3 = std::rotl(v3, 16) ^ v2;
    v0 = std::rotl(v0, 32);
    v2 += v1, v0 += v3;
    v1 = std::rotl(v1, 17) ^ v2, v3 = std::rotl(v3, 21) ^ v0;
    v2 = std::rotl(v2, 32);
  }
  void take(uint64_t word) {
    v3 ^= word;
    round(), round();
    v0 ^= word;
  }
  uint64_t finish(uint64_t& into, uint64_t mark) {
    into ^= mark;
    round(), round(), round(), round();
    return v0 ^ v1 ^ v2 ^ v3;
  }
};

/// Three quarters, so that searches stay short.
constexpr uint64_t keys_of(uint64_t slots) {
  return slots / 4 * 3;
}

}  // namespace

KeyTable::KeyTable(uint64_t bytes_max)
    : slots_max_(std::max(slots_least, std::bit_floor(bytes_max / (sizeof(Slot) * 3 / 2)))) {
  os::random_bytes(std::as_writable_bytes(std::span(secret_)));
}

KeyTable::Hash KeyTable::hash_of(PartitionId partition, ByteView key) const {
  Sip sip(secret_[0] ^ partition.value, secret_[1]);
  const std::byte* at = key.data();
  const std::byte* const whole = at + key.size() / 8 * 8;
  for (; at != whole; at += 8) sip.take(load_le<uint64_t>(at));
  uint64_t last = uint64_t{key.size()} << 56;
  for (size_t i = 0; i < key.size() % 8; ++i) last |= static_cast<uint64_t>(at[i]) << (8 * i);
  sip.take(last);
  Hash hash;
  hash.low = sip.finish(sip.v2, 0xee);
  hash.high = sip.finish(sip.v1, 0xdd);
  return hash;
}

size_t KeyTable::place_of(const Hash& hash) const {
  size_t place = hash.low & (slots_.size() - 1);
  while (slots_[place].offset >= 0 && slots_[place].hash != hash)
    place = (place + 1) & (slots_.size() - 1);
  return place;
}

bool KeyTable::grow() {
  const uint64_t wanted = slots_.empty() ? slots_least : slots_.size() * 2;
  if (wanted > slots_max_) return false;
  std::vector<Slot> old(wanted);
  old.swap(slots_);
  for (const Slot& slot : old) {
    if (slot.offset >= 0) slots_[place_of(slot.hash)] = slot;
  }
  return true;
}

bool KeyTable::has_room_for(uint64_t keys) const {
  return used_ + keys <= keys_of(slots_max_);
}

bool KeyTable::put(PartitionId partition, ByteView key, int64_t offset) {
  if (used_ >= keys_of(slots_.size()) && !grow()) return false;
  const Hash hash = hash_of(partition, key);
  Slot& slot = slots_[place_of(hash)];
  used_ += slot.offset < 0 ? 1 : 0;
  slot = {hash, offset};
  return true;
}

std::optional<int64_t> KeyTable::find(PartitionId partition, ByteView key) const {
  if (slots_.empty()) return std::nullopt;
  const Slot& slot = slots_[place_of(hash_of(partition, key))];
  if (slot.offset < 0) return std::nullopt;
  return slot.offset;
}

}  // namespace holdfast::log
