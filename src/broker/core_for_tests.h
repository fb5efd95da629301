#pragma once

#include <gtest/gtest.h>
#include <map>

#include "broker/config.h"
#include "broker/core.h"
#include "broker/recovery.h"
#include "log/engine.h"
#include "testing/simulated_disk.h"
#include "wire/message.h"

namespace holdfast::broker {

/// The core over a real log on a simulated disk, without threads, sockets and clock: a test takes
/// each step itself, and knows every frame. For tests only.
class TestCore : public Outlet {
 public:
  struct Frame {
    log::FrameKey key;
    ByteBuffer body;
  };
  struct Options {
    uint64_t pending_bytes_max = 1u << 20;
    uint64_t segment_bytes = 1u << 20;
    BrokerSettings settings = {};
  };

  TestCore() : TestCore(Options{}, {}) {}
  explicit TestCore(const Options& options) : TestCore(options, {}) {}
  /// As a broker would start whose log ends behind these frames.
  TestCore(const Options& options, std::span<const Frame> frames) : settings_(options.settings) {
    auto opened = log::Engine::open(disk_,
                                    {.folder = "/log",
                                     .segment_bytes = options.segment_bytes,
                                     .pending_bytes_max = options.pending_bytes_max},
                                    {.threads = false});
    EXPECT_TRUE(opened.has_value());
    log_ = std::move(*opened);
    EXPECT_TRUE(log_->start({.durable = [](log::Position) {},
                             .stalled = [](const Error&) {},
                             .failed = [](const Error&) {},
                             .segment_sealed = [](log::Position) {}})
                    .has_value());
    for (const Frame& frame : frames) {
      const ByteView body = frame.body;
      EXPECT_TRUE(log_->append(frame.key, {&body, 1}).has_value());
      while (log_->step_writer() == log::Writer::Step::flushed) {
      }
      const Status replayed = replay(frame);
      EXPECT_TRUE(replayed.has_value()) << replayed.error().message;
    }
    state_.restart_done();
    core_ = std::make_unique<Core>(settings_, state_, *log_, *this, [this] {
      TopicId id{};
      id.bytes[0] = static_cast<std::byte>(++topics_);
      return id;
    });
  }

  /// Serves it and waits for the disk.
  template <class Response, class Request>
  Response call(const Request& request, int16_t version) {
    const uint64_t sequence = send(request, version);
    settle();
    return receive<Response>(sequence, version);
  }
  /// Serves it; nothing goes to the disk yet.
  template <class Request>
  uint64_t send(const Request& request, int16_t version) {
    const ByteBuffer frame = wire::encode_request(request, version, 1, "c").flattened();
    const auto header = wire::decode_request_header(ByteView(frame).subspan(4));
    EXPECT_TRUE(header.has_value());
    core_->serve(*header, 1, ++sequence_, now);
    return sequence_;
  }
  bool answered(uint64_t sequence) const { return answers_.contains(sequence); }
  template <class Response>
  Response receive(uint64_t sequence, int16_t version) {
    const auto found = answers_.find(sequence);
    EXPECT_TRUE(found != answers_.end()) << "no answer";
    if (found == answers_.end()) return {};
    const auto header =
        wire::decode_response_header(Response::api, version, ByteView(found->second).subspan(4));
    auto response = wire::decode<Response>(header->body, version);
    EXPECT_TRUE(response.has_value());
    return std::move(*response);
  }
  /// The disk takes all that waits.
  void settle() {
    while (log_->step_writer() == log::Writer::Step::flushed) ++flushes;
    core_->durable(log_->durable(), now);
  }
  void pass(int64_t ms) {
    now.steady_ms += ms;
    now.wall_ms += ms;
    core_->tick(now);
  }

  /// All frames on the disk, in order.
  std::vector<Frame> frames() {
    std::vector<Frame> all;
    const auto read = log::verify(disk_, "/log", [&](const log::Frame& frame) {
      all.push_back({frame.key, {frame.body.begin(), frame.body.end()}});
    });
    EXPECT_TRUE(read.has_value() && read->damage.empty());
    return all;
  }
  /// What another start of this log would have as its state: from the beginning, or from a
  /// checkpoint that was taken behind so many frames.
  ByteBuffer replayed_state(ByteView checkpoint = {}, size_t behind = 0) {
    State again(started_with(settings_));
    if (!checkpoint.empty()) {
      EXPECT_TRUE(again.load(checkpoint, now.wall_ms).has_value());
    }
    again_ = &again;
    const auto all = frames();
    for (size_t i = behind; i < all.size(); ++i) EXPECT_TRUE(replay(all[i]).has_value());
    again_ = nullptr;
    return again.checkpoint();
  }

  void answer(const Ticket& ticket, Response response) override {
    answers_[ticket.sequence] = response.bytes.flattened();
  }
  void disconnect(uint64_t, std::string_view why) override { ADD_FAILURE() << why; }

  Core& core() { return *core_; }
  State& state() { return state_; }
  log::Engine& log() { return *log_; }

  Instant now{1000, 1'700'000'000'000};
  int flushes = 0;

 private:
  Status replay(const Frame& frame) {
    State& state = again_ ? *again_ : state_;
    if (frame.key.kind == log::FrameKind::state)
      return state.replay(HOLDFAST_TRY(decode_state_record(frame.body)));
    const auto batch = HOLDFAST_TRY(record::BatchView::parse(frame.body));
    state.replay_batch(frame.key.partition, batch, now.wall_ms);
    return {};
  }

  BrokerSettings settings_;
  testing::SimulatedDisk disk_{1};
  State state_{started_with(settings_)};
  State* again_ = nullptr;
  std::unique_ptr<log::Engine> log_;
  std::unique_ptr<Core> core_;
  std::map<uint64_t, ByteBuffer> answers_;
  uint64_t sequence_ = 0;
  uint8_t topics_ = 0;
};

}  // namespace holdfast::broker
