#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "event/header.h"

namespace holdfast::pipeline {

/// Headers and value of a Kafka message as one text, for the spool of failure records
/// (docs/formats/spool.md).
std::string encode_message(event::Headers headers, const std::optional<std::string_view>& value);

/// What `encode_message` made, in place.
struct SpooledMessage {
  std::vector<event::Header> headers;
  std::optional<std::string_view> value;
};
/// Fails with `corrupt` when it is none.
Status decode_message(std::string_view text, SpooledMessage& to);

}  // namespace holdfast::pipeline
