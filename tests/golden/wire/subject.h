#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "wire/api.h"

namespace holdfast::golden {

/// What became of some bytes that were read as a message.
struct Reading {
  std::string text;       // the content, in the form of the corpus
  ByteBuffer again;       // encoded once more
  size_t size_found = 0;  // what encoded_size said
  size_t rest = 0;        // bytes behind the message
};

/// One message of one API, with its type forgotten, so that tests need no templates.
struct Subject {
  const wire::ApiSpec* api;
  std::string direction;  // request or response
  Result<Reading> (*read)(ByteView bytes, int16_t version);
};

/// Both messages of every API.
const std::vector<Subject>& subjects();

std::string hex(ByteView bytes);

}  // namespace holdfast::golden
