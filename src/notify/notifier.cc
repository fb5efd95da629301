#include "notify/notifier.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "base/log_line.h"
#include "http/client.h"

namespace holdfast::notify {
namespace {

constexpr size_t queue_max = 1'000;
constexpr size_t alarms_max = 1'000;

std::string usual_text(Subject subject) {
  switch (subject) {
    case Subject::repaired:
      return "Repair of {datacenter}: {repaired} messages repaired, {superseded} superseded by "
             "newer ones, {failing} still failing ({seconds} s).";
    case Subject::nothing:
      return "Repair of {datacenter}: nothing to repair.";
    case Subject::failed:
      return "Repair of {datacenter} failed: {why}. {repaired} messages were repaired before, "
             "{waiting} are waiting.";
    case Subject::rejected:
      return "Pipeline {pipeline}: {count} events were rejected: {why}. See `holdfast failures "
             "list`.";
    case Subject::breaker_opened:
      return "{store} in {datacenter} does not answer: {why}. Writing goes on without it; what it "
             "misses is recorded.";
  }
  return "";
}

/// What may come again and again from one process.
bool is_alarm(Subject subject) {
  return subject == Subject::rejected || subject == Subject::breaker_opened ||
         subject == Subject::failed;
}

int64_t retry_after_ms(const http::ClientAnswer& answer) {
  const auto found = answer.headers.find("retry-after");
  if (found == answer.headers.end()) return 0;
  int64_t seconds = 0;
  const std::string& text = found->second;
  std::from_chars(text.data(), text.data() + text.size(), seconds);
  return std::clamp<int64_t>(seconds, 0, 86'400) * 1'000;
}

}  // namespace

const char* name(Subject subject) {
  switch (subject) {
    case Subject::repaired:
      return "repaired";
    case Subject::nothing:
      return "nothing";
    case Subject::failed:
      return "failed";
    case Subject::rejected:
      return "rejected";
    case Subject::breaker_opened:
      return "breaker_opened";
  }
  return "?";
}

std::string fill_in(const std::string& text, const std::map<std::string, std::string>& values) {
  std::string result;
  for (size_t at = 0; at < text.size();) {
    const size_t open = text.find('{', at);
    const size_t close = text.find('}', open);
    if (open == std::string::npos || close == std::string::npos) return result + text.substr(at);
    const auto value = values.find(text.substr(open + 1, close - open - 1));
    result += text.substr(at, open - at);
    result += value == values.end() ? text.substr(open, close - open + 1) : value->second;
    at = close + 1;
  }
  return result;
}

Notifier::Notifier(Settings settings, os::Clock& clock)
    : settings_(std::move(settings)), clock_(clock) {
  if (!settings_.slack_token.empty() && !settings_.slack_channel.empty())
    targets_.push_back({Target::slack_api});
  if (!settings_.slack_webhook.empty()) targets_.push_back({Target::slack_webhook});
  for (size_t i = 0; i < settings_.webhooks.size(); ++i) targets_.push_back({Target::webhook, i});
  if (!targets_.empty()) thread_ = std::thread([this] { run(); });
}

Notifier::~Notifier() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

/// Whether an alarm is due; with how many like it were held back since the last.
bool Notifier::admit_alarm(const Notice& notice, std::string& text) {
  std::string key = name(notice.subject);
  for (const char* part : {"pipeline", "store", "datacenter"}) {
    const auto value = notice.values.find(part);
    key += "/" + (value == notice.values.end() ? "" : value->second);
  }
  if (alarms_.size() >= alarms_max && !alarms_.contains(key)) alarms_.clear();
  const auto [alarm, fresh] = alarms_.try_emplace(key);
  const int64_t now_ms = clock_.steady_ms();
  if (!fresh && now_ms - alarm->second.told_ms < settings_.alarm_every_ms) {
    ++alarm->second.held_back;
    return false;
  }
  if (alarm->second.held_back > 0)
    text += " (" + std::to_string(alarm->second.held_back) + " alarms like it since the last)";
  alarm->second = {now_ms, 0};
  return true;
}

void Notifier::post(const Notice& notice) {
  const auto own = settings_.texts.find(notice.subject);
  std::string text = fill_in(
      own == settings_.texts.end() ? usual_text(notice.subject) : own->second, notice.values);
  const std::lock_guard lock(mutex_);
  if (is_alarm(notice.subject) && !admit_alarm(notice, text)) return;
  if (settings_.log)
    log_line(is_alarm(notice.subject) ? LogLevel::warning : LogLevel::info, "notify", text);
  for (size_t i = 0; i < targets_.size(); ++i) {
    if (queue_.size() >= queue_max) {
      ++given_up_;
      log_warning("notify", "too many messages wait; this one is not sent: {}", text);
      continue;
    }
    queue_.push_back({i, notice, text, 0, clock_.steady_ms()});
  }
  changed_.notify_all();
}

bool Notifier::flush(int64_t timeout_ms) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::milliseconds(timeout_ms),
                           [&] { return queue_.empty() && !sending_; });
}

uint64_t Notifier::given_up() const {
  const std::lock_guard lock(mutex_);
  return given_up_;
}

void Notifier::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const auto next = std::ranges::min_element(queue_, {}, &Message::due_ms);
    if (next == queue_.end()) {
      changed_.wait(lock);
      continue;
    }
    if (const int64_t wait_ms = next->due_ms - clock_.steady_ms(); wait_ms > 0) {
      changed_.wait_for(lock, std::chrono::milliseconds(wait_ms));
      continue;
    }
    Message message = std::move(*next);
    queue_.erase(next);
    sending_ = true;
    lock.unlock();
    const Tried tried = send(message);
    lock.lock();
    sending_ = false;
    finish(std::move(message), tried);
    changed_.notify_all();
  }
}

/// Done, again later, or given up.
void Notifier::finish(Message message, const Tried& tried) {
  if (tried.done) return;
  if (tried.useless || ++message.attempts >= settings_.attempts_max) {
    ++given_up_;
    log_warning("notify", "a message is given up after {} attempts: {}",
                message.attempts + tried.useless, tried.why);
    return;
  }
  const int64_t doubled = settings_.pause_ms << std::min(message.attempts - 1, 20);
  const int64_t pause_ms = tried.wait_ms > 0 ? tried.wait_ms : doubled;
  message.due_ms = clock_.steady_ms() + std::min(pause_ms, settings_.pause_max_ms);
  queue_.push_back(std::move(message));
}

Notifier::Tried Notifier::send(const Message& message) const {
  const Place& place = targets_[message.target];
  http::ClientRequest request;
  request.timeout_ms = settings_.timeout_ms;
  request.headers = {{"Content-Type", "application/json; charset=utf-8"}};
  nlohmann::ordered_json body;
  if (place.kind == Target::slack_api) {
    request.url = settings_.slack_url;
    request.headers.push_back({"Authorization", "Bearer " + settings_.slack_token});
    body = {{"channel", settings_.slack_channel}, {"text", message.text}};
  } else if (place.kind == Target::slack_webhook) {
    request.url = settings_.slack_webhook;
    body = {{"text", message.text}};
  } else {
    const Webhook& webhook = settings_.webhooks[place.webhook];
    request.url = webhook.url;
    for (const auto& header : webhook.headers) request.headers.push_back(header);
    body = {{"subject", name(message.notice.subject)}, {"text", message.text}};
    body["values"] = message.notice.values;
  }
  request.body = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  const auto answer = http::send(request);
  if (!answer)
    return {.useless = answer.error().code == ErrorCode::invalid, .why = answer.error().message};
  const std::string status = "HTTP status " + std::to_string(answer->status);
  if (answer->status == 429) return {.wait_ms = retry_after_ms(*answer), .why = status};
  if (answer->status >= 500) return {.wait_ms = retry_after_ms(*answer), .why = status};
  if (answer->status >= 300) return {.useless = true, .why = status + ": " + answer->body};
  if (place.kind != Target::slack_api) return {.done = true};
  // Slack's Web API says no with status 200.
  const auto said = nlohmann::json::parse(answer->body, nullptr, false);
  if (said.is_object() && said.value("ok", false)) return {.done = true};
  const std::string error = said.is_object() ? said.value("error", "no reason") : answer->body;
  return {.useless = error != "ratelimited" && error != "internal_error" &&
                     error != "service_unavailable" && error != "fatal_error",
          .why = "Slack says: " + error};
}

}  // namespace holdfast::notify
