#include "wire/messages/delete_topics.h"

#include <set>

#include "broker/context.h"
#include "broker/handlers/common.h"
#include "broker/handlers/handlers.h"

namespace holdfast::broker {
namespace {

using Answer = wire::DeleteTopicsResponse::Topic;

void remove(Topic* topic, wire::ErrorCode if_unknown, Context& context, Answer& answer) {
  if (!topic) {
    answer.error_code = if_unknown;
    answer.error_message = "there is no such topic";
    return;
  }
  answer.name = topic->name;
  answer.topic_id = topic->id;
  const Status removed = context.core.change(TopicDeleted{topic->id});
  if (!removed) answer.error_code = code_for(removed.error());
}

}  // namespace

/// DeleteTopics, by name or by id. The records' space is given back with the next checkpoint.
void handle(const wire::DeleteTopicsRequest& request, Context& context) {
  wire::DeleteTopicsResponse response;
  for (const auto& name : request.topic_names) {
    Answer& answer = response.responses.emplace_back();
    answer.name = name;
    remove(context.state().topic(name), wire::ErrorCode::unknown_topic_or_partition, context,
           answer);
  }
  std::multiset<std::string_view> names;
  std::set<std::string_view> answered;
  for (const auto& wanted : request.topics) names.insert(wanted.name.value_or(""));
  for (const auto& wanted : request.topics) {
    const bool twice = wanted.name && names.count(*wanted.name) > 1;
    if (twice && !answered.insert(*wanted.name).second) continue;
    Answer& answer = response.responses.emplace_back();
    answer.topic_id = wanted.topic_id;
    if (wanted.name) answer.name = *wanted.name;
    if (twice || wanted.name.has_value() != (wanted.topic_id == TopicId{})) {
      answer.error_code = wire::ErrorCode::invalid_request;
      answer.error_message = "a topic is named once, by its name or by its id";
      continue;
    }
    Topic* topic =
        wanted.name ? context.state().topic(*wanted.name) : context.state().topic(wanted.topic_id);
    remove(topic, unknown_topic(!wanted.name), context, answer);
  }
  context.reply(response);
}

}  // namespace holdfast::broker
