#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace holdfast {

/// A number that only grows. One thread adds, any thread reads: a plain load and store, no lock, no
/// locked instruction.
class Counter {
 public:
  void add(uint64_t more = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
  }
  uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_ = 0;
};

/// How often something took how long. One thread records, any thread reads; a reader may see a
/// count a moment older than another.
class DurationHistogram {
 public:
  static constexpr std::array<int64_t, 18> bounds_us{
      50,     100,     250,     500,     1'000,     2'500,     5'000,     10'000,     25'000,
      50'000, 100'000, 250'000, 500'000, 1'000'000, 2'500'000, 5'000'000, 10'000'000, 30'000'000};

  void record(int64_t took_us) {
    size_t place = 0;
    while (place < bounds_us.size() && took_us > bounds_us[place]) ++place;
    counts_[place].add();
    sum_us_.add(took_us > 0 ? static_cast<uint64_t>(took_us) : 0);
  }
  /// Of the values up to the bound; behind the last bound: of all the others.
  uint64_t count(size_t place) const { return counts_[place].value(); }
  uint64_t count() const {
    uint64_t sum = 0;
    for (const Counter& one : counts_) sum += one.value();
    return sum;
  }
  uint64_t sum_us() const { return sum_us_.value(); }

 private:
  std::array<Counter, bounds_us.size() + 1> counts_;
  Counter sum_us_;
};

/// Writes metrics in Prometheus' text form (version 0.0.4). All values of one name stand together,
/// below one `family`.
class MetricsText {
 public:
  using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  /// `type`: "counter", "gauge" or "histogram".
  void family(std::string_view name, std::string_view type, std::string_view help);
  void value(double value, Labels labels = {});
  void histogram(const DurationHistogram& histogram, Labels labels = {});

  void counter(std::string_view name, std::string_view help, uint64_t number) {
    family(name, "counter", help);
    value(static_cast<double>(number));
  }
  void gauge(std::string_view name, std::string_view help, double number) {
    family(name, "gauge", help);
    value(number);
  }

  std::string take() && { return std::move(text_); }

 private:
  void line(std::string_view suffix, Labels labels, std::string_view bound, double value);

  std::string text_;
  std::string name_;
};

}  // namespace holdfast
