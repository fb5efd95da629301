#include "wire/messages/delete_topics.h"

#include "broker/context.h"
#include "broker/handlers/common.h"
#include "broker/handlers/handlers.h"

namespace holdfast::broker {
namespace {

using Answer = wire::DeleteTopicsResponse::Topic;

void remove(Topic* topic, wire::ErrorCode if_unknown, Context& context, Answer& answer) {
  if (!topic) {
    answer.error_code = if_unknown;
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
  for (const auto& wanted : request.topics) {
    Answer& answer = response.responses.emplace_back();
    answer.topic_id = wanted.topic_id;
    if (wanted.name) answer.name = *wanted.name;
    Topic* topic =
        wanted.name ? context.state().topic(*wanted.name) : context.state().topic(wanted.topic_id);
    remove(topic, unknown_topic(!wanted.name), context, answer);
  }
  context.reply(response);
}

}  // namespace holdfast::broker
