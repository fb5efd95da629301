#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/os/files.h"
#include "base/result.h"
#include "log/log.h"
#include "spool/batch.h"

namespace holdfast::spool {

/// A source's number within its spool; also its partition in the log.
using SourceId = log::PartitionId;

/// What the spool knows of one source.
struct SourceState {
  std::string name;
  int64_t epoch = 0;  // milliseconds since 1970 when the source was first seen in this spool
  int64_t next_sequence = 0;           // of the next event: all below are stamped
  int64_t next_rejected_sequence = 0;  // the same in the stream "<name>/rejected"
  int64_t last_version = 0;
  int64_t next_batch = 0;
  bool has_position = false;
  ByteBuffer position;                    // the source's own, behind its last batch
  int64_t shipped_batch = -1;             // everything up to it is known to be in Kafka
  int64_t shipped_sequence = 0;           // all below are known to be in Kafka
  int64_t shipped_rejected_sequence = 0;  // the same in the stream "<name>/rejected"

  /// The stream of its rejected pieces.
  std::string rejected_stream() const { return name + "/rejected"; }
  bool operator==(const SourceState&) const = default;
};

/// All sources, as a state frame and the checkpoint hold them (docs/formats/spool.md).
ByteBuffer encode_state(const std::vector<SourceState>& sources);
/// `corrupt` or `version_unknown`.
Result<std::vector<SourceState>> parse_state(ByteView bytes);

/// What a spool folder holds, read without a lock and without ever writing; works while a process
/// has it open. Shipped sequences are what was last noted and may lag behind.
struct Inspection {
  std::vector<SourceState> sources;
  log::VerifyReport log;
  uint64_t batches = 0;
  uint64_t events = 0;
  uint64_t rejected = 0;
};
Result<Inspection> inspect(os::Files& files, const std::string& folder);

/// The batches that are not noted as shipped, oldest first, read in the same way. `corrupt` when
/// the folder is damaged.
using VisitBatch = std::function<void(const SourceState&, const BatchView&)>;
Status visit_waiting(os::Files& files, const std::string& folder, const VisitBatch& visit);

}  // namespace holdfast::spool
