#include <cstdlib>
#include <map>

#include "wire/all_messages.h"

namespace holdfast::wire {
namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

/// What a request is read as must stay the same when it is written and read again.
template <class M>
void round_trip(ByteView body, int16_t version) {
  auto message = decode<M>(body, version);
  if (!message) return;
  ByteBuffer once = encode(*message, version).flattened();
  require(once.size() == encoded_size(*message, version));
  size_t rest = 1;
  auto again = decode<M>(once, version, &rest);
  require(again.has_value() && rest == 0);
  require(encode(*again, version).flattened() == once);
}

using RoundTrip = void (*)(ByteView, int16_t);

const std::map<const ApiSpec*, RoundTrip>& round_trips() {
  static const auto all = [] {
    std::map<const ApiSpec*, RoundTrip> made;
    AllApis::for_each([&]<class Api>(Api) {
      made[find_api(static_cast<int16_t>(Api::spec.key))] = round_trip<typename Api::Request>;
    });
    return made;
  }();
  return all;
}

}  // namespace
}  // namespace holdfast::wire

/// Any bytes as a request frame without its size. Seeds: tests/golden/wire/fuzz_seeds.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace holdfast;
  auto header = wire::decode_request_header(std::as_bytes(std::span(data, size)));
  if (!header || header->verdict != wire::RequestHeader::Verdict::known) return 0;
  wire::round_trips().at(header->api)(header->body, header->api_version);
  return 0;
}
