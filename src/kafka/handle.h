#pragma once

#include <librdkafka/rdkafka.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "kafka/settings.h"

// Only for the .cc files of this module: what producer, consumer and admin have in common.
namespace holdfast::kafka {

struct FreeRd {
  void operator()(rd_kafka_topic_t* topic) const { rd_kafka_topic_destroy(topic); }
  void operator()(rd_kafka_queue_t* queue) const { rd_kafka_queue_destroy(queue); }
  void operator()(rd_kafka_topic_partition_list_t* list) const { rd_kafka_topic_partition_list_destroy(list); }
  void operator()(rd_kafka_headers_t* headers) const { rd_kafka_headers_destroy(headers); }
  void operator()(rd_kafka_error_t* error) const { rd_kafka_error_destroy(error); }
  void operator()(rd_kafka_event_t* event) const { rd_kafka_event_destroy(event); }
  void operator()(rd_kafka_conf_t* conf) const { rd_kafka_conf_destroy(conf); }
  void operator()(rd_kafka_AdminOptions_t* options) const { rd_kafka_AdminOptions_destroy(options); }
  void operator()(rd_kafka_NewTopic_t* topic) const { rd_kafka_NewTopic_destroy(topic); }
  void operator()(rd_kafka_DeleteTopic_t* topic) const { rd_kafka_DeleteTopic_destroy(topic); }
  void operator()(rd_kafka_consumer_group_metadata_t* group) const { rd_kafka_consumer_group_metadata_destroy(group); }
};
template <class T>
using Owned = std::unique_ptr<T, FreeRd>;

/// What librdkafka's error means to a caller of ours.
ErrorCode to_code(rd_kafka_resp_err_t error);
inline std::unexpected<Error> fail_with(rd_kafka_resp_err_t error, std::string_view what) {
  return fail(to_code(error), std::string(what) + ": " + rd_kafka_err2str(error));
}

/// True, after a short wait, when the error is of those that pass by themselves (a leader that is still being chosen, say)
/// and there is time left before `until_ms` of the steady clock.
bool worth_asking_again(rd_kafka_resp_err_t error, int64_t until_ms);

/// Remembers the last trouble of a client, and lets only so many of librdkafka's log lines through: a broker that is down
/// makes one with every attempt.
class Observer {
 public:
  void log(int level, const char* text);
  void set_trouble(rd_kafka_resp_err_t error, const char* reason);
  void clear_trouble();
  std::optional<Error> trouble() const;

 private:
  std::atomic<int64_t> window_begins_ms_{0};
  std::atomic<int> lines_in_window_{0};
  std::atomic<bool> troubled_{false};
  mutable std::mutex mutex_;
  std::optional<Error> trouble_;
};

/// A librdkafka configuration under construction.
class Conf {
 public:
  Conf() : conf_(rd_kafka_conf_new()) {}
  /// The first fault is kept, and `create` answers it.
  Conf& set(const char* key, const std::string& value);
  Conf& set(const char* key, int64_t value) { return set(key, std::to_string(value)); }
  rd_kafka_conf_t* raw() { return conf_.get(); }

 private:
  friend class Handle;
  Owned<rd_kafka_conf_t> conf_;
  std::optional<Error> fault_;
};

/// An open librdkafka client.
class Handle {
 public:
  /// `opaque` is given to the callbacks that the caller has set on `conf`.
  static Result<std::unique_ptr<Handle>> open(rd_kafka_type_t type, const ClientSettings& client, Conf conf, void* opaque);
  ~Handle();
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  rd_kafka_t* get() const { return rk_; }
  Observer& observer() { return observer_; }
  const Observer& observer() const { return observer_; }
  void* opaque() const { return opaque_; }

  /// The Handle that librdkafka's callbacks got as their opaque.
  static Handle& from(void* opaque) { return *static_cast<Handle*>(opaque); }

 private:
  Handle() = default;
  rd_kafka_t* rk_ = nullptr;
  void* opaque_ = nullptr;
  Observer observer_;
};

}  // namespace holdfast::kafka
