#include "sink/cassandra/cql/session.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <fmt/format.h>
#include <future>
#include <mutex>
#include <set>
#include <thread>

#include "base/fault.h"
#include "sink/cassandra/cql/core.h"
#include "sink/cassandra/cql/rows.h"
#include "sink/cassandra/cql/tls.h"
#include "sink/cassandra/cql/value.h"

namespace holdfast::cql {
namespace {

constexpr int64_t agreement_pause_ms = 50;
constexpr int64_t agreement_usual_ms = 1'000;  // after that, whoever is dead is left out

/// Which version of the schema a node has, as the node that we ask knows it.
struct SchemaVersion {
  std::string version;
  std::string datacenter;
  std::optional<os::Address> address;  // nothing: the node that we ask
};

/// The node that we ask, then its peers.
Result<std::vector<SchemaVersion>> schema_versions(Session& session) {
  std::vector<SchemaVersion> all;
  for (const char* table : {"local", "peers_v2"}) {
    const Answer answer =
        session.run(std::string("SELECT * FROM system.") + table, Consistency::one);
    if (!answer || !*answer) {
      // peers_v2 is not everywhere; then the one that changed it is all we can ask.
      if (!answer && answer.error().code == "invalid") continue;
      return fail(ErrorCode::unavailable, answer ? "no rows" : answer.error().message);
    }
    for (RowCursor row(**answer); row.next();) {
      const auto version = uuid_of(row.at("schema_version"));
      if (!version) continue;
      all.push_back({text_of(*version), text_of(row.at("data_center")).value_or(""), {}});
      if (const auto host = host_of(row.at("native_address")); host && all.size() > 1)
        all.back().address = {*host,
                              static_cast<uint16_t>(int_of(row.at("native_port")).value_or(9042))};
    }
  }
  return all;
}

/// Those of the peers that differ and cannot be talked to. Nobody waits for the dead.
std::set<std::string> unreachable(const std::vector<SchemaVersion>& versions,
                                  SessionSettings settings) {
  constexpr int64_t patience_ms = 2'000;
  std::set<std::string> away;
  settings.connect_timeout_ms = std::min(settings.connect_timeout_ms, patience_ms);
  for (const SchemaVersion& one : versions) {
    if (!one.address || one.version == versions.front().version) continue;
    settings.contact_points = {*one.address};
    settings.datacenter = one.datacenter;
    if (!Session::open(settings)) away.insert(one.address->text());
  }
  return away;
}

bool agree(const std::vector<SchemaVersion>& versions, const std::set<std::string>& away) {
  return std::ranges::all_of(versions, [&](const SchemaVersion& one) {
    return one.version == versions.front().version ||
           (one.address && away.contains(one.address->text()));
  });
}

struct Submission {
  Request request;
  Done done;
};

/// Many requests and their answers: the loop starts the next as one ends, the caller waits for all.
class Bulk : public std::enable_shared_from_this<Bulk> {
 public:
  Bulk(std::span<Request> requests, size_t window)
      : requests_(requests), window_(window), answers_(requests.size()) {}

  /// On the loop's thread.
  void start(Core& core) {
    while (next_ < requests_.size() && under_way_ < window_ && !broken_) {
      const size_t index = next_++;
      ++under_way_;
      core.launch(
          std::make_unique<Flight>(core, std::move(requests_[index]),
                                   [self = shared_from_this(), &core, index](Answer answer) {
                                     self->ended(core, index, std::move(answer));
                                   }));
    }
  }
  /// Nothing will be launched any more.
  void abandon() {
    const std::lock_guard lock(mutex_);
    over_ = true;
    changed_.notify_all();
  }
  std::vector<Answer> wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return over_; });
    return std::move(answers_);
  }

 private:
  /// What was not begun yet will not be.
  void give_up() {
    if (std::exchange(broken_, true)) return;
    for (; next_ < requests_.size(); ++next_, ++done_)
      answers_[next_] =
          std::unexpected(Failure{Certainty::not_applied, "not_sent", "another request failed"});
  }

  void ended(Core& core, size_t index, Answer answer) {
    fault::point("cql.after_answer");
    if (!answer && answer.error().certainty != Certainty::refused) give_up();
    if (!answer && answer.error().request)
      requests_[index] = std::move(*std::exchange(answer.error().request, nullptr));
    answers_[index] = std::move(answer);
    --under_way_;
    if (++done_ == requests_.size()) return abandon();
    // An answer that comes at once must not call itself for ever.
    if (!std::exchange(starting_, true)) {
      start(core);
      starting_ = false;
    }
  }

  std::span<Request> requests_;
  const size_t window_;
  size_t next_ = 0, under_way_ = 0, done_ = 0;
  bool starting_ = false;
  bool broken_ = false;
  std::vector<Answer> answers_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool over_ = false;
};

}  // namespace

struct Session::Impl {
  explicit Impl(SessionSettings wanted) : settings(std::move(wanted)) {}

  SessionSettings settings;  // not changed once the thread runs
  std::unique_ptr<os::EventLoop> loop = os::EventLoop::create();
  std::unique_ptr<Core> core;
  std::thread thread;

  std::mutex inbox_mutex;
  std::vector<Submission> inbox;

  mutable std::mutex mutex;  // of what follows: a copy for those who ask
  std::condition_variable changed;
  bool usable = false;
  std::optional<Error> trouble;
  std::vector<NodeReport> nodes;
  std::string datacenter;
  std::atomic<uint64_t> schema_changes = 0;

  void publish() {
    const std::lock_guard lock(mutex);
    usable = core->usable();
    trouble = core->trouble();
    nodes = core->nodes();
    datacenter = core->settings().datacenter;
    schema_changes = core->schema_changes();
    changed.notify_all();
  }

  void run() {
    core = std::make_unique<Core>(*loop, os::real_clock(), settings, [this] { publish(); });
    core->start();
    loop->run();
    take_inbox();
    core.reset();
  }

  void take_inbox() {
    std::vector<Submission> taken;
    {
      const std::lock_guard lock(inbox_mutex);
      std::swap(taken, inbox);
    }
    for (Submission& one : taken)
      core->launch(std::make_unique<Flight>(*core, std::move(one.request), std::move(one.done)));
  }

  Status wait_until_usable() {
    std::unique_lock lock(mutex);
    const auto settled = [&] { return usable || (trouble && trouble->code == ErrorCode::invalid); };
    const auto wait = std::chrono::milliseconds(settings.connect_timeout_ms);
    changed.wait_for(lock, wait, settled);
    if (usable) return {};
    if (trouble) return std::unexpected(*trouble);
    return fail(ErrorCode::unavailable,
                fmt::format("no node answered in {} ms", settings.connect_timeout_ms));
  }
};

Session::Session(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<Session>> Session::open(const SessionSettings& settings) {
  if (settings.contact_points.empty()) return fail(ErrorCode::invalid, "no contact point is given");
  auto impl = std::make_unique<Impl>(settings);
  if (settings.tls.enabled)
    impl->settings.tls.context = HOLDFAST_TRY(TlsContext::open(settings.tls));
  impl->thread = std::thread([raw = impl.get()] { raw->run(); });
  std::unique_ptr<Session> session(new Session(std::move(impl)));
  HOLDFAST_CHECKED(session->impl_->wait_until_usable());
  return session;
}

Session::~Session() {
  if (!impl_->thread.joinable()) return;
  impl_->loop->post([raw = impl_.get()] { raw->loop->stop(); });
  impl_->thread.join();
}

void Session::submit(Request request, Done done) {
  bool first = false;
  {
    const std::lock_guard lock(impl_->inbox_mutex);
    first = impl_->inbox.empty();
    impl_->inbox.push_back({std::move(request), std::move(done)});
  }
  if (first) impl_->loop->post([raw = impl_.get()] { raw->take_inbox(); });
}

Answer Session::run(Request request) {
  std::promise<Answer> promise;
  submit(std::move(request), [&](Answer answer) { promise.set_value(std::move(answer)); });
  return promise.get_future().get();
}

Answer Session::run(std::string cql, Consistency consistency) {
  Request request;
  request.cql = std::move(cql);
  request.consistency = consistency;
  return run(std::move(request));
}

std::vector<Answer> Session::run_all(std::span<Request> requests) {
  if (requests.empty()) return {};
  const auto bulk = std::make_shared<Bulk>(requests, impl_->settings.window);
  impl_->loop->post([bulk, raw = impl_.get()] { bulk->start(*raw->core); });
  return bulk->wait();
}

Result<Statement> Session::prepare(std::string cql) {
  std::promise<Result<Statement>> promise;
  impl_->loop->post([&, raw = impl_.get()] {
    raw->core->prepare(std::move(cql), [&](Result<Statement> statement) {
      promise.set_value(std::move(statement));
    });
  });
  return promise.get_future().get();
}

Status Session::change_schema(std::string cql) {
  const Answer changed = run(std::move(cql));
  if (!changed) return fail(error_code_of(changed.error().certainty), changed.error().message);
  const int64_t begun_ms = os::real_clock().steady_ms();
  std::set<std::string> away;
  bool looked = false;
  for (int64_t passed_ms = 0; passed_ms < impl_->settings.request_timeout_ms;
       passed_ms = os::real_clock().steady_ms() - begun_ms) {
    const std::vector<SchemaVersion> versions = HOLDFAST_TRY(schema_versions(*this));
    if (agree(versions, away)) return {};
    if (passed_ms > agreement_usual_ms && !std::exchange(looked, true)) {
      away = unreachable(versions, impl_->settings);
      continue;
    }
    std::unique_lock lock(impl_->mutex);
    impl_->changed.wait_for(lock, std::chrono::milliseconds(agreement_pause_ms));
  }
  return fail(ErrorCode::timeout, "the nodes do not agree on the schema");
}

std::vector<NodeReport> Session::nodes() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->nodes;
}

const std::string& Session::datacenter() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->datacenter;
}

uint64_t Session::schema_changes() const {
  return impl_->schema_changes;
}

}  // namespace holdfast::cql
