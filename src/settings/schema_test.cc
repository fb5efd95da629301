#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "settings/load.h"

namespace holdfast::settings {
namespace {

nlohmann::json schema() {
  return nlohmann::json::parse(json_schema());
}

TEST(Schema, IsJsonThatForbidsUnknownKeysEverywhere) {
  const auto root = schema();
  EXPECT_EQ(root["additionalProperties"], false);
  EXPECT_EQ(root["properties"]["kafka"]["additionalProperties"], false);
  EXPECT_EQ(root["properties"]["sources"]["items"]["additionalProperties"], false);
}

TEST(Schema, CarriesRequiredKeysRangesAndDefaults) {
  const auto root = schema();
  const auto& source = root["properties"]["sources"]["items"];
  EXPECT_EQ(source["required"], nlohmann::json({"name", "topic"}));
  EXPECT_EQ(source["oneOf"][0]["required"][0], "file");
  EXPECT_EQ(source["properties"]["partitions"]["anyOf"][0]["maximum"], 10'000);
  EXPECT_EQ(source["properties"]["partitions"]["default"], 1);
  EXPECT_EQ(root["properties"]["spool"]["properties"]["bytes_max"]["default"], "4GiB");
  EXPECT_EQ(root["properties"]["log"]["properties"]["level"]["anyOf"][0]["enum"],
            nlohmann::json({"debug", "info", "warning", "error"}));
}

TEST(Reference, HasASectionForEveryMapping) {
  const std::string page = reference();
  for (const char* heading :
       {"## `kafka`", "## `spool`", "## `sources[]`", "## `sources[].file`", "## `pipelines[]`",
        "## `pipelines[].to[].duckdb`", "## `pipelines[].batch`", "## `failures`"}) {
    EXPECT_NE(page.find(heading), std::string::npos) << heading;
  }
}

}  // namespace
}  // namespace holdfast::settings
