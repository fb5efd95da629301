#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace holdfast::golden {

/// One line of the corpus: what Kafka's own library made of one message. See generator/Golden.java.
struct Entry {
  std::string direction;  // request, response, header-request, header-response
  int16_t version = 0;
  std::string variant;
  ByteBuffer bytes;
  std::string text;

  /// Which entry it is, for the messages of failed tests.
  std::string label() const;
};

/// All entries of an API, by its name; empty if the corpus has no such API.
std::vector<Entry> entries_of(const std::string& api);

/// The names of all APIs in the corpus.
std::vector<std::string> apis_in_corpus();

}  // namespace holdfast::golden
