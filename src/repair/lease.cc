#include "repair/lease.h"

#include <fmt/format.h>
#include <functional>

#include "base/fault.h"
#include "base/log_line.h"
#include "base/os/clock.h"
#include "base/os/process.h"
#include "base/os/random.h"
#include "kafka/admin.h"

namespace holdfast::repair {
namespace {

constexpr int request_timeout_ms = 10'000;
constexpr int64_t give_up_ms = 30'000;
constexpr int64_t sign_every_ms = 1'000;
constexpr int64_t silence_ms = 4 * sign_every_ms;  // then the holder is taken for dead
constexpr int64_t look_every_ms = 200;

std::string random_name() {
  uint64_t number = 0;
  os::random_bytes(std::as_writable_bytes(std::span(&number, 1)));
  return fmt::format("{:016x}", number);
}

/// It is gone, as far as this machine knows its own processes.
bool is_dead(const Marks::Holder& holder) {
  return holder.host == os::host_name() && !os::process_exists(holder.process);
}

kafka::TransactionStep repeated(const std::function<kafka::TransactionStep()>& step) {
  const int64_t until_ms = os::real_clock().steady_ms() + give_up_ms;
  for (;;) {
    kafka::TransactionStep ended = step();
    if (ended.outcome != kafka::TransactionOutcome::retry ||
        os::real_clock().steady_ms() >= until_ms)
      return ended;
  }
}

Error error_of(const kafka::TransactionStep& step, const std::string& topic) {
  if (step.outcome == kafka::TransactionOutcome::fenced)
    return {ErrorCode::fenced, "another repair has taken over: " + step.why};
  return {ErrorCode::unavailable, "topic " + topic + " does not take a mark: " + step.why};
}

}  // namespace

Result<std::unique_ptr<Lease>> Lease::take(const kafka::ClientSettings& client,
                                           const std::string& queue, Stop& stop) {
  Marks::Holder last;
  int64_t heard_ms = 0;
  for (int signs = 0;;) {
    const Marks::Holder holder = HOLDFAST_TRY(read_marks(client, queue)).holder;
    if (stop.raised()) return fail(ErrorCode::interrupted, "asked to stop");
    if (holder.run.empty() || is_dead(holder)) break;
    if (holder.run != last.run || holder.signs != last.signs) {
      last = holder;
      heard_ms = os::real_clock().steady_ms();
      // The first may be of a run that is dead by now, and one more of one that ends just now.
      if (++signs > 2)
        return fail(ErrorCode::locked, fmt::format("process {} on {} repairs {} just now",
                                                   holder.process, holder.host, queue));
    }
    if (os::real_clock().steady_ms() - heard_ms >= silence_ms) break;
    fault::point("repair.wait_for_lease");
    if (!stop.sleep(look_every_ms)) return fail(ErrorCode::interrupted, "asked to stop");
  }
  std::unique_ptr<Lease> lease(new Lease);
  HOLDFAST_CHECKED(lease->open(client, queue));
  return lease;
}

Status Lease::open(const kafka::ClientSettings& client, const std::string& queue) {
  topic_ = marks_topic(queue);
  run_ = random_name();
  const auto admin = HOLDFAST_TRY(kafka::Admin::create(client));
  HOLDFAST_CHECKED(admin->ensure_topic({.name = topic_, .configs = {{"retention.ms", "-1"}}},
                                       request_timeout_ms));
  producer_ = HOLDFAST_TRY(kafka::Producer::create(
      client, {.linger_ms = 0, .transactional_id = "holdfast-repair." + queue}));
  const auto begun = repeated([&] { return producer_->init_transactions(request_timeout_ms); });
  if (!begun.done()) return std::unexpected(error_of(begun, topic_));
  marks_ = HOLDFAST_TRY(read_marks(client, queue));
  HOLDFAST_CHECKED(write(holder_json({run_, os::host_name(), os::process_id(), 0})));
  signs_ = std::thread([this] { sign(); });
  return {};
}

Lease::~Lease() {
  if (!signs_.joinable()) return;
  {
    const std::lock_guard lock(ending_mutex_);
    ending_ = true;
    ending_changed_.notify_all();
  }
  signs_.join();
  const Status given_back = write(holder_json({}));
  if (!given_back && given_back.error().code != ErrorCode::fenced)
    log_warning("repair", "the next repair waits some seconds: {}", given_back.error().message);
}

/// Signs of life, until the end or until nobody takes them.
void Lease::sign() {
  std::unique_lock lock(ending_mutex_);
  for (int64_t count = 1;; ++count) {
    if (ending_changed_.wait_for(lock, std::chrono::milliseconds(sign_every_ms),
                                 [&] { return ending_; }))
      return;
    lock.unlock();
    const Status written = write(holder_json({run_, os::host_name(), os::process_id(), count}));
    lock.lock();
    if (!written && written.error().code == ErrorCode::fenced) return;
  }
}

Status Lease::write(const std::string& json) {
  const std::lock_guard lock(mutex_);
  Status written = write_once(json);
  // Aborted: surely not written, and the producer is as good as before.
  if (!written && written.error().code == ErrorCode::limit) written = write_once(json);
  return written;
}

Status Lease::write_once(const std::string& json) {
  const auto begun = producer_->begin_transaction();
  if (!begun.done()) return std::unexpected(error_of(begun, topic_));
  HOLDFAST_CHECKED(producer_->send(topic_, {.partition = 0, .value = as_bytes(json)}));
  const auto ended = repeated([&] { return producer_->commit_transaction(request_timeout_ms); });
  static_cast<void>(producer_->poll(0));
  if (ended.done()) return {};
  if (ended.outcome != kafka::TransactionOutcome::must_abort)
    return std::unexpected(error_of(ended, topic_));
  const auto aborted = repeated([&] { return producer_->abort_transaction(request_timeout_ms); });
  static_cast<void>(producer_->poll(0));
  if (!aborted.done()) return std::unexpected(error_of(aborted, topic_));
  return fail(ErrorCode::limit, "topic " + topic_ + " does not take a mark: " + ended.why);
}

}  // namespace holdfast::repair
