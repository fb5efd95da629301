#include "tests/crash/broker_load.h"

#include <chrono>
#include <random>

#include "testing/history/check.h"
#include "testing/simulation/records.h"
#include "tests/crash/broker_client.h"
#include "wire/messages/add_offsets_to_txn.h"
#include "wire/messages/add_partitions_to_txn.h"
#include "wire/messages/create_topics.h"
#include "wire/messages/end_txn.h"
#include "wire/messages/init_producer_id.h"
#include "wire/messages/offset_fetch.h"
#include "wire/messages/produce.h"
#include "wire/messages/txn_offset_commit.h"

namespace holdfast::testing {
namespace {

using Code = wire::ErrorCode;
using history::Outcome;

constexpr std::string_view topic_name = "load";
constexpr int32_t partitions = 4;
constexpr std::array<std::string_view, 2> ids = {"old-protocol", "new-protocol"};

std::string group_of(std::string_view id) {
  return std::string(id) + "-group";
}

int64_t real_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

struct BrokerLoad::Writer {
  std::string id;  // transactional; empty: only idempotent
  int version = 2;
  int64_t producer_id = -1;
  int16_t epoch = -1;
  uint32_t session = history::none;
  std::array<int32_t, partitions> sequences{};
  std::mt19937_64 random;
  uint64_t below(uint64_t n) { return random() % n; }
};

BrokerLoad::BrokerLoad() : begun_us_(real_us()) {
  for (int32_t i = 0; i < partitions; ++i) world_.partition(std::string(topic_name), i);
  read_ = all_partitions();
  reader_ = world_.new_consumer();
}

/// With the lock.
history::Time BrokerLoad::stamp() {
  world_.scheduler.step(real_us() - begun_us_);
  return world_.stamp();
}

std::vector<BrokerLoad::Position> BrokerLoad::all_partitions() const {
  std::vector<Position> all;
  for (int32_t i = 0; i < partitions; ++i) all.push_back({std::string(topic_name), i});
  return all;
}

bool BrokerLoad::prepare(const os::Address& broker) {
  BrokerClient client(broker);
  wire::CreateTopicsRequest request;
  request.timeout_ms = 10'000;
  request.topics.push_back({.name = topic_name,
                            .num_partitions = partitions,
                            .replication_factor = 1,
                            .assignments = {},
                            .configs = {}});
  const auto answer = client.call<wire::CreateTopicsResponse>(request, 5);
  if (!answer) return false;
  const Code code = answer->topics.at(0).error_code;
  return code == Code::none || code == Code::topic_already_exists;
}

void BrokerLoad::start(const os::Address& broker) {
  const uint64_t seed = ++starts_ * 100;
  for (uint64_t i = 0; i < 2; ++i)
    threads_.emplace_back([this, broker, seed, i] { run_idempotent(broker, seed + i); });
  for (uint64_t i = 0; i < ids.size(); ++i) {
    threads_.emplace_back([this, broker, seed, i] {
      run_transactional(broker, std::string(ids[i]), static_cast<int>(i) + 1, seed + 10 + i);
    });
  }
  for (const bool committed_only : {true, false})
    threads_.emplace_back([this, broker, committed_only] { run_reader(broker, committed_only); });
}

bool BrokerLoad::wait_for(uint64_t acknowledged) {
  std::unique_lock lock(mutex_);
  return progressed_.wait_for(lock, std::chrono::seconds(30),
                              [&] { return acknowledged_ >= acknowledged; });
}

void BrokerLoad::join() {
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void BrokerLoad::run_idempotent(const os::Address& broker, uint64_t seed) {
  BrokerClient client(broker);
  Writer writer{.id = {}, .random = std::mt19937_64(seed)};
  const auto answer = client.call<wire::InitProducerIdResponse>(wire::InitProducerIdRequest{}, 4);
  if (!answer || answer->error_code != Code::none) return;
  writer.producer_id = answer->producer_id;
  writer.epoch = answer->producer_epoch;
  {
    const std::lock_guard lock(mutex_);
    writer.session = world_.new_producer();
  }
  while (produce(client, writer, history::none)) {
  }
}

/// One batch. False: this client's session is over.
bool BrokerLoad::produce(BrokerClient& client, Writer& writer, uint32_t transaction) {
  const auto partition = static_cast<int32_t>(writer.below(partitions));
  int32_t& sequence = writer.sequences[static_cast<size_t>(partition)];
  std::vector<simulation::Item> items;
  size_t first = 0;
  {
    const std::lock_guard lock(mutex_);
    auto& sends = world_.history.sends;
    first = sends.size();
    for (uint64_t left = 1 + writer.below(5); left > 0; --left) {
      items.push_back({.value = world_.new_value()});
      sends.push_back({.value = items.back().value,
                       .partition = static_cast<uint32_t>(partition),
                       .producer = writer.session,
                       .transaction = transaction,
                       .invoked = stamp()});
    }
  }
  const ByteBuffer batch = simulation::make_batch(items,
                                                  {.producer_id = writer.producer_id,
                                                   .epoch = writer.epoch,
                                                   .sequence = sequence,
                                                   .transactional = !writer.id.empty()},
                                                  400);
  wire::ProduceRequest request;
  if (!writer.id.empty()) request.transactional_id = writer.id;
  request.acks = -1;
  request.timeout_ms = 10'000;
  request.topic_data.push_back({topic_name, {}, {{partition, batch}}});
  const auto version = static_cast<int16_t>(writer.id.empty() || writer.version == 1 ? 8 : 12);
  const auto answer = client.call<wire::ProduceResponse>(request, version);
  if (!answer) return false;
  const auto& told = answer->responses.at(0).partition_responses.at(0);
  if (told.error_code != Code::none) return false;
  sequence += static_cast<int32_t>(items.size());
  const std::lock_guard lock(mutex_);
  acknowledged_ += items.size();
  progressed_.notify_all();
  for (size_t i = 0; i < items.size(); ++i) {
    history::Send& send = world_.history.sends[first + i];
    send.completed = stamp();
    send.outcome = Outcome::ok;
    send.offset = told.base_offset + static_cast<int64_t>(i);
  }
  return true;
}

void BrokerLoad::run_transactional(const os::Address& broker, const std::string& id, int version,
                                   uint64_t seed) {
  BrokerClient client(broker);
  Writer writer{.id = id, .version = version, .random = std::mt19937_64(seed)};
  wire::InitProducerIdRequest request;
  request.transactional_id = id;
  request.transaction_timeout_ms = 60'000;
  while (writer.producer_id < 0) {
    const auto answer = client.call<wire::InitProducerIdResponse>(request, 4);
    if (!answer) return;
    if (answer->error_code == Code::concurrent_transactions) continue;
    if (answer->error_code != Code::none) return;
    writer.producer_id = answer->producer_id;
    writer.epoch = answer->producer_epoch;
  }
  {
    const std::lock_guard lock(mutex_);
    writer.session = world_.new_producer();
  }
  while (run_transaction(client, writer)) {
  }
}

bool BrokerLoad::run_transaction(BrokerClient& client, Writer& writer) {
  uint32_t transaction = 0;
  {
    const std::lock_guard lock(mutex_);
    transaction = static_cast<uint32_t>(world_.history.transactions.size());
    world_.history.transactions.push_back({});
  }
  if (writer.version == 1) {  // partitions and group join first
    wire::AddPartitionsToTxnRequest request;
    request.v3_and_below_transactional_id = writer.id;
    request.v3_and_below_producer_id = writer.producer_id;
    request.v3_and_below_producer_epoch = writer.epoch;
    request.v3_and_below_topics.push_back({topic_name, {0, 1, 2, 3}});
    const auto added = client.call<wire::AddPartitionsToTxnResponse>(request, 3);
    const std::string group = group_of(writer.id);
    const auto joined = client.call<wire::AddOffsetsToTxnResponse>(
        wire::AddOffsetsToTxnRequest{writer.id, writer.producer_id, writer.epoch, group}, 3);
    if (!added || !joined || joined->error_code != Code::none) return false;
  }
  for (uint64_t left = 1 + writer.below(3); left > 0; --left)
    if (!produce(client, writer, transaction)) return false;
  if (!store_position(client, writer, transaction)) return false;
  return end(client, writer, transaction, writer.below(4) != 0);
}

bool BrokerLoad::store_position(BrokerClient& client, Writer& writer, uint32_t transaction) {
  const std::string group = group_of(writer.id);
  const int64_t position = next_position_++;
  {
    const std::lock_guard lock(mutex_);
    world_.history.commits.push_back(
        {.group = group, .place = {0, position}, .transaction = transaction, .invoked = stamp()});
  }
  wire::TxnOffsetCommitRequest request;
  request.transactional_id = writer.id;
  request.group_id = group;
  request.producer_id = writer.producer_id;
  request.producer_epoch = writer.epoch;
  request.topics.push_back({topic_name, {{0, position, -1, ""}}});
  const auto answer = client.call<wire::TxnOffsetCommitResponse>(
      request, static_cast<int16_t>(writer.version == 1 ? 3 : 5));
  return answer && answer->topics.at(0).partitions.at(0).error_code == Code::none;
}

bool BrokerLoad::end(BrokerClient& client, Writer& writer, uint32_t transaction, bool commit) {
  if (commit) {
    const std::lock_guard lock(mutex_);
    world_.history.transactions[transaction] = {stamp(), Outcome::unknown};
  }
  const auto answer = client.call<wire::EndTxnResponse>(
      wire::EndTxnRequest{writer.id, writer.producer_id, writer.epoch, commit},
      static_cast<int16_t>(writer.version == 1 ? 3 : 5));
  if (!answer || answer->error_code != Code::none) return false;
  if (writer.version != 1) {
    writer.producer_id = answer->producer_id;
    writer.epoch = answer->producer_epoch;
    writer.sequences = {};
  }
  committed_ += commit;
  const std::lock_guard lock(mutex_);
  if (commit) world_.history.transactions[transaction].outcome = Outcome::ok;
  auto& commits = world_.history.commits;
  for (size_t i = commits.size(); i-- > 0;) {
    if (commits[i].transaction != transaction) continue;
    commits[i].outcome = commit ? Outcome::ok : Outcome::failed;
    commits[i].completed = stamp();
    break;
  }
  return true;
}

void BrokerLoad::run_reader(const os::Address& broker, bool committed_only) {
  BrokerClient client(broker);
  auto positions = all_partitions();
  uint32_t consumer = 0;
  {
    const std::lock_guard lock(mutex_);
    for (Position& position :
         positions)  // from the end of what is known: the new is what may be wrong
      position.offset = world_.known_end(world_.partition(position.topic, position.partition));
    consumer = world_.new_consumer();
  }
  read_to_end(client, positions, consumer, committed_only, false);
}

/// False: the connection ended, or something was wrong.
bool BrokerLoad::read_to_end(BrokerClient& client, std::vector<Position>& positions,
                             uint32_t consumer, bool committed_only, bool to_end) {
  for (;;) {
    history::Time invoked = 0;
    {
      const std::lock_guard lock(mutex_);
      invoked = stamp();
    }
    const auto answer = client.call<wire::FetchResponse>(
        simulation::make_fetch(positions, committed_only, to_end ? 0 : 100, 1 << 20), 12);
    if (!answer) return false;
    const std::lock_guard lock(mutex_);
    stamp();
    bool at_end = true;
    for (const auto& told : answer->responses.at(0).partitions) {
      Position& position = positions.at(static_cast<size_t>(told.partition_index));
      if (told.error_code != Code::none) {
        world_.violation(simulation::Violation::Kind::answer,
                         "Fetch answered " + std::string(wire::name(told.error_code)));
        return false;
      }
      simulation::take_poll(world_, "reader", consumer, position, told, committed_only, invoked);
      at_end &= position.offset >= told.high_watermark;
      auto& partition =
          world_.history.partitions[world_.partition(position.topic, position.partition)];
      if (to_end && position.offset >= told.high_watermark) partition.final_end = position.offset;
    }
    if (to_end && at_end) return true;
  }
}

bool BrokerLoad::read_groups(BrokerClient& client) {
  for (const std::string_view id : ids) {
    wire::OffsetFetchRequest request;
    request.require_stable = true;
    const std::string group = group_of(id);
    request.group_id = group;
    request.topics.emplace().push_back({topic_name, {0}});
    history::Time invoked = 0;
    {
      const std::lock_guard lock(mutex_);
      invoked = stamp();
    }
    const auto answer = client.call<wire::OffsetFetchResponse>(request, 7);
    if (!answer) return false;
    const auto& told = answer->topics.at(0).partitions.at(0);
    if (told.error_code != Code::none) return false;
    const std::lock_guard lock(mutex_);
    world_.history.offset_reads.push_back({group, {0, told.committed_offset}, invoked, stamp()});
  }
  return true;
}

/// Takes the transactional ids, which aborts what was left open, so that there is an end to read
/// to.
bool BrokerLoad::read_on(const os::Address& broker) {
  BrokerClient client(broker);
  for (const std::string_view id : ids) {
    wire::InitProducerIdRequest request;
    request.transactional_id = id;
    request.transaction_timeout_ms = 60'000;
    for (;;) {
      const auto answer = client.call<wire::InitProducerIdResponse>(request, 4);
      if (!answer) return false;
      if (answer->error_code == Code::none) break;
      if (answer->error_code != Code::concurrent_transactions) return false;
    }
  }
  return read_to_end(client, read_, reader_, true, true) && read_groups(client);
}

bool BrokerLoad::judge(const os::Address& broker) {
  bool well = read_on(broker);
  for (const bool committed_only : {true, false}) {
    BrokerClient client(broker);
    auto positions = all_partitions();
    well = read_to_end(client, positions, world_.new_consumer(), committed_only, true) && well;
  }
  for (const simulation::Violation& violation : world_.violations())
    std::printf("%s: %s\n", simulation::name(violation.kind), violation.text.c_str());
  const history::Report report = history::check(world_.history);
  for (size_t i = 0; i < report.findings.size() && i < 20; ++i) {
    const auto& finding = report.findings[i];
    std::printf("%s: value %llu, partition %u at %lld: %s\n", history::name(finding.kind),
                static_cast<unsigned long long>(finding.value), finding.partition,
                static_cast<long long>(finding.offset), finding.text.c_str());
  }
  std::printf("%llu records acknowledged, %llu seen, %llu transactions committed, %llu findings\n",
              static_cast<unsigned long long>(report.acknowledged),
              static_cast<unsigned long long>(report.seen),
              static_cast<unsigned long long>(committed_.load()),
              static_cast<unsigned long long>(report.found));
  return well && report.clean() && world_.violations().empty() && report.acknowledged > 0;
}

}  // namespace holdfast::testing
