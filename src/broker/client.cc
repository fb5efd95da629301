#include "broker/client.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/os/clock.h"

namespace holdfast::broker {
namespace {

constexpr size_t kCopyBelow =
    2048;  // a smaller answer is copied behind others rather than kept by itself

}  // namespace

Client::Client(ClientHost& host, uint64_t id, std::unique_ptr<os::Connection> connection)
    : host_(host),
      id_(id),
      connection_(std::move(connection)),
      last_active_ms_(host.now().steady_ms) {}

Client::~Client() {
  if (partial_) host_.give_back(partial_->size);
}

std::array<MutableBytes, 2> Client::receive_buffers() {
  const MutableBytes shared = host_.scratch();
  if (partial_)
    return {
        MutableBytes(partial_->bytes.get() + partial_->filled, partial_->size - partial_->filled),
        shared};
  if (size_filled_ > 0) return {MutableBytes(size_prefix_).subspan(size_filled_), shared};
  return {shared, {}};
}

void Client::received(size_t bytes) {
  last_active_ms_ = host_.now().steady_ms;
  if (doomed_ || draining_) return;
  size_t in_shared = bytes;
  if (partial_) {
    const size_t own = std::min(bytes, partial_->size - partial_->filled);
    partial_->filled += own;
    in_shared -= own;
    if (partial_->filled < partial_->size) return;
    const Partial whole = std::move(*std::exchange(partial_, std::nullopt));
    serve({whole.bytes.get(), whole.size});
    host_.give_back(whole.size);
  } else if (size_filled_ > 0) {
    const size_t own = std::min(bytes, size_prefix_.size() - size_filled_);
    size_filled_ += own;
    in_shared -= own;
    if (size_filled_ < size_prefix_.size()) return;
  }
  take(ByteView(host_.scratch()).first(in_shared));
}

/// Takes requests up as long as there is room; keeps the rest for later.
void Client::take(ByteView bytes) {
  while (!doomed_ && !draining_ && !waiting_for_room_ && !overloaded()) {
    if (bytes.empty() && size_filled_ < size_prefix_.size()) break;
    bytes = bytes.subspan(take_one(bytes));
    if (partial_) break;
  }
  if (doomed_ || draining_) return;
  if (!bytes.empty()) append(backlog_, bytes);
  const bool too_much = overloaded();
  if (!(waiting_for_room_ || too_much) || std::exchange(paused_, true)) return;
  if (too_much) {
    const bool in_flight = slots_.size() >= host_.limits().in_flight_requests_max;
    host_.held(in_flight ? Held::in_flight : Held::slow_reader, id_);
  }
  connection_->pause_reading();
}

/// Takes up the next request, or the part of it that is there. Answers how many bytes that used.
size_t Client::take_one(ByteView bytes) {
  size_t used = 0;
  if (size_filled_ < size_prefix_.size()) {
    used = std::min(bytes.size(), size_prefix_.size() - size_filled_);
    std::memcpy(size_prefix_.data() + size_filled_, bytes.data(), used);
    size_filled_ += used;
    if (size_filled_ < size_prefix_.size()) return used;
  }
  const auto size = wire::frame_size(size_prefix_, host_.limits().request_bytes_max);
  if (!size) {
    host_.refused(Refused::request_size, id_, size.error().message);
    doom(size.error().message);
    return used;
  }
  const ByteView rest = bytes.subspan(used);
  if (rest.size() >= *size) {
    size_filled_ = 0;
    serve(rest.first(*size));
    return used + *size;
  }
  if (!host_.reserve(*size)) {
    hold(Held::memory);  // the size stays known; the rest is taken up again later
    return used;
  }
  size_filled_ = 0;
  partial_.emplace(std::make_unique_for_overwrite<std::byte[]>(*size), *size, rest.size());
  std::memcpy(partial_->bytes.get(), rest.data(), rest.size());
  return bytes.size();
}

void Client::serve(ByteView frame) {
  const auto request = wire::decode_request_header(frame);
  if (!request) {
    host_.refused(Refused::bad_request, id_, request.error().message);
    return doom(request.error().message);
  }
  const uint64_t sequence = first_slot_ + slots_.size();
  slots_.push_back({{}, os::stopwatch_us(), request->api_key});
  host_.serve(*request, id_, sequence);
  if (host_.congested() && !waiting_for_room_) hold(Held::log);
}

void Client::hold(Held reason) {
  waiting_for_room_ = true;
  host_.held(reason, id_);
  host_.wait_for_room(id_);
}

bool Client::overloaded() const {
  return slots_.size() >= host_.limits().in_flight_requests_max ||
         connection_->unsent_bytes() + held_bytes_ >= host_.limits().unsent_bytes_max;
}

void Client::resume() {
  waiting_for_room_ = false;
  if (!paused_ || doomed_ || draining_ || overloaded()) return;
  const ByteBuffer backlog = std::exchange(backlog_, {});
  paused_ = false;
  take(backlog);
  if (!paused_ && !doomed_) connection_->resume_reading();
}

void Client::answer(uint64_t sequence, Response response) {
  if (doomed_ || sequence < first_slot_) return;
  const size_t slot = sequence - first_slot_;
  if (slot > 0) {
    held_bytes_ += response.bytes.size();
    slots_[slot].answer = std::move(response);
    return;
  }
  slots_.front().answer = std::move(response);
  held_bytes_ += slots_.front().answer->bytes.size();
  for (; !slots_.empty() && slots_.front().answer; ++first_slot_) {
    held_bytes_ -= slots_.front().answer->bytes.size();
    send(slots_.front());
    slots_.pop_front();
  }
  if (draining_ && slots_.empty()) connection_->close_after_sending();
}

void Client::send(Slot& slot) {
  host_.answered(slot.api_key, os::stopwatch_us() - slot.taken_us);
  send(std::move(*slot.answer));
}

void Client::send(Response response) {
  if (response.bytes.size() < kCopyBelow) {
    for (const ByteView piece : response.bytes.pieces()) connection_->send(piece);
    return;
  }
  const auto kept = std::make_shared<const Response>(std::move(response));
  for (const ByteView piece : kept->bytes.pieces()) connection_->send_pinned(piece, kept);
}

void Client::sent() {
  last_active_ms_ = host_.now().steady_ms;  // a slow reader is not an idle one
  if (!paused_ || waiting_for_room_ || doomed_ || draining_) return;
  if (slots_.size() < host_.limits().in_flight_requests_max / 2 + 1 &&
      connection_->unsent_bytes() + held_bytes_ < host_.limits().unsent_bytes_max / 2 + 1) {
    resume();
  }
}

void Client::doom(std::string_view why) {
  if (std::exchange(doomed_, true)) return;
  why_ = why;
  connection_->close_after_sending();
}

void Client::drain() {
  if (doomed_ || std::exchange(draining_, true)) return;
  connection_->pause_reading();
  if (slots_.empty()) connection_->close_after_sending();
}

void Client::closed(const Error& why) {
  host_.gone(id_,
             doomed_ ? std::string_view(why_) : std::string_view(why.message));  // destroys this
}

}  // namespace holdfast::broker
