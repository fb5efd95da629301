#include "tests/golden/wire/subject.h"

#include "tests/golden/wire/text_codec.h"
#include "wire/all_messages.h"

namespace holdfast::golden {
namespace {

template <class M>
Result<Reading> read(ByteView bytes, int16_t version) {
  Reading reading;
  M message = HOLDFAST_TRY(wire::decode<M>(bytes, version, &reading.rest));
  reading.text = TextCodec(version).structure(message);
  reading.again = wire::encode(message, version).flattened();
  reading.size_found = wire::encoded_size(message, version);
  return reading;
}

}  // namespace

const std::vector<Subject>& subjects() {
  static const auto all = [] {
    std::vector<Subject> made;
    wire::AllApis::for_each([&]<class Api>(Api) {
      made.push_back({&Api::spec, "request", read<typename Api::Request>});
      made.push_back({&Api::spec, "response", read<typename Api::Response>});
    });
    return made;
  }();
  return all;
}

std::string hex(ByteView bytes) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (std::byte byte : bytes) {
    text += digits[static_cast<unsigned>(byte) >> 4];
    text += digits[static_cast<unsigned>(byte) & 15];
  }
  return text;
}

}  // namespace holdfast::golden
