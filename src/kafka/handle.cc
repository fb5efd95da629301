#include "kafka/handle.h"

#include <chrono>
#include <thread>

#include "base/log_line.h"
#include "base/os/clock.h"

namespace holdfast::kafka {
namespace {

constexpr int64_t log_window_ms = 10'000;
constexpr int log_lines_per_window = 5;

void on_log(const rd_kafka_t* rk, int level, const char*, const char* text) {
  // Said of each producer that is told to stop at a gap (enable.gapless.guarantee), which is what we want of it.
  const std::string_view line(text);
  if (line.find("enable.gapless.guarantee is experimental") != std::string_view::npos) return;
  // Before rd_kafka_new has returned there is an opaque already.
  if (void* opaque = rd_kafka_opaque(rk)) Handle::from(opaque).observer().log(level, text);
}

void on_error(rd_kafka_t*, int error, const char* reason, void* opaque) {
  Handle::from(opaque).observer().set_trouble(static_cast<rd_kafka_resp_err_t>(error), reason);
}

}  // namespace

ErrorCode to_code(rd_kafka_resp_err_t error) {
  switch (error) {
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE:
    case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
    case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT: return ErrorCode::timeout;
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART: return ErrorCode::not_found;
    case RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS: return ErrorCode::exists;
    case RD_KAFKA_RESP_ERR__FENCED:
    case RD_KAFKA_RESP_ERR_PRODUCER_FENCED:
    case RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH: return ErrorCode::fenced;
    case RD_KAFKA_RESP_ERR__QUEUE_FULL: return ErrorCode::limit;
    case RD_KAFKA_RESP_ERR__BAD_MSG:
    case RD_KAFKA_RESP_ERR_INVALID_MSG: return ErrorCode::corrupt;
    case RD_KAFKA_RESP_ERR__INVALID_ARG:
    case RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE:
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_INVALID_RECORD:
    case RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_COMPRESSION_TYPE:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
    case RD_KAFKA_RESP_ERR_INVALID_PARTITIONS:
    case RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR:
    case RD_KAFKA_RESP_ERR_INVALID_CONFIG:
    case RD_KAFKA_RESP_ERR_INVALID_REQUEST:
    case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED: return ErrorCode::invalid;
    default: return ErrorCode::unavailable;
  }
}

bool worth_asking_again(rd_kafka_resp_err_t error, int64_t until_ms) {
  constexpr int between_ms = 20;
  if (to_code(error) != ErrorCode::unavailable || os::real_clock().steady_ms() + between_ms >= until_ms) return false;
  std::this_thread::sleep_for(std::chrono::milliseconds(between_ms));  // tidy: sleep, because the answer changes on its own; bounded by until_ms
  return true;
}

void Observer::log(int level, const char* text) {
  const int64_t now_ms = os::real_clock().steady_ms();
  int64_t began_ms = window_begins_ms_.load();
  if (now_ms - began_ms >= log_window_ms && window_begins_ms_.compare_exchange_strong(began_ms, now_ms))
    lines_in_window_ = 0;
  const int line = ++lines_in_window_;
  if (line > log_lines_per_window) return;
  // librdkafka calls every lost connection an error. To an operator it is one that nothing is delivered, which our own
  // outcomes say; so its lines are warnings at most.
  const LogLevel as = level <= 4 ? LogLevel::warning : LogLevel::debug;
  log_line(as, "kafka", line == log_lines_per_window ? std::string(text) + " (more such lines are left out)" : text);
}

void Observer::set_trouble(rd_kafka_resp_err_t error, const char* reason) {
  const std::lock_guard lock(mutex_);
  trouble_ = Error{to_code(error), reason != nullptr ? reason : rd_kafka_err2str(error)};
  troubled_ = true;
}

void Observer::clear_trouble() {
  if (!troubled_.load(std::memory_order_relaxed)) return;
  const std::lock_guard lock(mutex_);
  trouble_.reset();
  troubled_ = false;
}

std::optional<Error> Observer::trouble() const {
  const std::lock_guard lock(mutex_);
  return trouble_;
}

Conf& Conf::set(const char* key, const std::string& value) {
  char why[512];
  if (!fault_ && rd_kafka_conf_set(conf_.get(), key, value.c_str(), why, sizeof why) != RD_KAFKA_CONF_OK)
    fault_ = Error{ErrorCode::invalid, "kafka setting " + std::string(key) + ": " + why};
  return *this;
}

Result<std::unique_ptr<Handle>> Handle::open(rd_kafka_type_t type, const ClientSettings& client, Conf conf,
                                             void* opaque) {
  conf.set("bootstrap.servers", client.bootstrap_servers).set("client.id", client.client_id);
  // A broker that restarts should be found again soon, and small messages should leave at once.
  conf.set("reconnect.backoff.ms", 50).set("reconnect.backoff.max.ms", 1000);
  conf.set("socket.nagle.disable", "true").set("log.connection.close", "false");
  for (const auto& [key, value] : client.extra) conf.set(key.c_str(), value);
  if (conf.fault_) return std::unexpected(*conf.fault_);

  std::unique_ptr<Handle> handle(new Handle);
  handle->opaque_ = opaque;
  rd_kafka_conf_set_opaque(conf.raw(), handle.get());
  rd_kafka_conf_set_log_cb(conf.raw(), on_log);
  rd_kafka_conf_set_error_cb(conf.raw(), on_error);
  char why[512];
  handle->rk_ = rd_kafka_new(type, conf.raw(), why, sizeof why);
  if (handle->rk_ == nullptr) return fail(ErrorCode::invalid, std::string("kafka client: ") + why);
  static_cast<void>(conf.conf_.release());  // librdkafka's now
  return handle;
}

Handle::~Handle() {
  if (rk_ != nullptr) rd_kafka_destroy(rk_);
}

}  // namespace holdfast::kafka
