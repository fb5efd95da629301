#include "notify/notifier.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "http/server.h"

namespace holdfast::notify {
namespace {

using nlohmann::json;

/// A server that records what it is sent, and answers as it is told: one answer for each request,
/// the last again and again.
class Recorder {
 public:
  explicit Recorder(std::vector<http::Response> answers = {{.body = R"({"ok":true})"}})
      : answers_(std::move(answers)) {
    auto started = http::ServerThread::start(
        {"127.0.0.1", 0}, [this](const http::Request& request, http::Reply reply) {
          std::unique_lock lock(mutex_);
          requests_.push_back(request);
          const auto answer = answers_[std::min(requests_.size() - 1, answers_.size() - 1)];
          changed_.notify_all();
          lock.unlock();
          reply(answer);
        });
    EXPECT_TRUE(started);
    server_ = std::move(*started);
  }
  std::string url(const std::string& path) const {
    return "http://" + server_->address().text() + path;
  }
  std::vector<http::Request> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  std::vector<http::Response> answers_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<http::Request> requests_;
  std::unique_ptr<http::ServerThread> server_;
};

Settings slack(const Recorder& recorder) {
  Settings settings;
  settings.slack_token = "xoxb-1";
  settings.slack_channel = "#client-replication-channel";
  settings.slack_url = recorder.url("/api/chat.postMessage");
  settings.pause_ms = 1;
  settings.log = false;
  return settings;
}

const Notice repaired{Subject::repaired,
                      {{"repaired", "5909"},
                       {"superseded", "3"},
                       {"failing", "0"},
                       {"datacenter", "frankfurt"},
                       {"seconds", "2"}}};

TEST(Notifier, PostsToSlacksApiWithChannelTokenAndCount) {
  Recorder recorder;
  Notifier notifier(slack(recorder));
  notifier.post(repaired);
  ASSERT_TRUE(notifier.flush(10'000));
  const auto requests = recorder.requests();
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_EQ(requests[0].path, "/api/chat.postMessage");
  EXPECT_EQ(requests[0].headers.at("authorization"), "Bearer xoxb-1");
  const json body = json::parse(requests[0].body);
  EXPECT_EQ(body["channel"], "#client-replication-channel");
  EXPECT_NE(body["text"].get<std::string>().find("5909"), std::string::npos);
  EXPECT_EQ(notifier.given_up(), 0u);
}

TEST(Notifier, TextsComeFromTheConfigurationAndEveryTargetGetsThem) {
  Recorder recorder;
  Settings settings = slack(recorder);
  settings.slack_webhook = recorder.url("/services/T/B/x");
  settings.webhooks = {{recorder.url("/own"), {{"X-Team", "data"}}}};
  settings.texts[Subject::repaired] = "{repaired}+{superseded} in {datacenter}, {nothing such}";
  Notifier notifier(settings);
  notifier.post(repaired);
  ASSERT_TRUE(notifier.flush(10'000));
  std::map<std::string, http::Request> by_path;
  for (const auto& request : recorder.requests()) by_path[request.path] = request;
  const std::string text = "5909+3 in frankfurt, {nothing such}";
  EXPECT_EQ(json::parse(by_path.at("/api/chat.postMessage").body)["text"], text);
  EXPECT_EQ(json::parse(by_path.at("/services/T/B/x").body), (json{{"text", text}}));
  const json own = json::parse(by_path.at("/own").body);
  EXPECT_EQ(own["subject"], "repaired");
  EXPECT_EQ(own["values"]["repaired"], "5909");
  EXPECT_EQ(by_path.at("/own").headers.at("x-team"), "data");
}

class HandClock : public os::Clock {
 public:
  int64_t wall_us() const override { return 0; }
  int64_t steady_ms() const override { return now_ms; }
  std::atomic<int64_t> now_ms = 0;
};

TEST(Notifier, RetryAfterIsWaitedFor) {
  Recorder recorder(
      {{.status = 429, .headers = {{"Retry-After", "30"}}}, {.body = R"({"ok":true})"}});
  HandClock clock;
  Notifier notifier(slack(recorder), clock);
  notifier.post(repaired);
  while (recorder.requests().empty()) EXPECT_FALSE(notifier.flush(1));
  // Another message is sent at once, and only when the sender is done with the answer to the first:
  // from here on the clock may move.
  notifier.post(repaired);
  while (recorder.requests().size() < 2) EXPECT_FALSE(notifier.flush(1));
  clock.now_ms = 29'000;
  notifier.post(repaired);
  while (recorder.requests().size() < 3) EXPECT_FALSE(notifier.flush(1));
  clock.now_ms = 30'000;
  notifier.post(repaired);
  EXPECT_TRUE(notifier.flush(10'000));
  EXPECT_EQ(recorder.requests().size(), 5u);
  EXPECT_EQ(notifier.given_up(), 0u);
}

TEST(Notifier, AnOutageIsTriedAgainAndThenGivenUpWithoutHoldingAnybodyBack) {
  Recorder recorder(std::vector<http::Response>{{.status = 503}});
  Settings settings = slack(recorder);
  settings.attempts_max = 3;
  Notifier notifier(settings);
  notifier.post(repaired);
  ASSERT_TRUE(notifier.flush(10'000));
  EXPECT_EQ(recorder.requests().size(), 3u);
  EXPECT_EQ(notifier.given_up(), 1u);
}

/// Takes every request and never answers.
class Silent {
 public:
  Silent() {
    auto started = http::ServerThread::start({"127.0.0.1", 0},
                                             [this](const http::Request&, http::Reply reply) {
                                               const std::lock_guard lock(mutex_);
                                               kept_.push_back(std::move(reply));
                                             });
    EXPECT_TRUE(started);
    server_ = std::move(*started);
  }
  std::string url() const { return "http://" + server_->address().text() + "/silent"; }
  size_t asked() const {
    const std::lock_guard lock(mutex_);
    return kept_.size();
  }

 private:
  mutable std::mutex mutex_;
  std::vector<http::Reply> kept_;
  std::unique_ptr<http::ServerThread> server_;
};

TEST(Notifier, AServerThatNeverAnswersCostsItsTimeOutsAndNobodyElseWaits) {
  Silent silent;
  Settings settings;
  settings.log = false;
  settings.slack_webhook = silent.url();
  settings.timeout_ms = 50;
  settings.pause_ms = 1;
  settings.attempts_max = 3;
  Notifier notifier(settings);
  notifier.post(repaired);
  EXPECT_EQ(notifier.given_up(), 0u);
  ASSERT_TRUE(notifier.flush(30'000));
  EXPECT_EQ(notifier.given_up(), 1u);
  EXPECT_EQ(silent.asked(), 3u);
}

TEST(Notifier, WhatSlackRefusesForGoodIsNotTriedAgain) {
  Recorder recorder(
      std::vector<http::Response>{{.body = R"({"ok":false,"error":"channel_not_found"})"}});
  Notifier notifier(slack(recorder));
  notifier.post(repaired);
  ASSERT_TRUE(notifier.flush(10'000));
  EXPECT_EQ(recorder.requests().size(), 1u);
  EXPECT_EQ(notifier.given_up(), 1u);
}

TEST(Notifier, AlarmsOfOneKindAreToldOnceInAWhileWithTheirNumber) {
  Recorder recorder;
  HandClock clock;
  Settings settings = slack(recorder);
  settings.alarm_every_ms = 1'000;
  Notifier notifier(settings, clock);
  const Notice alarm{Subject::breaker_opened,
                     {{"store", "s"}, {"datacenter", "frankfurt"}, {"why", "timeout"}}};
  for (int i = 0; i < 5; ++i) notifier.post(alarm);
  Notice other = alarm;
  other.values["datacenter"] = "amsterdam";
  notifier.post(other);
  ASSERT_TRUE(notifier.flush(10'000));
  EXPECT_EQ(recorder.requests().size(), 2u);
  clock.now_ms = 1'000;
  notifier.post(alarm);
  ASSERT_TRUE(notifier.flush(10'000));
  ASSERT_EQ(recorder.requests().size(), 3u);
  EXPECT_NE(recorder.requests()[2].body.find("4 alarms"), std::string::npos);
}

TEST(Notifier, WithoutATargetThereIsNothingToWaitFor) {
  Notifier notifier(Settings{});
  notifier.post(repaired);
  EXPECT_TRUE(notifier.flush(0));
}

}  // namespace
}  // namespace holdfast::notify
