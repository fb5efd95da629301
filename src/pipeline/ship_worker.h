#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <random>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "kafka/admin.h"
#include "kafka/producer.h"
#include "pipeline/ship.h"
#include "pipeline/ship_lane.h"

namespace holdfast::pipeline {

/// Ships some sources under one transactional id, on a thread of its own: connect (fence, then read
/// what is there already), then one transaction after the other. Any trouble ends the producer, and
/// it connects again.
///
/// Threads: as the Shipper.
class ShipWorker {
 public:
  ShipWorker(spool::Spool& spool, os::Clock& clock, ShipSettings settings,
             std::string transactional_id, std::vector<ShipRoute> routes);
  ~ShipWorker();
  ShipWorker(const ShipWorker&) = delete;
  ShipWorker& operator=(const ShipWorker&) = delete;

  void start();
  /// The transaction that is under way gets so long to be committed.
  void ask_to_stop(int64_t grace_ms);
  void join();
  ShipProgress progress() const;

 private:
  void run();
  Status connect();
  Status make_topics(kafka::Admin& admin);
  Result<std::unique_ptr<kafka::Producer>> take_over(bool singly);
  Status find_shipped_of(kafka::Admin& admin);
  Status send_suspects_singly(kafka::Producer& producer);

  Status turn();
  Status fill();
  bool is_full() const;
  Status begin();
  Status wait_for_more();
  SentAmount amount() const;
  Status await_full_batches();
  Status commit();
  Status take(std::span<const kafka::Delivery> deliveries);

  void disconnect(const Error& why);
  void back_off();
  void pause(int64_t duration_ms);
  void note();

  spool::Spool& spool_;
  os::Clock& clock_;
  const ShipSettings settings_;
  const std::string transactional_id_;
  std::vector<std::unique_ptr<ShipLane>> lanes_;
  std::unique_ptr<kafka::Producer> producer_;

  bool open_ = false;           // a transaction
  int64_t began_ms_ = 0;        // the transaction
  int64_t committed_ms_ = 0;    // the one before
  uint64_t transaction_bytes_;  // so much at a time; less while they do not get through
  uint64_t transactions_ = 0;
  int32_t batch_bytes_;
  int64_t back_off_ms_ = 0;
  std::minstd_rand random_{
      std::random_device{}()};  // tidy: random, because it is jitter and nothing else
  bool told_ = false;

  std::atomic<bool> stopping_ = false;
  std::atomic<int64_t> stop_by_ms_ = INT64_MAX;
  mutable std::mutex mutex_;
  ShipProgress progress_;
  std::thread thread_;
};

}  // namespace holdfast::pipeline
