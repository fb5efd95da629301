#include "spool/state.h"

#include <fmt/core.h>

namespace holdfast::spool {
namespace {

constexpr uint32_t state_version = 1;
constexpr uint32_t sources_max = 1 << 16;
constexpr uint32_t flag_position = 1;

/// Little-endian writer into a buffer.
class Writer {
 public:
  template <std::integral T>
  void number(T value) {
    const size_t at = bytes_.size();
    bytes_.resize(at + sizeof value);
    store_le(bytes_.data() + at, value);
  }
  void bytes(ByteView value) {
    number(static_cast<uint32_t>(value.size()));
    append(bytes_, value);
  }
  ByteBuffer take() { return std::move(bytes_); }

 private:
  ByteBuffer bytes_;
};

/// Little-endian reader with bounds; once bad, it stays bad.
class Reader {
 public:
  explicit Reader(ByteView bytes) : left_(bytes) {}
  template <std::integral T>
  T number() {
    if (left_.size() < sizeof(T)) {
      good_ = false;
      return 0;
    }
    const T value = load_le<T>(left_.data());
    left_ = left_.subspan(sizeof(T));
    return value;
  }
  ByteView bytes() {
    const auto size = number<uint32_t>();
    if (!good_ || left_.size() < size) {
      good_ = false;
      return {};
    }
    const ByteView value = left_.first(size);
    left_ = left_.subspan(size);
    return value;
  }
  bool good() const { return good_; }
  bool done() const { return good_ && left_.empty(); }

 private:
  ByteView left_;
  bool good_ = true;
};

}  // namespace

ByteBuffer encode_state(const std::vector<SourceState>& sources) {
  Writer to;
  to.number(state_version);
  to.number(static_cast<uint32_t>(sources.size()));
  for (const SourceState& source : sources) {
    to.bytes(as_bytes(source.name));
    to.number(source.has_position ? flag_position : 0u);
    to.bytes(source.position);
    for (const int64_t value : {source.epoch, source.next_sequence, source.next_rejected_sequence,
                                source.last_version, source.next_batch, source.shipped_batch,
                                source.shipped_sequence, source.shipped_rejected_sequence}) {
      to.number(value);
    }
  }
  return to.take();
}

Result<std::vector<SourceState>> parse_state(ByteView bytes) {
  Reader from(bytes);
  const auto version = from.number<uint32_t>();
  if (from.good() && version != state_version) {
    return fail(ErrorCode::version_unknown, fmt::format("a spool state of format {}", version));
  }
  const auto count = from.number<uint32_t>();
  if (count > sources_max) return fail(ErrorCode::corrupt, "a spool state with too many sources");
  std::vector<SourceState> sources;
  for (uint32_t i = 0; i < count && from.good(); ++i) {
    SourceState source;
    source.name = as_text(from.bytes());
    source.has_position = (from.number<uint32_t>() & flag_position) != 0;
    const ByteView position = from.bytes();
    source.position.assign(position.begin(), position.end());
    for (int64_t* value : {&source.epoch, &source.next_sequence, &source.next_rejected_sequence,
                           &source.last_version, &source.next_batch, &source.shipped_batch,
                           &source.shipped_sequence, &source.shipped_rejected_sequence}) {
      *value = from.number<int64_t>();
    }
    sources.push_back(std::move(source));
  }
  if (!from.done()) return fail(ErrorCode::corrupt, "a spool state of a wrong length");
  return sources;
}

}  // namespace holdfast::spool
