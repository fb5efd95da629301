#include "sink/cassandra/interop/real_cassandra.h"

#include <algorithm>
#include <csignal>
#include <fstream>
#include <gtest/gtest.h>
#include <unistd.h>

#include "sink/cassandra/cql/literal.h"
#include "sink/cassandra/cql/rows.h"

namespace holdfast::cql {
namespace {

constexpr int64_t start_ms = 200'000;

std::string first_line(const std::string& path) {
  std::string line;
  std::getline(std::ifstream(path), line);
  return line;
}

}  // namespace

RealCassandra::~RealCassandra() {
  for (auto& process : processes_)
    if (process) process->signal(SIGKILL);
}

RealCassandra& RealCassandra::shared() {
  static RealCassandra one({.patient = shared_is_patient});
  return one;
}

std::string RealCassandra::node_file(size_t which, const char* what) const {
  return folder_.path() + "/" + names[which] + "." + what;
}

void RealCassandra::launch(size_t which) {
  std::vector<std::string> words{
      "--cluster",   folder_.path() + "/cluster", "--dc",       names[which],
      "--port-file", node_file(which, "address"), "--pid-file", node_file(which, "pid")};
  if (options_.single) words.insert(words.end(), {"--dcs", names[amsterdam]});
  if (options_.patient)
    for (const char* what : {"write_request", "read_request", "range_request", "request"})
      words.insert(words.end(), {"--setting", std::string(what) + "_timeout=20000ms"});
  // Nodes that die must not take back what they acknowledged: there is no second copy beside them.
  if (!options_.patient) words.insert(words.end(), {"--setting", "commitlog_sync=batch"});
  for (const std::string& setting : options_.settings)
    words.insert(words.end(), {"--setting", setting});
  if (options_.password) words.emplace_back("--password");
  if (options_.tls) words.insert(words.end(), {"--tls", folder_.path()});
  auto process = os::Process::start({.program = HOLDFAST_SOURCE_DIR "/tools/cassandra/run",
                                     .arguments = std::move(words),
                                     .environment = {},
                                     .error_file = node_file(which, "log")});
  ASSERT_TRUE(process) << process.error().message;
  processes_[which] = std::move(*process);
}

bool RealCassandra::start() {
  if (const char* others = std::getenv("HOLDFAST_CASSANDRA");
      others != nullptr && !options_.single) {
    const std::string_view both(others);
    const size_t comma = both.find(',');
    addresses_ = {*os::Address::parse(both.substr(0, comma)),
                  *os::Address::parse(both.substr(comma + 1))};
    return external_ = true;
  }
  std::vector<size_t> started;
  for (size_t i = 0; i < (options_.single ? 1 : processes_.size()); ++i) {
    if (unavailable_ || (processes_[i] && !processes_[i]->ended())) continue;
    launch(i);
    started.push_back(i);
  }
  for (const size_t which : started) {
    const auto line = processes_[which]->read_line(start_ms);
    if (!line || !line->starts_with("ready ")) {
      unavailable_ = processes_[which]->wait(1000) == 69 && access("/usr/bin/java", X_OK) != 0;
      EXPECT_TRUE(unavailable_) << "Cassandra did not start: " << node_file(which, "log");
      return false;
    }
    addresses_[which] = *os::Address::parse(line->substr(6));
  }
  return !unavailable_;
}

pid_t RealCassandra::pid(Datacenter which) const {
  return std::stoi(first_line(node_file(which, "pid")));
}

void RealCassandra::freeze(Datacenter which) {
  ASSERT_EQ(::kill(pid(which), SIGSTOP), 0);
}

void RealCassandra::thaw(Datacenter which) {
  ASSERT_EQ(::kill(pid(which), SIGCONT), 0);
}

void RealCassandra::kill(Datacenter which) {
  ASSERT_EQ(::kill(pid(which), SIGKILL), 0);
  ASSERT_TRUE(processes_[which]->wait(30'000));
  processes_[which].reset();
}

SessionSettings RealCassandra::settings(Datacenter which) const {
  SessionSettings settings;
  settings.contact_points = {addresses_[which]};
  settings.datacenter = names[which];
  settings.connect_timeout_ms = 30'000;
  settings.request_timeout_ms = 30'000;
  return settings;
}

std::unique_ptr<Session> RealCassandra::session(Datacenter which) const {
  auto session = Session::open(settings(which));
  EXPECT_TRUE(session) << session.error().message;
  return session ? std::move(*session) : nullptr;
}

std::string RealCassandra::make_keyspace(Session& session) {
  const std::string name = "test" + std::to_string(getpid()) + "_" + std::to_string(++keyspaces_);
  const Status made = session.change_schema(
      "CREATE KEYSPACE " + name +
      " WITH replication = {'class': 'NetworkTopologyStrategy', 'amsterdam': 1, 'frankfurt': 1}");
  EXPECT_TRUE(made) << made.error().message;
  return name;
}

Reply must(Answer answer) {
  EXPECT_TRUE(answer) << answer.error().code << ": " << answer.error().message;
  return answer ? *answer : nullptr;
}

std::vector<std::string> texts(const Reply& rows) {
  std::vector<std::string> all;
  if (rows == nullptr) return all;
  for (RowCursor row(*rows); row.next();) {
    std::string line;
    for (size_t i = 0; i < rows->column_count; ++i)
      line += (i == 0 ? "" : "|") +
              literal_of(rows->metadata.columns[i].type, row.at(i)).value_or("damaged");
    all.push_back(std::move(line));
  }
  std::ranges::sort(all);
  return all;
}

}  // namespace holdfast::cql
