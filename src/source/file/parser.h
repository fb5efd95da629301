#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace holdfast::source::file {

/// What the parser found at the beginning of the text.
struct Step {
  enum class Kind : uint8_t {
    event,       // its value was appended
    rejected,    // no event; `code` and `cause` say why
    nothing,     // a blank line
    incomplete,  // the text ends within it
  };
  Kind kind = Kind::incomplete;
  size_t bytes = 0;         // of the text that it takes, its line end included
  int64_t lines = 0;        // line ends in it
  std::string_view code{};  // static text
  std::string cause{};
};

/// Turns text into events, piece by piece. Pure: no files, no clock.
/// Threads: one parser per thread.
class Parser {
 public:
  /// Behind the text that a parser is given, so many bytes must be readable (not meaningful): it
  /// reads in wide steps.
  static constexpr size_t padding = 64;

  virtual ~Parser() = default;
  /// Whether a file of this format begins with a header, which must be given to `set_header` first.
  virtual bool has_header() const = 0;
  /// Reads the header at the beginning of the text. Bytes 0: the text ends within it. `invalid`
  /// with what is wrong.
  virtual Result<Step> set_header(std::string_view text, bool final) = 0;
  /// Reads the next piece and appends the event's value to `value`. `final`: nothing will come
  /// behind this text, so that a last line needs no end. A piece longer than `bytes_max` is
  /// rejected.
  virtual Step next(std::string_view text, bool final, std::string& value) = 0;
};

struct CsvFormat {
  char delimiter = ',';
  bool has_null = false;
  std::string null{};  // an unquoted field with exactly this text is JSON null
};

std::unique_ptr<Parser> make_csv_parser(const CsvFormat& format, size_t line_bytes_max);
std::unique_ptr<Parser> make_json_lines_parser(size_t line_bytes_max);

/// The line at the beginning of the text as a piece of its own, for what cannot be taken: up to the
/// line end, or all of it.
Step reject_line(std::string_view text, std::string_view code, std::string cause);

}  // namespace holdfast::source::file
