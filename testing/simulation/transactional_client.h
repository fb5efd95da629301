#pragma once

#include <map>
#include <optional>
#include <set>

#include "testing/simulation/actor.h"
#include "testing/simulation/records.h"
#include "wire/messages/produce.h"

namespace holdfast::simulation {

/// How a step of a transactional producer went.
enum class Step {
  done,
  abortable,  // this transaction can only be aborted
  fenced,     // another producer has the id now, or the coordinator gave the transaction up
};

/// A transactional producer's client library, spoken as the Java client (TV2) or older ones (TV1)
/// do: one call at a time; what got no answer is asked again, in the same words; what it does and
/// sees is written into the history.
///
/// TV1 has a hole by design (KIP-890): a late request of one transaction looks like one of the
/// next. So this client does what careful ones do: after any call without an answer it takes a new
/// epoch before the next transaction.
class TransactionalClient : public Actor {
 public:
  struct Identity {
    std::string id;  // transactional.id
    int version = 2;
    int32_t timeout_ms = 60'000;
  };
  TransactionalClient(World& world, std::string name, Identity identity)
      : Actor(world, std::move(name)), identity_(std::move(identity)) {}

 protected:
  using Code = wire::ErrorCode;
  using Then = std::move_only_function<void(Step)>;
  struct Batch {
    std::string topic;
    int32_t partition = 0;
    std::vector<Item> items;
    std::vector<std::optional<history::Place>> made_from;  // of each item; or empty
  };
  struct Position {
    std::string topic;
    int32_t partition = 0;
    int64_t offset = 0;
  };
  struct Membership {
    int32_t generation = -1;
    std::string member_id;
    std::optional<std::string> instance_id;
  };

  /// Takes the id. `afresh`: as a program that starts; else as one that goes on after an error.
  void init(bool afresh, Then then);
  void begin();
  /// All batches in one request; at most one for each partition.
  void send(std::vector<Batch> batches, Then then);
  void send_offsets(std::string group, std::vector<Position> positions, Membership member,
                    Then then);
  void end(bool commit, Then then);
  /// After a crash: nothing is under way any more, and nobody knows what became of it.
  void forget();
  /// Whether the next transaction needs a new epoch, by `init(false)`.
  bool needs_new_epoch() const { return tainted_; }
  int version() const { return identity_.version; }
  int32_t timeout_ms() const { return identity_.timeout_ms; }

 private:
  struct Waiting {
    Batch batch;
    std::vector<size_t> sends;  // in the history
    ByteBuffer bytes;
  };

  void write_down(Waiting& waiting);
  void add_partitions(Then then);
  void produce(int64_t deadline_us, Then then);
  Step take_answers(const wire::ProduceResponse& answer);
  void acknowledged(const Waiting& waiting, int64_t base_offset);
  void add_group(std::string group, Then then);
  void commit_offsets(std::string group, std::vector<Position> positions, Membership member,
                      Then then);
  void write_down_offsets(const std::string& group, const std::vector<Position>& positions);
  void end(bool commit, int attempt, Then then);
  void ended(bool commit);
  /// Asks again a little later. The outcome of what was asked is not known.
  void again(Task task);
  /// What an error means; nothing: ask again.
  std::optional<Step> meaning(const char* call, Code code);

  const Identity identity_;
  int64_t producer_id_ = -1;
  int16_t epoch_ = -1;
  uint32_t session_ = history::none;
  uint32_t transaction_ = history::none;  // in the history
  std::map<std::pair<std::string, int32_t>, int32_t> sequences_;
  std::set<std::pair<std::string, int32_t>> added_;
  std::vector<size_t> commits_;  // in the history
  std::vector<Waiting> waiting_;
  bool sent_ = false;  // the coordinator may know of this transaction
  bool tainted_ = false;
};

}  // namespace holdfast::simulation
