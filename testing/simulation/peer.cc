#include "testing/simulation/peer.h"

namespace holdfast::simulation {

void Peer::send(ByteView frame, int64_t timeout_us, bool repeatable, Handler handler) {
  if (!wire_) {
    input_.clear();
    wire_ = world_.network.connect(client, *this);
  }
  const uint64_t number = ++sent_;
  pending_.push_back({number, correlation_, std::move(handler)});
  wire_->send(frame, repeatable);
  world_.scheduler.after(timeout_us, life_, [this, number] {
    // Answers come in order, so an older one is missing as well.
    if (!pending_.empty() && pending_.front().number <= number) give_up();
  });
}

void Peer::received(ByteView bytes) {
  append(input_, bytes);
  const std::weak_ptr<const void> alive = life_;
  while (input_.size() >= 4) {
    const size_t size = load_be<uint32_t>(input_.data());
    if (input_.size() < 4 + size) return;
    const ByteBuffer answer(input_.begin() + 4, input_.begin() + 4 + static_cast<ptrdiff_t>(size));
    input_.erase(input_.begin(), input_.begin() + 4 + static_cast<ptrdiff_t>(size));
    if (pending_.empty())
      return world_.violation(Violation::Kind::answer, name_ + ": an answer that nobody asked for");
    Pending done = std::move(pending_.front());
    pending_.pop_front();
    if (size < 4 || load_be<int32_t>(answer.data()) != done.correlation)
      return world_.violation(Violation::Kind::answer, name_ + ": an answer to another request");
    done.handler(&answer);
    if (alive.expired() || !wire_) return;
  }
}

void Peer::give_up() {
  if (const auto wire = std::exchange(wire_, nullptr)) wire->close();
  auto pending = std::exchange(pending_, {});
  const std::weak_ptr<const void> alive = life_;
  for (Pending& lost : pending) {
    if (alive.expired()) return;
    lost.handler(nullptr);
  }
}

void Peer::drop() {
  if (const auto wire = std::exchange(wire_, nullptr)) wire->close();
  pending_.clear();
  life_ = std::make_shared<int>();
}

ByteView Peer::body_of(const wire::ApiSpec& api, int16_t version, const ByteBuffer& answer) {
  const auto header = wire::decode_response_header(api, version, answer);
  return header ? header->body : ByteView{};
}

void Peer::malformed(std::string_view api) {
  world_.violation(Violation::Kind::answer,
                   fmt::format("{}: the answer to {} cannot be read", name_, api));
}

}  // namespace holdfast::simulation
