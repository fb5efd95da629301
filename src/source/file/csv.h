#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "source/file/parser.h"

namespace holdfast::source::file {

/// CSV as RFC 4180 has it: fields in quotes may hold delimiters, line ends and doubled quotes; a
/// header names the columns. An event's value is a JSON object with one text (or null) per column,
/// in the order of the header: text as it is in the file, for a CSV file has no types, and "0517"
/// or "1e3" must come out as they went in.
///
/// What RFC 4180 leaves open: LF and CRLF end a line; blank lines are passed over (unless there is
/// one column only); a quote within a field that does not begin with one is wrong quoting. After
/// wrong quoting reading goes on with the next line.
class CsvParser final : public Parser {
 public:
  CsvParser(CsvFormat format, size_t line_bytes_max);
  bool has_header() const override { return true; }
  Result<Step> set_header(std::string_view text, bool final) override;
  Step next(std::string_view text, bool final, std::string& value) override;

 private:
  struct Field {
    std::string_view text;  // within the quotes
    bool quoted = false;
    bool doubled_quotes = false;
  };
  struct Record {
    std::vector<Field> fields;
  };
  struct Split {
    Step step;
    bool open_quote = false;  // incomplete within a quoted field
  };

  bool next_plain(std::string_view text, std::string& value, Step& step);
  void append_plain(std::string_view line, std::string& value) const;
  Step next_general(std::string_view text, bool final, std::string& value);
  Split split_record(std::string_view text, bool final, Record& record) const;
  void set_names(const std::vector<std::string>& names);
  static std::string unquoted(const Field& field);

  CsvFormat format_;
  size_t line_bytes_max_;
  std::vector<std::string> prefixes_;  // {"first": and ,"second":
  size_t prefix_bytes_ = 0;
  std::vector<uint32_t> ends_;  // of the fields of a plain line
  Record record_;               // of a general one
};

}  // namespace holdfast::source::file
