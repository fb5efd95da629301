#pragma once

#include <string>

#include "sink/cassandra/cql/response.h"

namespace holdfast::cql {

/// What an answer says, in the words that generator/Golden.java makes of the Java driver's reading.
std::string describe(const Response& response);
std::string hex(ByteView bytes);

}  // namespace holdfast::cql
