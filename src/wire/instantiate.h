#pragma once

#include "wire/codec.h"

/// What the .cc of a message needs: the definitions of decode, encoded_size and encode, and the
/// macro that makes them for one message.
namespace holdfast::wire {

template <class M>
Result<M> decode(ByteView body, int16_t version, size_t* rest) {
  if (!M::api.versions.contains(version)) return std::unexpected(version_problem(M::api, version));
  Reader reader(body, version, M::api.flexible(version));
  Result<M> message{M{}};
  reader.structure(*message);
  if (auto problem = decode_problem(M::api, version, reader, body.size())) {
    return std::unexpected(std::move(*problem));
  }
  if (rest) *rest = reader.left();
  return message;
}

template <class M>
size_t encoded_size(const M& message, int16_t version) {
  Sizer sizer(version, M::api.flexible(version));
  sizer.structure(message);
  return sizer.total();
}

template <class M>
Gather encode(const M& message, int16_t version, ByteView prefix, bool framed) {
  Sizer sizer(version, M::api.flexible(version));
  sizer.structure(message);
  Writer writer(version, M::api.flexible(version), prefix.size() + sizer.owned(), sizer.views());
  if (framed) {
    writer.put_frame_prefix(prefix, sizer.total());
  } else {
    writer.put_bytes(prefix);
  }
  writer.structure(message);
  return std::move(writer).finish();
}

}  // namespace holdfast::wire

/// In the .cc of a message: makes its three functions, here and only here.
#define HOLDFAST_WIRE_MESSAGE(M)                                                                   \
  template holdfast::Result<M> holdfast::wire::decode<M>(holdfast::ByteView, int16_t, size_t*);    \
  template size_t holdfast::wire::encoded_size<M>(const M&, int16_t);                              \
  template holdfast::wire::Gather holdfast::wire::encode<M>(const M&, int16_t, holdfast::ByteView, \
                                                            bool)
