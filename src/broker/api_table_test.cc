#include "broker/api_table.h"

#include <cstdlib>
#include <gtest/gtest.h>

#include "base/os/files.h"

namespace holdfast::broker {
namespace {

constexpr std::string_view kHead =
    "# What the broker serves\n\nMade from `src/broker/api_table.cc`; HOLDFAST_REWRITE=1 "
    "broker_test "
    "writes it anew.\nMessages: `src/wire/messages`. Produce below 3 is advertised for old "
    "librdkafka, "
    "and refused.\n\n";

TEST(ApiTable, TheDocumentationIsMadeFromIt) {
  const std::string path = std::string(HOLDFAST_SOURCE_FOLDER) + "/docs/reference/broker-apis.md";
  const std::string wanted = std::string(kHead) + served_apis_markdown();
  if (std::getenv("HOLDFAST_REWRITE")) {
    ASSERT_TRUE(os::replace_file(os::real_files(), path, as_bytes(wanted)).has_value());
  }
  const auto found = os::read_file(os::real_files(), path, 1 << 20);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(as_text(*found), wanted);
}

TEST(ApiTable, FindsWhatItListsAndNothingElse) {
  for (int16_t key = -2; key < 100; ++key) {
    const ServedApi* found = find_served_api(key);
    bool listed = false;
    for (const ServedApi& api : served_apis()) listed |= static_cast<int16_t>(api.spec->key) == key;
    EXPECT_EQ(found != nullptr, listed) << key;
    if (found) {
      EXPECT_EQ(static_cast<int16_t>(found->spec->key), key);
    }
  }
}

}  // namespace
}  // namespace holdfast::broker
