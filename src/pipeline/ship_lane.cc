#include "pipeline/ship_lane.h"

#include <algorithm>

#include "base/check.h"
#include "base/fault.h"
#include "base/planted_bug.h"
#include "kafka/events/event_reader.h"

namespace holdfast::pipeline {
namespace {

constexpr uint64_t read_bytes = 256 << 10;
// Of a record's and a header's lengths and times, about.
constexpr uint64_t record_bytes = 12;
constexpr uint64_t header_bytes = 2;

/// MurmurHash2 with Kafka's seed, as its DefaultPartitioner has used it from the beginning.
uint32_t murmur2(std::string_view key) {
  constexpr uint32_t m = 0x5bd1e995;
  uint32_t hash = 0x9747b28c ^ static_cast<uint32_t>(key.size());
  const std::byte* from = as_bytes(key).data();
  size_t left = key.size();
  for (; left >= 4; left -= 4, from += 4) {
    uint32_t k = load_le<uint32_t>(from) * m;
    k = (k ^ k >> 24) * m;
    hash = hash * m ^ k;
  }
  if (left > 0) {
    for (size_t i = 0; i < left; ++i) hash ^= static_cast<uint32_t>(from[i]) << (8 * i);
    hash *= m;
  }
  hash = (hash ^ hash >> 13) * m;
  return hash ^ hash >> 15;
}

}  // namespace

int32_t partition_of(const event::Event& event, int32_t partitions) {
  if (partitions == 1) return 0;
  if (!event.key) return static_cast<int32_t>(event.stamp.sequence % partitions);
  return static_cast<int32_t>((murmur2(*event.key) & 0x7fffffff) %
                              static_cast<uint32_t>(partitions));
}

ShipLane::ShipLane(spool::Spool& spool, const ShipRoute& route, std::string failures_topic,
                   uint64_t lane_number)
    : spool_(spool),
      route_(route),
      failures_topic_(std::move(failures_topic)),
      lane_number_(lane_number),
      name_(spool.source(route.source).name),
      rejected_stream_(spool.source(route.source).rejected_stream()) {}

StreamRange ShipLane::events_range() const {
  const spool::SourceState state = spool_.source(route_.source);
  return {.source = name_,
          .epoch = state.epoch,
          .known_below = state.shipped_sequence,
          .next = state.next_sequence};
}

StreamRange ShipLane::rejected_range() const {
  const spool::SourceState state = spool_.source(route_.source);
  return {.source = rejected_stream_,
          .epoch = state.epoch,
          .known_below = state.shipped_rejected_sequence,
          .next = state.next_rejected_sequence};
}

void ShipLane::restart(ShippedAlready events, ShippedAlready rejected, int32_t partitions,
                       int32_t failure_partitions) {
  shipped_events_ = std::move(events);
  shipped_rejected_ = std::move(rejected);
  partitions_ = partitions;
  failure_partitions_ = failure_partitions;
  go_back();
}

void ShipLane::go_back() {
  next_batch_ = spool_.source(route_.source).shipped_batch + 1;
  sent_upto_ = {};
  amount_ = {};
  pins_.clear();
}

Result<std::vector<spool::StoredBatch>> ShipLane::next() {
  return spool_.read(route_.source, next_batch_, read_bytes);
}

Status ShipLane::send(kafka::Producer& producer, std::span<const spool::StoredBatch> batches) {
  for (const spool::StoredBatch& batch : batches) {
    // What was trimmed had been shipped, so nothing may be missing in between.
    HOLDFAST_CHECK(batch.number == next_batch_);
    note_sent(batch);
    const Status sent = send_batch(producer, batch);
    if (!sent && sent.error().code == ErrorCode::invalid) suspect(batch.number);
    HOLDFAST_CHECKED(sent);
  }
  return {};
}

void ShipLane::note_sent(const spool::StoredBatch& batch) {
  const spool::BatchHeader& header = batch.view.header();
  sent_upto_ = {.batch = batch.number,
                .next_sequence = header.next_sequence(),
                .next_rejected_sequence = header.next_rejected_sequence()};
  if (pins_.empty() || pins_.back() != batch.pin) pins_.push_back(batch.pin);
  next_batch_ = batch.number + 1;
}

Status ShipLane::send_batch(kafka::Producer& producer, const spool::StoredBatch& batch) {
  fault::point("ship.before_send");
  const uint64_t token = lane_number_ << lane_shift | static_cast<uint64_t>(batch.number);
  event::Event event;
  for (spool::BatchView::Events events(batch.view, name_); events.next(event);) {
    if (shipped_events_.contains(event.stamp.sequence)) {
      ++skipped_;
      continue;
    }
    if constexpr (planted_bug == PlantedBug::lose_in_shipping)
      if (event.stamp.sequence == 100) continue;
    if constexpr (planted_bug == PlantedBug::double_in_shipping)
      if (event.stamp.sequence == 100) HOLDFAST_CHECKED(send_event(producer, event, token));
    HOLDFAST_CHECKED(send_event(producer, event, token));
  }
  spool::BatchView::RejectedEvent rejected;
  for (spool::BatchView::RejectedEvents pieces(batch.view, rejected_stream_);
       pieces.next(rejected);) {
    if (shipped_rejected_.contains(rejected.event.stamp.sequence)) {
      ++skipped_;
      continue;
    }
    HOLDFAST_CHECKED(send_rejected(producer, rejected, token));
  }
  fault::point("ship.after_send");
  return {};
}

Status ShipLane::send_event(kafka::Producer& producer, const event::Event& event, uint64_t token) {
  return send_message(producer, route_.topic, partition_of(event, partitions_), event,
                      cloud_event_.format(event), token);
}

Status ShipLane::send_rejected(kafka::Producer& producer,
                               const spool::BatchView::RejectedEvent& rejected, uint64_t token) {
  const event::FailureRecord record{.kind = event::FailureKind::rejected,
                                    .stage = event::FailureStage::capture,
                                    .event = rejected.event,
                                    .store = name_,
                                    .cause_code = rejected.piece.cause_code,
                                    .cause = rejected.piece.cause,
                                    .first_failure_us = rejected.event.time_us,
                                    .last_failure_us = rejected.event.time_us,
                                    .attempts = 1,
                                    .origin = {},
                                    .file = rejected.piece.file,
                                    .line = rejected.piece.line};
  return send_message(producer, failures_topic_, partition_of(rejected.event, failure_partitions_),
                      rejected.event, failure_.format(record), token);
}

Status ShipLane::send_message(kafka::Producer& producer, const std::string& topic,
                              int32_t partition, const event::Event& event, event::Headers headers,
                              uint64_t token) {
  const uint64_t payload = event.key.value_or("").size() + event.value.value_or("").size();
  uint64_t bytes = payload + record_bytes;
  for (size_t i = 0; i < headers.size(); ++i) {
    headers_[i] = {.name = headers[i].name, .value = kafka::bytes_of(headers[i].value)};
    bytes += headers[i].name.size() + headers[i].value.value_or("").size() + header_bytes;
  }
  const kafka::OutMessage message{.partition = partition,
                                  .key = kafka::bytes_of(event.key),
                                  .value = kafka::bytes_of(event.value),
                                  .headers = std::span(headers_.data(), headers.size()),
                                  .timestamp_ms = event.time_us / 1000,
                                  .token = token,
                                  .value_pinned = true};
  HOLDFAST_CHECKED(producer.send(topic, message));
  ++sent_;
  ++amount_.messages;
  amount_.payload_bytes += payload;
  amount_.bytes += bytes;
  return {};
}

void ShipLane::settle() {
  if (sent_upto_.batch >= 0) {
    spool_.mark_shipped(route_.source, sent_upto_.batch, sent_upto_.next_sequence,
                        sent_upto_.next_rejected_sequence);
    fault::point("ship.after_mark");
  }
  sent_upto_ = {};
  amount_ = {};
  pins_.clear();
}

}  // namespace holdfast::pipeline
