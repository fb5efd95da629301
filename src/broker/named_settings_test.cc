#include "broker/named_settings.h"

#include <gtest/gtest.h>

#include "broker/config.h"

namespace holdfast::broker {
namespace {

TEST(NamedSettings, AreReadBackAsTheyWereSet) {
  BrokerSettings settings;
  ASSERT_TRUE(set_by_name(settings, "num.partitions", "4"));
  ASSERT_TRUE(set_by_name(settings, "auto.create.topics.enable", "false"));
  ASSERT_TRUE(set_by_name(settings, "connections.max.idle.ms", "1000"));
  EXPECT_EQ(settings.default_partitions, 4);
  EXPECT_FALSE(settings.auto_create_topics);
  EXPECT_EQ(settings.limits.idle_timeout_ms, 1000);
  EXPECT_EQ(setting_by_name(settings, "num.partitions"), "4");
  EXPECT_EQ(setting_by_name(settings, "auto.create.topics.enable"), "false");
  EXPECT_EQ(setting_by_name(settings, "delete.topic.enable"), "");
}

TEST(NamedSettings, EveryKeyThatCanBeSetTakesItsOwnValueBack) {
  int found = 0;
  for (const ConfigKey& key : broker_config_keys()) {
    BrokerSettings settings;
    const std::string value = setting_by_name(settings, key.name);
    if (value.empty()) continue;
    ++found;
    EXPECT_TRUE(set_by_name(settings, key.name, value)) << key.name;
    EXPECT_EQ(setting_by_name(settings, key.name), value);
  }
  EXPECT_GE(found, 12);
}

TEST(NamedSettings, TakeHoursAndMinutesAsKafkaDoes) {
  BrokerSettings settings;
  ASSERT_TRUE(set_by_name(settings, "log.retention.hours", "2"));
  EXPECT_EQ(settings.retention_ms, 7'200'000);
  ASSERT_TRUE(set_by_name(settings, "log.retention.minutes", "3"));
  EXPECT_EQ(settings.retention_ms, 180'000);
  ASSERT_TRUE(set_by_name(settings, "log.retention.hours", "-1"));
  EXPECT_EQ(settings.retention_ms, -1);
  EXPECT_FALSE(set_by_name(settings, "log.roll.hours", "-1"));
  EXPECT_FALSE(set_by_name(settings, "log.retention.hours", "2h"));
}

TEST(NamedSettings, RefuseWhatIsUnknownOrOutOfRange) {
  BrokerSettings settings;
  for (const auto& [name, value] : {std::pair{"nun.partitions", "4"},
                                    {"num.partitions", "0"},
                                    {"num.partitions", "four"},
                                    {"num.partitions", "99999999999"},
                                    {"num.partitions", ""},
                                    {"max.connections", "-1"},
                                    {"auto.create.topics.enable", "yes"},
                                    {"delete.topic.enable", "false"}}) {
    const Status set = set_by_name(settings, name, value);
    ASSERT_FALSE(set) << name << " = " << value;
    EXPECT_EQ(set.error().code, ErrorCode::invalid);
  }
  EXPECT_EQ(settings.default_partitions, 1);
}

}  // namespace
}  // namespace holdfast::broker
