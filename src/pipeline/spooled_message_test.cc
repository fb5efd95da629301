#include "pipeline/spooled_message.h"

#include <gtest/gtest.h>

namespace holdfast::pipeline {
namespace {

TEST(SpooledMessage, ComesBackAsItWasNullsIncluded) {
  const std::vector<event::Header> headers{{"a", "1"}, {"empty", ""}, {"null", std::nullopt}};
  for (const std::optional<std::string_view> value :
       {std::optional<std::string_view>("v"), std::optional<std::string_view>(""),
        std::optional<std::string_view>()}) {
    const std::string text = encode_message(headers, value);
    SpooledMessage back;
    ASSERT_TRUE(decode_message(text, back));
    ASSERT_EQ(back.headers.size(), headers.size());
    for (size_t i = 0; i < headers.size(); ++i) {
      EXPECT_EQ(back.headers[i].name, headers[i].name);
      EXPECT_EQ(back.headers[i].value, headers[i].value);
    }
    EXPECT_EQ(back.value, value);
    for (size_t size = 0; size < text.size(); ++size)
      EXPECT_EQ(decode_message(std::string_view(text).substr(0, size), back).error().code,
                ErrorCode::corrupt);
    EXPECT_FALSE(decode_message(text + "x", back));
  }
}

}  // namespace
}  // namespace holdfast::pipeline
