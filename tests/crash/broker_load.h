#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/os/net.h"
#include "testing/simulation/fetching.h"
#include "testing/simulation/world.h"

namespace holdfast::testing {

class BrokerClient;

/// A mixed load on a real broker that is going to die: idempotent producers, transactional
/// producers of the old and the new protocol who also store a group's positions, readers of
/// committed and of all records. What they do and see becomes one history over all lives of the
/// broker.
///
/// A client whose connection breaks ends there: what was under way stays unknown. After the
/// broker's restart `start` brings new ones.
///
/// Threads: the members are for one thread; the clients have one each.
class BrokerLoad {
 public:
  BrokerLoad();
  ~BrokerLoad() { join(); }
  BrokerLoad(const BrokerLoad&) = delete;
  BrokerLoad& operator=(const BrokerLoad&) = delete;

  /// Makes the topics, if they are not there.
  bool prepare(const os::Address& broker);
  void start(const os::Address& broker);
  /// Waits until so many records have been acknowledged in all. False: it took too long.
  bool wait_for(uint64_t acknowledged);
  /// Waits until every client has ended, which they do once the broker is gone.
  void join();
  /// Reads on in every partition to its end, as a reader of committed records, and the groups'
  /// positions. False: it could not, see `what_is_wrong`.
  bool read_on(const os::Address& broker);
  /// Once more from the beginning, both kinds of readers; then judges. Prints what is wrong.
  bool judge(const os::Address& broker);

  uint64_t acknowledged() const { return acknowledged_; }
  uint64_t committed() const { return committed_; }

 private:
  using Position = simulation::Position;
  struct Transaction;
  struct Writer;

  history::Time stamp();
  void run_idempotent(const os::Address& broker, uint64_t seed);
  void run_transactional(const os::Address& broker, const std::string& id, int version,
                         uint64_t seed);
  bool run_transaction(BrokerClient& client, Writer& writer);
  bool produce(BrokerClient& client, Writer& writer, uint32_t transaction);
  bool store_position(BrokerClient& client, Writer& writer, uint32_t transaction);
  bool end(BrokerClient& client, Writer& writer, uint32_t transaction, bool commit);
  void run_reader(const os::Address& broker, bool committed_only);
  bool read_to_end(BrokerClient& client, std::vector<Position>& positions, uint32_t consumer,
                   bool committed_only, bool to_end);
  bool read_groups(BrokerClient& client);
  std::vector<Position> all_partitions() const;

  std::mutex mutex_;  // of `world_` and `acknowledged_`
  std::condition_variable progressed_;
  simulation::World world_{1, false};
  const int64_t begun_us_;
  std::vector<std::thread> threads_;
  std::vector<Position> read_;  // by `read_on`
  uint32_t reader_ = 0;
  std::atomic<uint64_t> acknowledged_{0};
  std::atomic<uint64_t> committed_{0};
  std::atomic<int64_t> next_position_{1};
  uint64_t starts_ = 0;
};

}  // namespace holdfast::testing
