#include "base/json_writer.h"

#include <gtest/gtest.h>
#include <limits>

namespace holdfast {
namespace {

TEST(JsonWriter, WritesMembersInTheOrderOfTheCalls) {
  JsonWriter json;
  json.begin_object().member("b", 1).member("a", "x").key("list").begin_array();
  json.value(true).null().value(-5).value(0.5).begin_object().end_object().end_array();
  json.member("max", std::numeric_limits<uint64_t>::max()).end_object();
  EXPECT_EQ(json.text(),
            R"({"b":1,"a":"x","list":[true,null,-5,0.5,{}],"max":18446744073709551615})");
}

TEST(JsonWriter, EscapesWhatJsonForbids) {
  EXPECT_EQ(json_text("a\"b\\c\n\t\x01"), R"("a\"b\\c\n\t\u0001")");
  EXPECT_EQ(json_text("\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"),
            "\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\"");
}

TEST(JsonWriter, ReplacesBytesThatAreNotUtf8) {
  const std::string bad = "\"\xEF\xBF\xBD\"";
  for (const char* text :
       {"\xFF", "\x80", "\xC3", "\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80"}) {
    EXPECT_EQ(json_text(text).substr(0, 4), bad.substr(0, 4)) << text;
  }
  EXPECT_EQ(json_text(std::string_view("a\xFFz")), "\"a\xEF\xBF\xBDz\"");
}

TEST(JsonWriter, WritesNullForWhatIsNoNumber) {
  JsonWriter json;
  json.begin_array().value(std::numeric_limits<double>::quiet_NaN()).end_array();
  EXPECT_EQ(json.text(), "[null]");
}

}  // namespace
}  // namespace holdfast
