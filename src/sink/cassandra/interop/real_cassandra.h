#pragma once

#include <array>
#include <memory>
#include <string>
#include <sys/types.h>
#include <vector>

#include "base/os/process.h"
#include "sink/cassandra/cql/session.h"
#include "testing/temporary_folder.h"

namespace holdfast::cql {

/// A real Apache Cassandra of the test's own: two data centers of one node each, started by
/// tools/cassandra/run, with hinted handoff off. With HOLDFAST_CASSANDRA=host:port,host:port
/// (amsterdam, frankfurt) the tests run against those, and those that kill nodes are skipped.
class RealCassandra {
 public:
  struct Options {
    bool password = false;
    bool tls = false;     // the folder has ca.pem then
    bool single = false;  // amsterdam alone
    /// The servers' own time-outs are ten times as long: on a busy machine, nothing is in doubt.
    bool patient = false;
    std::vector<std::string> settings = {};  // more lines of cassandra.yaml, KEY=VALUE
  };
  enum Datacenter : size_t { amsterdam, frankfurt };
  static constexpr std::array<const char*, 2> names{"amsterdam", "frankfurt"};

  explicit RealCassandra(Options options) : options_(options) {}
  RealCassandra() = default;
  ~RealCassandra();

  /// Starts the nodes that do not run, and waits until they answer and know each other. False when
  /// there is no Java or no Maven here.
  bool start();
  /// SIGKILL to the node, and waits until it is gone.
  void kill(Datacenter which);
  /// It stands still, its connections open, and goes on.
  void freeze(Datacenter which);
  void thaw(Datacenter which);
  bool is_external() const { return external_; }
  os::Address address(Datacenter which) const { return addresses_[which]; }
  std::string folder() const { return folder_.path(); }

  /// Settings to talk to one of its data centers.
  SessionSettings settings(Datacenter which = amsterdam) const;
  std::unique_ptr<Session> session(Datacenter which = amsterdam) const;
  /// A keyspace not used before, with one copy in each data center.
  std::string make_keyspace(Session& session);

  /// The one that the whole test program shares, and how it is started.
  static inline bool shared_is_patient = true;
  static RealCassandra& shared();

 private:
  void launch(size_t which);
  pid_t pid(Datacenter which) const;
  std::string node_file(size_t which, const char* what) const;

  const Options options_;
  testing::TemporaryFolder folder_;
  std::array<std::unique_ptr<os::Process>, 2> processes_;
  std::array<os::Address, 2> addresses_;
  bool unavailable_ = false;
  bool external_ = false;
  int keyspaces_ = 0;
};

/// The answer's rows, failing the test when it failed; null then.
Reply must(Answer answer);
/// "a|b|c" for each row, sorted.
std::vector<std::string> texts(const Reply& rows);

}  // namespace holdfast::cql

/// Starts the shared Cassandra into `cassandra`, or skips the test where it cannot run.
#define HOLDFAST_NEEDS_CASSANDRA(cassandra)                                             \
  ::holdfast::cql::RealCassandra& cassandra = ::holdfast::cql::RealCassandra::shared(); \
  if (!cassandra.start())                                                               \
  GTEST_SKIP() << "Apache Cassandra cannot run here: Java or Maven is missing"
