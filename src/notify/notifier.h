#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/os/clock.h"

namespace holdfast::notify {

/// What people are told of.
enum class Subject : uint8_t {
  repaired,        // a repair has ended: {repaired} {superseded} {failing} {datacenter} {seconds}
  nothing,         // there was nothing to repair: {datacenter}
  failed,          // it could not be done: {why} {repaired} {waiting} {datacenter}
  rejected,        // alarm: events that no store takes: {count} {pipeline} {why}
  breaker_opened,  // alarm: {store} {datacenter} {why}
};
const char* name(Subject subject);

struct Notice {
  Subject subject = Subject::repaired;
  std::map<std::string, std::string> values;  // for the places in the text
};

struct Webhook {
  std::string url;
  std::map<std::string, std::string> headers;
};

struct Settings {
  // Slack's Web API: both, or neither.
  std::string slack_token;
  std::string slack_channel;
  std::string slack_url = "https://slack.com/api/chat.postMessage";
  std::string slack_webhook;      // an incoming webhook's URL
  std::vector<Webhook> webhooks;  // each gets {"subject", "text", "values"}
  bool log = true;
  std::map<Subject, std::string> texts;  // instead of the usual ones
  int64_t timeout_ms = 10'000;           // of one request
  int attempts_max = 5;
  int64_t pause_ms = 1'000;  // after a failure; doubles. Retry-After wins, up to:
  int64_t pause_max_ms = 60'000;
  /// An alarm of one subject and text is told once in so long; the next says how many were not.
  int64_t alarm_every_ms = 300'000;
};

/// Tells people, on a thread of its own: nobody who posts ever waits for Slack or fails with it.
///
/// Not promised: that a message arrives (after the attempts it is given up, with a line in the
/// log), or that it arrives once (an answer may be lost).
///
/// Threads: any.
class Notifier {
 public:
  explicit Notifier(Settings settings, os::Clock& clock = os::real_clock());
  /// Gives up what was not sent: flush first.
  ~Notifier();
  Notifier(const Notifier&) = delete;
  Notifier& operator=(const Notifier&) = delete;

  void post(const Notice& notice);
  /// Waits until all is sent or given up, at most so long. False when something is still waiting.
  bool flush(int64_t timeout_ms);
  /// Messages that every attempt failed for.
  uint64_t given_up() const;

 private:
  struct Message {
    size_t target;  // of `targets_`
    Notice notice;
    std::string text;
    int attempts = 0;
    int64_t due_ms = 0;
  };
  enum class Target : uint8_t { slack_api, slack_webhook, webhook };
  struct Place {
    Target kind;
    size_t webhook = 0;
  };
  struct Tried {
    bool done = false;
    bool useless = false;  // the same again will fail too
    int64_t wait_ms = 0;   // asked for by the server; 0: not
    std::string why = {};
  };
  struct Alarm {
    int64_t told_ms = 0;
    uint64_t held_back = 0;
  };

  bool admit_alarm(const Notice& notice, std::string& text);
  void run();
  Tried send(const Message& message) const;
  void finish(Message message, const Tried& tried);

  const Settings settings_;
  os::Clock& clock_;
  std::vector<Place> targets_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Message> queue_;
  bool sending_ = false;
  bool stopping_ = false;
  uint64_t given_up_ = 0;
  std::map<std::string, Alarm> alarms_;
  std::thread thread_;  // last: it uses all the others
};

/// Puts values into a text: "{repaired} events" with repaired = 5 is "5 events". What has no value
/// stays as it is.
std::string fill_in(const std::string& text, const std::map<std::string, std::string>& values);

}  // namespace holdfast::notify
