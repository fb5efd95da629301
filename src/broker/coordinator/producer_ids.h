#pragma once

#include <cstdint>
#include <optional>

#include "broker/coordinator/state_bytes.h"

namespace holdfast::broker::coordinator {

/// Says that every producer id below `next` may have been given away.
struct ProducerIdsReserved {
  int64_t next = 0;

  void write(StateWriter& out) const { out.number(next); }
  static ProducerIdsReserved read(StateReader& in) { return {in.number<int64_t>()}; }
};

/// Hands out producer ids, none of them twice, whatever crash comes between. Ids are reserved by
/// the block, so that most requests need no record; those of a block not used up are skipped after
/// a restart.
class ProducerIds {
 public:
  struct Decision {
    std::optional<ProducerIdsReserved> record;  // to be durable before the answer leaves
    int64_t producer_id = -1;                   // the answer, once `take` is called
  };
  static constexpr int64_t block = 1000;

  Decision decide() const {
    if (next_ < reserved_) return {{}, next_};
    return {ProducerIdsReserved{reserved_ + block}, reserved_};
  }
  /// Gives the id away; after the decision's record, if any, was replayed.
  void take(int64_t producer_id) { next_ = producer_id + 1; }

  void replay(const ProducerIdsReserved& record) {
    next_ = reserved_;  // after a restart: behind the block that may have been used
    reserved_ = record.next;
  }
  /// After the last record of a restart: nothing of the last block is given away again.
  void skip_block() { next_ = reserved_; }

  void write(StateWriter& out) const { out.number(reserved_); }
  void read(StateReader& in) { next_ = reserved_ = in.number<int64_t>(); }

 private:
  int64_t next_ = 0;
  int64_t reserved_ = 0;
};

}  // namespace holdfast::broker::coordinator
