// Any bytes as CSV and as JSON Lines: every step takes something, all bytes are taken, and each
// event is JSON.
#include <cstddef>
#include <cstdint>
#include <simdjson.h>
#include <string>

#include "base/check.h"
#include "source/file/parser.h"
#include "source/file/position.h"

namespace {

using namespace holdfast::source::file;

void run(Parser& parser, std::string_view text, const std::string& padded) {
  static simdjson::dom::parser judge;
  size_t at = 0;
  if (parser.has_header()) {
    const auto header = parser.set_header(text, true);
    if (!header || header->bytes == 0) return;
    at = header->bytes;
  }
  while (at < text.size()) {
    std::string value;
    const std::string_view rest = std::string_view(padded).substr(at, text.size() - at);
    const Step step = parser.next(rest, true, value);
    HOLDFAST_CHECK(step.kind != Step::Kind::incomplete && step.bytes > 0 &&
                   step.bytes <= rest.size());
    if (step.kind == Step::Kind::event)
      HOLDFAST_CHECK(judge.parse(value).error() == simdjson::SUCCESS);
    at += step.bytes;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::string padded(text);
  padded.append(Parser::padding, '\0');
  const std::string_view inside = std::string_view(padded).substr(0, size);
  run(*make_csv_parser({.delimiter = ',', .has_null = true, .null = "NA"}, 1 << 20), inside,
      padded);
  run(*make_json_lines_parser(1 << 20), inside, padded);
  static_cast<void>(parse_position(holdfast::as_bytes(text)).has_value());
  return 0;
}
