#include "base/metrics.h"

#include <fmt/format.h>
#include <iterator>

namespace holdfast {
namespace {

void add_escaped(std::string& text, std::string_view value) {
  for (const char c : value) {
    if (c == '\n') {
      text += "\\n";
    } else {
      if (c == '"' || c == '\\') text += '\\';
      text += c;
    }
  }
}

}  // namespace

void MetricsText::family(std::string_view name, std::string_view type, std::string_view help) {
  name_ = name;
  fmt::format_to(std::back_inserter(text_), "# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
}

void MetricsText::value(double value, Labels labels) {
  line("", labels, "", value);
}

void MetricsText::histogram(const DurationHistogram& histogram, Labels labels) {
  uint64_t below = 0;
  for (size_t i = 0; i < DurationHistogram::bounds_us.size(); ++i) {
    below += histogram.count(i);
    const std::string bound =
        fmt::format("{}", static_cast<double>(DurationHistogram::bounds_us[i]) / 1e6);
    line("_bucket", labels, bound, static_cast<double>(below));
  }
  below += histogram.count(DurationHistogram::bounds_us.size());
  line("_bucket", labels, "+Inf", static_cast<double>(below));
  line("_sum", labels, "", static_cast<double>(histogram.sum_us()) / 1e6);
  line("_count", labels, "", static_cast<double>(below));
}

void MetricsText::line(std::string_view suffix, Labels labels, std::string_view bound,
                       double value) {
  text_ += name_;
  text_ += suffix;
  char before = '{';
  const auto add = [&](std::string_view name, std::string_view label) {
    text_ += std::exchange(before, ',');
    text_ += name;
    text_ += "=\"";
    add_escaped(text_, label);
    text_ += '"';
  };
  for (const auto& [name, label] : labels) add(name, label);
  if (!bound.empty()) add("le", bound);
  if (before == ',') text_ += '}';
  fmt::format_to(std::back_inserter(text_), " {}\n", value);
}

}  // namespace holdfast
