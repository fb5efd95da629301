#include "source/file/csv.h"

#include <gtest/gtest.h>
#include <vector>

#include "source/file/parser.h"

namespace holdfast::source::file {
namespace {

/// Text with the readable bytes behind it that parsers ask for. They are chosen to mislead.
class Padded {
 public:
  explicit Padded(std::string_view text) : bytes_(text), size_(text.size()) {
    bytes_.append(Parser::padding, ',');
  }
  std::string_view from(size_t at) const { return std::string_view(bytes_).substr(at, size_ - at); }

 private:
  std::string bytes_;
  size_t size_;
};

struct Parsed {
  std::vector<std::string> values;    // of events
  std::vector<std::string> rejected;  // "LINE CODE"
  size_t left = 0;                    // bytes not taken
  bool operator==(const Parsed&) const = default;
};

Parsed parse(Parser& parser, std::string_view text, bool final = true) {
  const Padded padded(text);
  Parsed parsed;
  int64_t line = 1;
  size_t at = 0;
  while (at < text.size()) {
    std::string value;
    const Step step = parser.next(padded.from(at), final, value);
    if (step.kind == Step::Kind::incomplete || (step.lines == 0 && !final)) break;
    if (step.kind == Step::Kind::event) parsed.values.push_back(value);
    if (step.kind == Step::Kind::rejected)
      parsed.rejected.push_back(std::to_string(line) + " " + std::string(step.code));
    line += step.lines;
    at += step.bytes;
  }
  parsed.left = text.size() - at;
  return parsed;
}

std::unique_ptr<Parser> csv(std::string_view header, CsvFormat format = {},
                            size_t line_bytes_max = 1 << 20) {
  auto parser = make_csv_parser(format, line_bytes_max);
  const Padded padded(header);
  EXPECT_TRUE(parser->set_header(padded.from(0), true));
  return parser;
}

TEST(Csv, MakesAnObjectOfEachLineWithTextAsItIsInTheFile) {
  const auto parser = csv("a,b c,d\n");
  const Parsed parsed = parse(*parser, "1,0517,1e3\n,-,x y\n");
  EXPECT_EQ(parsed.values, (std::vector<std::string>{R"({"a":"1","b c":"0517","d":"1e3"})",
                                                     R"({"a":"","b c":"-","d":"x y"})"}));
}

TEST(Csv, TakesTheMarkerForNullOnlyUnquotedAndOnlyWhole) {
  const auto parser = csv("a,b,c,d\n", {.has_null = true, .null = "NA"});
  EXPECT_EQ(parse(*parser, "NA,\"NA\",NAN,A\nNA,N,,NA\n").values,
            (std::vector<std::string>{R"({"a":null,"b":"NA","c":"NAN","d":"A"})",
                                      R"({"a":null,"b":"N","c":"","d":null})"}));
}

TEST(Csv, ReadsQuotedFieldsWithDelimitersLineEndsAndDoubledQuotes) {
  const auto parser = csv("a,b\n");
  const Parsed parsed = parse(*parser, "\"x,\ny\",\"say \"\"hi\"\"\"\n\"\",\"\"\"\"\r\nz,1\r\n");
  EXPECT_EQ(parsed.values,
            (std::vector<std::string>{R"({"a":"x,\ny","b":"say \"hi\""})", R"({"a":"","b":"\""})",
                                      R"({"a":"z","b":"1"})"}));
  EXPECT_TRUE(parsed.rejected.empty());
}

TEST(Csv, EscapesWhatJsonCannotHold) {
  const auto parser = csv("a,b\n");
  EXPECT_EQ(parse(*parser, "back\\slash,tab\there\n\xc3\xa4,\x01\n").values,
            (std::vector<std::string>{R"({"a":"back\\slash","b":"tab\there"})",
                                      "{\"a\":\"\xc3\xa4\",\"b\":\"\\u0001\"}"}));
}

TEST(Csv, RejectsABrokenLineAndGoesOnWithTheNext) {
  const auto parser = csv("a,b\n");
  const Parsed parsed = parse(*parser,
                              "1\n"         // too few
                              "1,2,3\n"     // too many
                              "x\"y,2\n"    // a quote within
                              "\"x\"y,2\n"  // text behind a quoted field
                              "\xff,2\n"    // not UTF-8
                              "\n"          // blank: passed over
                              "ok,1\n"
                              "\"never ends,2\n"
                              "ok,2\n");
  EXPECT_EQ(parsed.values,
            (std::vector<std::string>{R"({"a":"ok","b":"1"})", R"({"a":"ok","b":"2"})"}));
  EXPECT_EQ(parsed.rejected,
            (std::vector<std::string>{"1 wrong_columns", "2 wrong_columns", "3 bad_quoting",
                                      "4 bad_quoting", "5 invalid_utf8", "8 bad_quoting"}));
}

TEST(Csv, AnOpenQuoteEndsAtTheLimitAndOnlyItsOwnLineIsRejected) {
  const auto parser = csv("a,b\n", {}, 300);
  std::string text = "\"open,1\n";
  for (int i = 0; i < 100; ++i) text += "ok,2\n";
  const Parsed parsed = parse(*parser, text, false);
  EXPECT_EQ(parsed.rejected, (std::vector<std::string>{"1 bad_quoting"}));
  EXPECT_EQ(parsed.values.size(), 100u);
}

TEST(Csv, WaitsForTheRestOfALineUnlessNothingWillCome) {
  const std::string text = "1,2\n\"3\n\",4";
  EXPECT_EQ(parse(*csv("a,b\n"), text, false),
            (Parsed{.values = {R"({"a":"1","b":"2"})"}, .rejected = {}, .left = 6}));
  EXPECT_EQ(parse(*csv("a,b\n"), text, true).values,
            (std::vector<std::string>{R"({"a":"1","b":"2"})", R"({"a":"3\n","b":"4"})"}));
}

/// The plain and the general way must agree: a general line says the same in quotes.
TEST(Csv, BothWaysAgreeForEveryLengthOfFieldsAndLineEnds) {
  const auto parser = csv("a,b,c\n", {.has_null = true, .null = "NA"});
  for (size_t first = 0; first < 40; ++first) {
    for (size_t second : {0ul, 1ul, 2ul, 15ul, 16ul, 17ul}) {
      const std::string a(first, 'x'), b(second, 'y');
      const std::string plain = a + "," + b + ",z";
      const std::string quoted = "\"" + a + "\",\"" + b + "\",\"z\"";
      for (const char* end : {"\n", "\r\n"}) {
        const Parsed one = parse(*parser, plain + end + "q,r,s" + end);
        const Parsed other = parse(*parser, quoted + end + "\"q\",r,s" + end);
        ASSERT_EQ(one.values.size(), 2u) << plain;
        ASSERT_EQ(one, other) << plain;
      }
    }
  }
}

TEST(Csv, EveryPrefixOfATextGivesABeginningOfItsEvents) {
  const std::string text = "1,\"a\nb\"\n\"x\"\"y\",2\r\n3,4\n\"bad\"x,5\n6,7\n";
  const Parsed whole = parse(*csv("a,b\n"), text, false);
  ASSERT_EQ(whole.values.size(), 4u);
  for (size_t size = 0; size <= text.size(); ++size) {
    const Parsed part = parse(*csv("a,b\n"), std::string_view(text).substr(0, size), false);
    ASSERT_LE(part.values.size(), whole.values.size());
    ASSERT_TRUE(std::equal(part.values.begin(), part.values.end(), whole.values.begin())) << size;
    ASSERT_TRUE(std::equal(part.rejected.begin(), part.rejected.end(), whole.rejected.begin()))
        << size;
  }
}

TEST(Csv, TakesOtherDelimitersAndAByteOrderMark) {
  const auto parser = csv("\xEF\xBB\xBF\x61;b\n", {.delimiter = ';'});
  EXPECT_EQ(parse(*parser, "1,5;2\n").values, (std::vector<std::string>{R"({"a":"1,5","b":"2"})"}));
}

TEST(Csv, RefusesAHeaderThatCannotNameColumns) {
  const auto refused = [](std::string_view header) {
    const Padded padded(header);
    const auto step = make_csv_parser({}, 1 << 20)->set_header(padded.from(0), true);
    return !step && step.error().code == ErrorCode::invalid;
  };
  EXPECT_TRUE(refused("\n"));
  EXPECT_TRUE(refused("a,,c\n"));
  EXPECT_TRUE(refused("a,b,a\n"));
  EXPECT_TRUE(refused("a,\"b\n"));
  EXPECT_TRUE(refused("a,\xff\n"));
  EXPECT_FALSE(refused("a,b"));
}

TEST(JsonLines, TakesEachLineAsItIsAndRejectsWhatIsNoJson) {
  const auto parser = make_json_lines_parser(100);
  const Parsed parsed = parse(
      *parser, "{\"a\": 1}\r\n\n  \n{\"a\":}\n{} {}\n\"\xff\"\n" + std::string(101, '1') + "\n[1]");
  EXPECT_EQ(parsed.values, (std::vector<std::string>{"{\"a\": 1}", "[1]"}));
  EXPECT_EQ(parsed.rejected, (std::vector<std::string>{"4 invalid_json", "5 invalid_json",
                                                       "6 invalid_utf8", "7 line_too_long"}));
}

TEST(JsonLines, WaitsForTheLineEndUnlessNothingWillCome) {
  EXPECT_EQ(parse(*make_json_lines_parser(100), "{}\n{}", false),
            (Parsed{.values = {"{}"}, .rejected = {}, .left = 2}));
}

}  // namespace
}  // namespace holdfast::source::file
