#include "broker/coordinator/producer_states.h"

#include <algorithm>
#include <vector>

namespace holdfast::broker::coordinator {
namespace {

/// Sequences go from 2^31-1 back to 0.
int32_t following(int32_t sequence) {
  return sequence == INT32_MAX ? 0 : sequence + 1;
}

}  // namespace

ProduceDecision ProducerStates::check(const ProducedBatch& batch, bool from_start) const {
  const auto found = producers_.find(batch.producer_id);
  if (found == producers_.end()) {
    if (from_start && batch.first_sequence != 0) return {ProduceVerdict::out_of_order};
    const auto refused = refused_.find(batch.producer_id);
    const bool gap = refused != refused_.end() && refused->second.epoch == batch.producer_epoch &&
                     batch.first_sequence > refused->second.first_sequence;
    // Expired or never seen: whatever it begins with is taken, as Kafka does.
    return {gap ? ProduceVerdict::out_of_order : ProduceVerdict::append};
  }
  const Producer& producer = found->second;
  if (batch.producer_epoch == producer.epoch) {
    for (size_t i = 0; i < producer.kept; ++i) {
      const Batch& kept = producer.batches[i];
      if (kept.first_sequence == batch.first_sequence &&
          kept.last_sequence == batch.last_sequence) {
        return {ProduceVerdict::duplicate, kept.base_offset, kept.timestamp_ms};
      }
    }
  }
  if (batch.producer_epoch < producer.epoch) return {ProduceVerdict::fenced};
  const bool in_order =
      batch.producer_epoch > producer.epoch || producer.kept == 0
          ? batch.first_sequence == 0
          : batch.first_sequence == following(producer.batches[producer.kept - 1].last_sequence);
  return {in_order ? ProduceVerdict::append : ProduceVerdict::out_of_order};
}

void ProducerStates::note_refused(const ProducedBatch& batch) {
  if (producers_.contains(batch.producer_id)) return;
  const auto [refused, is_new] =
      refused_.try_emplace(batch.producer_id, Refused{batch.producer_epoch, batch.first_sequence});
  Refused& first = refused->second;
  if (batch.producer_epoch > first.epoch ||
      (batch.producer_epoch == first.epoch && batch.first_sequence < first.first_sequence))
    first = {batch.producer_epoch, batch.first_sequence};
  if (is_new && refused_.size() > kRefusedKept) refused_.erase(refused_.begin());
}

void ProducerStates::replay(const ProducedBatch& batch, int64_t now_ms) {
  if (!refused_.empty()) refused_.erase(batch.producer_id);
  Producer& producer = producers_[batch.producer_id];
  if (producer.epoch != batch.producer_epoch) producer.kept = 0;
  if (producer.kept == kBatchesKept) {
    std::move(producer.batches.begin() + 1, producer.batches.end(), producer.batches.begin());
    --producer.kept;
  }
  producer.epoch = batch.producer_epoch;
  producer.batches[producer.kept++] = {batch.first_sequence, batch.last_sequence, batch.base_offset,
                                       batch.timestamp_ms};
  producer.last_seen_ms = now_ms;
}

std::vector<int64_t> ProducerStates::last_offsets() const {
  std::vector<int64_t> offsets;
  offsets.reserve(producers_.size());
  for (const auto& [id, producer] : producers_) {
    if (producer.kept == 0) continue;
    const Batch& newest = producer.batches[producer.kept - 1u];
    // Sequences wrap from 2^31-1 to 0.
    const uint32_t more = (static_cast<uint32_t>(newest.last_sequence) -
                           static_cast<uint32_t>(newest.first_sequence)) &
                          0x7fffffffu;
    offsets.push_back(newest.base_offset + more);
  }
  std::ranges::sort(offsets);
  return offsets;
}

void ProducerStates::replay_marker(int64_t producer_id, int16_t producer_epoch, int64_t now_ms) {
  Producer& producer = producers_[producer_id];
  if (producer.epoch != producer_epoch) producer.kept = 0;
  producer.epoch = producer_epoch;
  producer.last_seen_ms = now_ms;
}

void ProducerStates::expire(int64_t before_ms, const Needed& needed) {
  std::erase_if(producers_, [&](const auto& entry) {
    return entry.second.last_seen_ms < before_ms && !(needed && needed(entry.first));
  });
}

void ProducerStates::shrink(size_t most, const Needed& needed) {
  if (producers_.size() <= most) return;
  std::vector<std::pair<int64_t, int64_t>> by_age;  // last seen, id
  for (const auto& [id, producer] : producers_) {
    if (!needed || !needed(id)) by_age.emplace_back(producer.last_seen_ms, id);
  }
  const size_t surplus = std::min(producers_.size() - most, by_age.size());
  std::nth_element(by_age.begin(), by_age.begin() + static_cast<ptrdiff_t>(surplus), by_age.end());
  for (size_t i = 0; i < surplus; ++i) producers_.erase(by_age[i].second);
}

std::vector<ProducerStates::Seen> ProducerStates::all() const {
  std::vector<Seen> seen;
  seen.reserve(producers_.size());
  for (const auto& [id, producer] : producers_) {
    const int32_t sequence =
        producer.kept == 0 ? -1 : producer.batches[producer.kept - 1].last_sequence;
    seen.push_back({id, producer.epoch, sequence, producer.last_seen_ms});
  }
  std::sort(seen.begin(), seen.end(),
            [](const Seen& a, const Seen& b) { return a.producer_id < b.producer_id; });
  return seen;
}

void ProducerStates::write(StateWriter& out) const {
  std::vector<int64_t> ids;
  for (const auto& entry : producers_) ids.push_back(entry.first);
  std::sort(ids.begin(), ids.end());  // equal states give equal bytes
  out.number(static_cast<uint32_t>(ids.size()));
  for (const int64_t id : ids) {
    const Producer& producer = producers_.at(id);
    out.number(id);
    out.number(producer.epoch);
    out.number(producer.kept);
    for (size_t i = 0; i < producer.kept; ++i) {
      out.number(producer.batches[i].first_sequence);
      out.number(producer.batches[i].last_sequence);
      out.number(producer.batches[i].base_offset);
      out.number(producer.batches[i].timestamp_ms);
    }
  }
}

void ProducerStates::read(StateReader& in, int64_t now_ms) {
  const uint32_t count = in.count(11);
  for (uint32_t n = 0; n < count && !in.failed(); ++n) {
    const auto id = in.number<int64_t>();
    Producer producer;
    producer.epoch = in.number<int16_t>();
    producer.kept = std::min<uint8_t>(in.number<uint8_t>(), kBatchesKept);
    producer.last_seen_ms = now_ms;  // its idle time begins anew: forgetting late is harmless
    for (size_t i = 0; i < producer.kept; ++i) {
      Batch& batch = producer.batches[i];
      batch.first_sequence = in.number<int32_t>();
      batch.last_sequence = in.number<int32_t>();
      batch.base_offset = in.number<int64_t>();
      batch.timestamp_ms = in.number<int64_t>();
    }
    producers_.emplace(id, producer);
  }
}

}  // namespace holdfast::broker::coordinator
