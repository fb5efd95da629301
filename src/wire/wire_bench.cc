#include <benchmark/benchmark.h>

#include "wire/messages/fetch.h"
#include "wire/messages/metadata.h"
#include "wire/messages/produce.h"

/// What the broker pays for the two hot messages, without any byte of records being touched.
namespace holdfast::wire {
namespace {

const ByteBuffer& batch() {
  static const ByteBuffer bytes(64 << 10, std::byte{'b'});
  return bytes;
}

ByteBuffer produce_frame(int64_t partitions) {
  ProduceRequest request{.transactional_id = {}, .acks = -1, .timeout_ms = 1000, .topic_data = {}};
  auto& topic = request.topic_data.emplace_back();
  topic.name = "flights";
  for (int32_t i = 0; i < partitions; ++i) {
    topic.partition_data.push_back({.index = i, .records = batch()});
  }
  return encode_request(request, 9, 5, "producer-1").flattened();
}

void produce_decode(benchmark::State& state) {
  ByteBuffer frame = produce_frame(state.range(0));
  for (auto _ : state) {
    auto header = decode_request_header(ByteView(frame).subspan(4));
    auto request = decode<ProduceRequest>(header->body, header->api_version);
    benchmark::DoNotOptimize(request->topic_data.data());
  }
}
BENCHMARK(produce_decode)->Arg(1)->Arg(16);

void produce_answer(benchmark::State& state) {
  for (auto _ : state) {
    ProduceResponse response;
    auto& topic = response.responses.emplace_back();
    topic.name = "flights";
    topic.partition_responses.resize(static_cast<size_t>(state.range(0)));
    Gather gather = encode_response(response, 9, 5);
    benchmark::DoNotOptimize(gather.pieces().data());
  }
}
BENCHMARK(produce_answer)->Arg(1)->Arg(16);

void fetch_answer(benchmark::State& state) {
  for (auto _ : state) {
    FetchResponse response;
    auto& topic = response.responses.emplace_back();
    topic.partitions.resize(static_cast<size_t>(state.range(0)));
    for (auto& partition : topic.partitions) {
      partition.records.parts = {ByteView(batch()).first(16 << 10),
                                 ByteView(batch()).last(16 << 10)};
    }
    Gather gather = encode_response(response, 13, 5);
    benchmark::DoNotOptimize(gather.pieces().data());
  }
}
BENCHMARK(fetch_answer)->Arg(1)->Arg(16);

void metadata_answer(benchmark::State& state) {
  MetadataResponse response;
  response.brokers.push_back({.node_id = 1, .host = "127.0.0.1", .port = 9092, .rack = {}});
  for (int64_t i = 0; i < state.range(0); ++i) {
    auto& topic = response.topics.emplace_back();
    topic.name = "topic-with-a-name-of-some-length";
    topic.partitions.resize(16);
    for (auto& partition : topic.partitions) partition.replica_nodes = partition.isr_nodes = {1};
  }
  for (auto _ : state) {
    Gather gather = encode_response(response, 12, 5);
    benchmark::DoNotOptimize(gather.pieces().data());
  }
}
BENCHMARK(metadata_answer)->Arg(10);

}  // namespace
}  // namespace holdfast::wire
