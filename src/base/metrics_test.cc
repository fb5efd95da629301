#include "base/metrics.h"

#include <gtest/gtest.h>

namespace holdfast {
namespace {

TEST(Metrics, AreWrittenAsPrometheusReadsThem) {
  MetricsText text;
  text.counter("a_total", "how many", 3);
  text.family("b", "gauge", "by place");
  text.value(1.5, {{"topic", "t"}, {"partition", "0"}});
  text.value(20'000'000'000, {{"topic", "say \"hi\"\\\n"}});
  EXPECT_EQ(std::move(text).take(),
            "# HELP a_total how many\n# TYPE a_total counter\na_total 3\n"
            "# HELP b by place\n# TYPE b gauge\nb{topic=\"t\",partition=\"0\"} 1.5\n"
            "b{topic=\"say \\\"hi\\\"\\\\\\n\"} 20000000000\n");
}

TEST(Metrics, HistogramsCountUpToEachBound) {
  DurationHistogram histogram;
  for (const int64_t took : {10, 50, 51, 31'000'000}) histogram.record(took);
  EXPECT_EQ(histogram.count(), 4u);
  MetricsText text;
  text.family("took_seconds", "histogram", "x");
  text.histogram(histogram, {{"api", "Fetch"}});
  const std::string all = std::move(text).take();
  for (const char* line :
       {"took_seconds_bucket{api=\"Fetch\",le=\"5e-05\"} 2\n",
        "took_seconds_bucket{api=\"Fetch\",le=\"0.0001\"} 3\n",
        "took_seconds_bucket{api=\"Fetch\",le=\"30\"} 3\n",
        "took_seconds_bucket{api=\"Fetch\",le=\"+Inf\"} 4\n",
        "took_seconds_sum{api=\"Fetch\"} 31.000111\n", "took_seconds_count{api=\"Fetch\"} 4\n"})
    EXPECT_NE(all.find(line), std::string::npos) << line << all;
}

}  // namespace
}  // namespace holdfast
