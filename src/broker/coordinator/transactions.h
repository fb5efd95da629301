#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>

#include "broker/coordinator/transaction.h"
#include "wire/error_code.h"

namespace holdfast::broker::coordinator {

/// The transaction coordinator: every transactional id, its owner and its transaction. Decisions
/// are answered as records; only `replay` changes anything, on the live path and after a restart
/// alike. Rules: KIP-98 (TV1), KIP-360 (producers that ask again), KIP-890 (TV2: an epoch for each
/// transaction, so that nothing late can touch the next one).
class Transactions {
 public:
  using Code = wire::ErrorCode;

  /// What a producer says of itself.
  struct Owner {
    std::string_view id;
    int64_t producer_id = -1;
    int16_t producer_epoch = -1;
  };

  struct InitDecision {
    Code code = Code::none;
    /// The open transaction is to be aborted with a higher epoch first; then ask again.
    std::optional<TransactionPrepared> fence;
    std::optional<TransactionalIdTaken> record;
    bool uses_fresh_id = false;  // `fresh_producer_id` is given away by the record
  };
  /// A producer starts or goes on after an error (then `expected` has its id and epoch).
  InitDecision init(const Owner& expected, int32_t timeout_ms, int64_t fresh_producer_id,
                    int64_t now_ms) const;

  /// Whether the owner may write in a transaction now: INVALID_PRODUCER_ID_MAPPING, PRODUCER_FENCED
  /// (another epoch), CONCURRENT_TRANSACTIONS (the last one is not complete yet).
  Code judge(const Owner& owner) const;
  /// The open transaction of an owner who passes `judge`; null: none is open.
  const Transaction* open(const Owner& owner) const;
  /// Lets partitions and groups join; `judge` has passed. No record: they are in it already. A
  /// transaction may begin with none, as Kafka's do.
  std::optional<TransactionGrew> grow(const Owner& owner, std::span<const uint32_t> partitions,
                                      std::string_view group, bool implicit, int64_t now_ms) const;

  struct EndDecision {
    Code code = Code::none;
    std::optional<TransactionPrepared> record;  // none and no error: it has ended this way before
    int64_t producer_id = -1;                   // TV2: for the next transaction
    int16_t producer_epoch = -1;
    bool uses_fresh_id = false;
  };
  /// Commit or abort, as the owner wishes. `implicit`: it speaks TV2.
  EndDecision end(const Owner& owner, bool commit, bool implicit, int64_t fresh_producer_id,
                  int64_t now_ms) const;
  /// An open transaction took too long: aborted, and its owner's next word is too late.
  static TransactionPrepared time_out(const Transaction& open, int64_t now_ms);
  /// Ids without a transaction that nobody has used since `before_ms`.
  std::vector<TransactionalIdForgotten> expired(int64_t before_ms) const;

  /// They fail when the record contradicts what came before it.
  bool replay(const TransactionalIdTaken& record);
  bool replay(const TransactionGrew& record);
  bool replay(const TransactionPrepared& record);
  bool replay(const TransactionCompleted& record);
  bool replay(const TransactionalIdForgotten& record);
  /// The partition has its marker.
  void marked(int64_t producer_id, uint32_t partition);
  /// The partition is no more.
  void forget_partition(uint32_t partition);

  const Transaction* find(std::string_view id) const;
  const Transaction* find(int64_t producer_id) const;
  const std::map<std::string, Transaction, std::less<>>& all() const { return by_id_; }

  void write(StateWriter& out) const;
  /// False: a state that cannot be.
  bool read(StateReader& in);

 private:
  Transaction* known(int64_t producer_id);

  std::map<std::string, Transaction, std::less<>> by_id_;
  std::unordered_map<int64_t, Transaction*> by_producer_id_;
};

}  // namespace holdfast::broker::coordinator
