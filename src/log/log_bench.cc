// What the log can do, beside what the disk can do: run it on an idle machine and quote the load
// with each figure.

#include <benchmark/benchmark.h>
#include <condition_variable>
#include <mutex>

#include "log/log.h"
#include "testing/temporary_folder.h"

namespace holdfast::log {
namespace {

/// A started log in a fresh folder, and a way to wait until all is durable.
class Subject {
 public:
  explicit Subject(LogSettings settings = {}) {
    settings.folder = folder_.path() + "/log";
    log_ = std::move(*Log::open(os::real_files(), settings));
    (void)log_->start({.durable =
                           [this](Position upto) {
                             const std::lock_guard lock(mutex_);
                             durable_ = upto;
                             ++flushes_;
                             changed_.notify_one();
                           },
                       .stalled = {},
                       .failed = {},
                       .segment_sealed = {}});
  }
  Log& log() { return *log_; }
  void wait_for(Position upto) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return durable_ >= upto; });
  }
  uint64_t flushes() const { return flushes_; }

 private:
  testing::TemporaryFolder folder_;
  std::unique_ptr<Log> log_;
  std::mutex mutex_;
  std::condition_variable changed_;
  Position durable_;
  uint64_t flushes_ = 0;
};

FrameKey key_of(uint64_t number) {
  const auto offset = static_cast<int64_t>(number);
  return {.kind = FrameKind::batch,
          .partition = {static_cast<uint32_t>(number % 16)},
          .first_offset = offset,
          .last_offset = offset,
          .max_timestamp_ms = offset};
}

/// 300 MB in frames of one size, with that many in flight.
void Append(benchmark::State& state) {
  const std::string body(static_cast<size_t>(state.range(0)), 'x');
  const auto in_flight = static_cast<uint64_t>(state.range(1)) * body.size();
  const uint64_t frames = 300'000'000 / body.size();
  for (auto _ : state) {
    state.PauseTiming();
    auto subject = std::make_unique<Subject>();
    state.ResumeTiming();
    for (uint64_t n = 0; n < frames; ++n) {
      const ByteView part = as_bytes(body);
      const auto end = subject->log().append(key_of(n), std::span(&part, 1));
      if (!end) return state.SkipWithError(end.error().message.c_str());
      if (end->value > subject->log().durable().value + in_flight)
        subject->wait_for({end->value - in_flight});
    }
    subject->wait_for(subject->log().end());
    state.PauseTiming();
    state.counters["syncs"] = static_cast<double>(subject->flushes());
    subject.reset();
    state.ResumeTiming();
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * frames * body.size()));
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * frames));
}
BENCHMARK(Append)
    ->Args({1024, 1})
    ->Args({1024, 256})
    ->Args({1024, 8192})
    ->Args({65536, 1})
    ->Args({65536, 16})
    ->Args({65536, 128})
    ->Iterations(1)
    ->UseRealTime()
    ->MeasureProcessCPUTime()
    ->Unit(benchmark::kMillisecond);

/// One small frame at a time: how long until it is durable.
void AppendAndWait(benchmark::State& state) {
  Subject subject;
  const std::string body(1024, 'x');
  uint64_t n = 0;
  for (auto _ : state) {
    const ByteView part = as_bytes(body);
    subject.wait_for(*subject.log().append(key_of(n++), std::span(&part, 1)));
  }
}
BENCHMARK(AppendAndWait)
    ->Iterations(10000)
    ->UseRealTime()
    ->MeasureProcessCPUTime()
    ->Unit(benchmark::kMicrosecond);

/// The same with nothing of ours: write and fdatasync in a file filled with zeroes.
void RawWriteAndSync(benchmark::State& state) {
  testing::TemporaryFolder folder;
  auto file = *os::real_files().open(folder.path() + "/raw", os::OpenMode::create_new);
  constexpr uint64_t size = 64 << 20;
  (void)file->zero_fill(0, size);
  (void)file->sync_data();
  const ByteBuffer bytes(static_cast<size_t>(state.range(0)), std::byte{1});
  uint64_t at = 0;
  for (auto _ : state) {
    (void)file->write_at(at, bytes);
    (void)file->sync_data();
    at = (at + bytes.size()) % size;
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * bytes.size()));
}
BENCHMARK(RawWriteAndSync)
    ->Arg(4096)
    ->Arg(65536)
    ->Arg(1 << 20)
    ->Iterations(2000)
    ->UseRealTime()
    ->MeasureProcessCPUTime()
    ->Unit(benchmark::kMicrosecond);

/// From opening the folder of a log of that many MB to the started log.
void Reopen(benchmark::State& state) {
  testing::TemporaryFolder folder;
  const LogSettings settings{.folder = folder.path() + "/log"};
  {
    auto log = *Log::open(os::real_files(), settings);
    (void)log->start({});
    const std::string body(65536, 'x');
    const ByteView part = as_bytes(body);
    const auto bytes = static_cast<uint64_t>(state.range(0)) * 1'000'000;
    for (uint64_t n = 0; log->end().value < bytes;)
      n += log->append(key_of(n), std::span(&part, 1)).has_value();
  }
  for (auto _ : state) {
    auto log = Log::open(os::real_files(), settings);
    if (!log || !(*log)->start({})) state.SkipWithError("cannot open again");
    state.PauseTiming();
    log = fail(ErrorCode::interrupted, "closed");
    state.ResumeTiming();
  }
}
BENCHMARK(Reopen)
    ->Arg(0)
    ->Arg(30)
    ->Arg(3000)
    ->Iterations(3)
    ->UseRealTime()
    ->MeasureProcessCPUTime()
    ->Unit(benchmark::kMillisecond);

/// Sequential reads of one partition among 16, as a consumer does: 1 MiB at a time, from the page
/// cache.
void Read(benchmark::State& state) {
  Subject subject;
  const std::string body(static_cast<size_t>(state.range(0)), 'x');
  const uint64_t frames = 200'000'000 / body.size();
  for (uint64_t n = 0; n < frames; ++n) {
    const ByteView part = as_bytes(body);
    const auto end = subject.log().append(key_of(n), std::span(&part, 1));
    if (end->value > subject.log().durable().value + (8 << 20))
      subject.wait_for({end->value - (8 << 20)});
  }
  subject.wait_for(subject.log().end());
  int64_t bytes = 0;
  int64_t next = 0;
  for (auto _ : state) {
    const auto found = *subject.log().read({3}, next, 1 << 20, true);
    next = found.empty() ? 0 : found.back().key.last_offset + 1;
    for (const Frame& frame : found) bytes += static_cast<int64_t>(frame.body.size());
  }
  state.SetBytesProcessed(bytes);
}
BENCHMARK(Read)->Arg(1024)->Arg(65536)->UseRealTime()->MeasureProcessCPUTime()->Unit(
    benchmark::kMicrosecond);

}  // namespace
}  // namespace holdfast::log
