#include "testing/simulation/network.h"

#include <algorithm>

#include "base/crc32c.h"

namespace holdfast::simulation {
namespace {

/// The far end of a request that comes a second time: nobody reads its answer.
class Nobody final : public ClientEnd {
 public:
  void received(ByteView) override {}
  void closed() override {}
};
Nobody nobody;

}  // namespace

int64_t Network::latency_us() {
  if (faults_.slow_one_in > 0 && scheduler_.one_in(faults_.slow_one_in))
    return scheduler_.between(10 * ms, 6 * seconds);
  return scheduler_.between(50, 800);
}

int64_t Network::free_again_us(uint32_t client) const {
  return client < cut_off_until_us_.size() ? cut_off_until_us_[client] : 0;
}

void Network::cut_off(uint32_t client, int64_t for_us) {
  if (client >= cut_off_until_us_.size()) cut_off_until_us_.resize(client + 1);
  cut_off_until_us_[client] = scheduler_.now_us() + for_us;
}

std::shared_ptr<Wire> Network::connect(uint32_t client, ClientEnd& end) {
  auto wire = std::make_shared<Wire>(*this, client, &end);
  std::erase_if(wires_, [](const auto& old) { return old.expired(); });
  wires_.push_back(wire);
  const int64_t at = std::max(scheduler_.now_us(), free_again_us(client)) + latency_us();
  wire->last_to_server_us_ = at;
  scheduler_.at(at, wire, [this, wire] {
    if (wire->broken_) return;
    if (!accepted_) return wire->end_client(latency_us());  // refused
    auto server = std::make_unique<ServerEnd>(*this, wire);
    wire->server_ = server.get();
    wire->was_accepted_ = true;
    accepted_(std::move(server));
  });
  return wire;
}

void Network::broker_gone(bool silently) {
  accepted_ = nullptr;
  for (const auto& weak : wires_) {
    const auto wire = weak.lock();
    if (!wire) continue;
    wire->broken_ = true;
    if (!silently) wire->end_client(latency_us());
  }
}

void Network::duplicate(const Wire& of, ByteView frame) {
  ++duplicates_;
  const auto again = connect(of.client_, nobody);
  again->last_to_server_us_ += scheduler_.between(0, 8 * seconds);
  again->send(frame, false);
  scheduler_.after(20 * seconds, again, [again] { again->close(); });
}

int64_t Wire::arrival_us(int64_t& last_us) {
  Scheduler& scheduler = network_.scheduler_;
  const int64_t leaves = std::max(scheduler.now_us(), network_.free_again_us(client_));
  return last_us = std::max(last_us + 1, leaves + network_.latency_us());
}

void Wire::send(ByteView frame, bool repeatable) {
  if (broken_) return;
  Scheduler& scheduler = network_.scheduler_;
  const NetworkFaults& faults = network_.faults_;
  scheduler.note(crc32c(frame));
  const bool twice =
      repeatable && faults.duplicate_one_in > 0 && scheduler.one_in(faults.duplicate_one_in);
  if (faults.reset_one_in > 0 && scheduler.one_in(faults.reset_one_in)) {
    // Before the request comes in, or some time after it: then the answer may be lost, too.
    if (scheduler.one_in(2)) return reset();
    scheduler.after(scheduler.between(0, 30 * ms), shared_from_this(), [this] { reset(); });
  }
  // Now and then in two pieces.
  const auto cut = frame.size() > 8 && scheduler.one_in(8)
                       ? static_cast<size_t>(scheduler.below(static_cast<int64_t>(frame.size())))
                       : 0;
  for (const ByteView piece : {frame.first(cut), frame.subspan(cut)}) {
    if (piece.empty()) continue;
    scheduler.at(
        arrival_us(last_to_server_us_), shared_from_this(),
        [wire = shared_from_this(), bytes = ByteBuffer(piece.begin(), piece.end())]() mutable {
          wire->deliver(std::move(bytes));
        });
  }
  if (!twice) return;
  // The second one never overtakes what this connection had carried before it.
  scheduler.at(last_to_server_us_, shared_from_this(),
               [this, again = ByteBuffer(frame.begin(), frame.end())] {
                 if (was_accepted_ && !broken_) network_.duplicate(*this, again);
               });
}

void Wire::deliver(ByteBuffer bytes) {
  if (server_ && !broken_) server_->arrived(std::move(bytes));
}

void Wire::close() {
  end_ = nullptr;
  network_.scheduler_.at(arrival_us(last_to_server_us_), shared_from_this(),
                         [wire = shared_from_this()] { wire->end_server(); });
}

void Wire::end_server() {
  broken_ = true;
  if (server_) server_->peer_gone();
}

void Wire::end_client(int64_t delay_us) {
  broken_ = true;
  last_to_client_us_ = std::max(last_to_client_us_ + 1, network_.scheduler_.now_us() + delay_us);
  network_.scheduler_.at(last_to_client_us_, shared_from_this(), [wire = shared_from_this()] {
    if (ClientEnd* end = std::exchange(wire->end_, nullptr)) end->closed();
  });
}

void Wire::reset() {
  if (broken_) return;
  ++network_.resets_;
  end_client(network_.latency_us());
  end_server();
}

void Wire::to_client(ByteBuffer bytes) {
  network_.scheduler_.at(arrival_us(last_to_client_us_), shared_from_this(),
                         [wire = shared_from_this(), got = std::move(bytes)] {
                           if (wire->end_) wire->end_->received(got);
                         });
}

ServerEnd::~ServerEnd() {
  wire_->server_ = nullptr;
  if (!gone_ && !wire_->broken_) wire_->end_client(network_.latency_us());
}

void ServerEnd::start(Owner& owner) {
  owner_ = &owner;
}

void ServerEnd::arrived(ByteBuffer bytes) {
  append(unread_, bytes);
  take();
}

void ServerEnd::resume_reading() {
  paused_ = false;
  network_.scheduler_.after(1, life_, [this] { take(); });
}

void ServerEnd::take() {
  const std::weak_ptr<const void> alive = life_;
  while (owner_ && !paused_ && !unread_.empty() && !gone_) {
    const auto buffers = owner_->receive_buffers();
    size_t taken = 0;
    for (const MutableBytes buffer : buffers) {
      const size_t count = std::min(buffer.size(), unread_.size() - taken);
      std::copy_n(unread_.begin() + static_cast<ptrdiff_t>(taken), count, buffer.begin());
      taken += count;
    }
    unread_.erase(unread_.begin(), unread_.begin() + static_cast<ptrdiff_t>(taken));
    owner_->received(taken);
    if (alive.expired()) return;  // destroyed from within
  }
}

void ServerEnd::send(ByteView bytes) {
  append(unsent_, bytes);
  flush_soon();
}

void ServerEnd::send_pinned(ByteView bytes, std::shared_ptr<const void>) {
  send(bytes);
}

void ServerEnd::flush_soon() {
  if (std::exchange(flushing_, true)) return;
  network_.scheduler_.after(1, life_, [this] { flush(); });
}

void ServerEnd::flush() {
  flushing_ = false;
  if (gone_) return;
  if (!unsent_.empty()) {
    network_.scheduler_.note(crc32c(unsent_));
    wire_->to_client(std::exchange(unsent_, {}));
    const std::weak_ptr<const void> alive = life_;
    owner_->sent();
    if (alive.expired()) return;
  }
  if (!closing_) return;
  if (!wire_->broken_) wire_->end_client(network_.latency_us());
  peer_gone();
}

void ServerEnd::close_after_sending() {
  if (std::exchange(closing_, true)) return;
  flush_soon();
}

/// Tells the owner, not from within a call of his.
void ServerEnd::peer_gone() {
  if (std::exchange(gone_, true)) return;
  network_.scheduler_.after(1, life_,
                            [this] { owner_->closed({ErrorCode::io, "the connection ended"}); });
}

}  // namespace holdfast::simulation
