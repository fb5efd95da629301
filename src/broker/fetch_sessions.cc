#include "broker/fetch_sessions.h"

#include <utility>

#include "base/check.h"

namespace holdfast::broker {
namespace {

using Code = wire::ErrorCode;
constexpr int32_t kFirst = 0, kFinal = -1;  // epochs of whole requests

size_t partitions_of(std::span<const FetchTopic> wanted) {
  size_t count = 0;
  for (const FetchTopic& topic : wanted) count += topic.partitions.size();
  return count;
}

}  // namespace

FetchSessions::Opened FetchSessions::open(const wire::FetchRequest& request, bool by_id,
                                          int64_t now_ms) {
  const bool whole = request.session_epoch == kFirst || request.session_epoch == kFinal;
  if (whole) {
    if (request.session_id != 0) remove(request.session_id);
    return {.wants_session = request.session_epoch == kFirst, .session = nullptr};
  }
  const auto found = sessions_.find(request.session_id);
  if (found == sessions_.end())
    return {.error = Code::fetch_session_id_not_found, .session = nullptr};
  const auto session = found->second.session;
  if (session->epoch() != request.session_epoch)
    return {.error = Code::invalid_fetch_session_epoch, .session = nullptr};
  if (session->by_id() != by_id)
    return {.error = Code::fetch_session_topic_id_error, .session = nullptr};
  for (const auto& topic : request.topics)
    session->want(topic.topic, topic.topic_id, topic.partitions);
  for (const auto& topic : request.forgotten_topics_data)
    session->forget(topic.topic, topic.topic_id, topic.partitions);
  if (session->size() == 0) {  // nothing is left of it: the answer says that there is no session
    remove(session->id());
    return {.session = nullptr};
  }
  session->next_epoch();
  touch(found->second, now_ms);
  const int32_t epoch = session->epoch();
  if (partitions_ > limits_.partitions_max) remove(session->id());  // this request is still served
  return {.session = session, .epoch = epoch};
}

void FetchSessions::create(std::span<const FetchTopic> wanted, bool by_id,
                           wire::FetchResponse& response, int64_t now_ms) {
  const size_t partitions = partitions_of(wanted);
  if (!make_room(partitions, now_ms)) return;
  int32_t id = 0;
  while (id == 0 || sessions_.contains(id)) id = static_cast<int32_t>(random_() & 0x7fffffff);
  Held& held = sessions_[id];
  held.session = std::make_shared<FetchSession>(id, by_id);
  held.created_ms = now_ms;
  for (const FetchTopic& topic : wanted) held.session->want(topic.name, topic.id, topic.partitions);
  held.session->told(response);
  touch(held, now_ms);
  response.session_id = id;
}

bool FetchSessions::make_room(size_t partitions, int64_t now_ms) {
  if (limits_.sessions_max == 0 || partitions > limits_.partitions_max) return false;
  while (sessions_.size() >= limits_.sessions_max ||
         partitions_ + partitions > limits_.partitions_max) {
    const auto [used_ms, oldest] = *by_use_.begin();
    if (now_ms - used_ms > limits_.evictable_after_ms) {
      remove(oldest);
    } else if (!by_size_.empty() && by_size_.begin()->first < partitions) {
      remove(by_size_.begin()->second);
    } else {
      return false;
    }
    ++evictions_;
  }
  return true;
}

void FetchSessions::touch(Held& held, int64_t now_ms) {
  unlist(held);
  const int32_t id = held.session->id();
  held.used_ms = now_ms;
  held.counted = held.session->size();
  partitions_ += held.counted;
  by_use_.insert({held.used_ms, id});
  if (now_ms - held.created_ms > limits_.evictable_after_ms) by_size_.insert({held.counted, id});
}

void FetchSessions::unlist(const Held& held) {
  const int32_t id = held.session->id();
  by_use_.erase({held.used_ms, id});
  by_size_.erase({held.counted, id});
  partitions_ -= held.counted;
}

void FetchSessions::remove(int32_t id) {
  const auto found = sessions_.find(id);
  if (found == sessions_.end()) return;  // it went before
  unlist(found->second);
  sessions_.erase(found);
}

void FetchSessions::answer(FetchSession& session, int32_t epoch, wire::FetchResponse& response) {
  response.session_id = session.id();
  if (session.epoch() == epoch) return session.keep_news(response);
  response.error_code = Code::invalid_fetch_session_epoch;
  response.responses.clear();
}

}  // namespace holdfast::broker
