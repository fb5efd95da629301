#pragma once

#include "base/bytes.h"
#include "broker/topic.h"
#include "record/batch.h"
#include "record/compression.h"
#include "wire/messages/produce.h"

namespace holdfast::broker {

/// Brings a producer's batch into the form in which its topic keeps it, or refuses it, with Kafka's
/// codes: size, CRC, contents, keys, timestamps; then another codec and our own time where the
/// topic wants them. A topic that wants neither costs a look at the header, and for uncompressed
/// batches a walk over the lengths of the records.
///
/// It does not know of producers and transactions. The inside of a compressed batch is looked at
/// only where the topic's settings need it. Loop thread only.
class BatchIntake {
 public:
  using Answer = wire::ProduceResponse::Topic::Partition;

  /// Whether `records`, one partition's bytes of a Produce request of this version, may be kept.
  /// Otherwise `answer` says why not.
  bool judge(ByteView records, const TopicRules& rules, int16_t version, int64_t now_ms,
             Answer& answer);
  /// What is to be kept of a batch that has just been judged: its own bytes, or those in a buffer of
  /// ours, good until the next call. Nothing: `answer` says why not.
  std::optional<record::BatchView> convert(const record::BatchView& batch, const TopicRules& rules,
                                           int64_t now_ms, Answer& answer);

 private:
  /// The records of a batch that has been judged with a look at its inside.
  ByteView plain(const record::BatchView& batch) const;
  bool judge_timestamps(const record::BatchView& batch, const ProduceRules& rules, int64_t now_ms,
                        Answer& answer) const;

  record::Decompressor decompressor_;
  record::Compressor compressor_;
  ByteBuffer plain_;  // of the batch judged last, if it was compressed and had to be looked into
  ByteBuffer kept_;
};

/// Fills `answer` with a refusal.
void refuse(BatchIntake::Answer& answer, wire::ErrorCode code, std::string message);

}  // namespace holdfast::broker
