#pragma once

#include <deque>
#include <optional>

#include "testing/simulation/world.h"
#include "wire/message.h"

namespace holdfast::simulation {

/// A client's connection to the broker, made anew when it is needed: requests go out one behind the
/// other, answers come back in their order. An answer that does not come in time ends the
/// connection, and then nobody knows what became of all that was under way.
class Peer final : public ClientEnd {
 public:
  Peer(World& world, std::string name)
      : client(world.new_client()), world_(world), name_(std::move(name)) {}
  ~Peer() override { drop(); }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  /// Calls back with the answer, or with nothing: then the request may have been served, or may be
  /// yet.
  template <class Response, class Request>
  void call(const Request& request, int16_t version, int64_t timeout_us, bool repeatable,
            std::move_only_function<void(std::optional<Response>)> then) {
    const ByteBuffer frame =
        wire::encode_request(request, version, ++correlation_, name_).flattened();
    send(frame, timeout_us, repeatable,
         [this, version, then = std::move(then)](const ByteBuffer* answer) mutable {
           if (!answer) return then(std::nullopt);
           const auto body = body_of(Response::api, version, *answer);
           auto response = wire::decode<Response>(body, version);
           if (!response) return malformed(Response::api.name);
           then(std::move(*response));
         });
  }
  /// Forgets everything that is under way, without a call back, as a client that crashes.
  void drop();
  const std::string& name() const { return name_; }
  bool connected() const { return wire_ != nullptr; }

  const uint32_t client;

 private:
  using Handler = std::move_only_function<void(const ByteBuffer*)>;
  struct Pending {
    uint64_t number;
    int32_t correlation;
    Handler handler;
  };

  void send(ByteView frame, int64_t timeout_us, bool repeatable, Handler handler);
  void received(ByteView bytes) override;
  void closed() override { give_up(); }
  void give_up();
  ByteView body_of(const wire::ApiSpec& api, int16_t version, const ByteBuffer& answer);
  void malformed(std::string_view api);

  World& world_;
  const std::string name_;
  std::shared_ptr<Wire> wire_;
  std::shared_ptr<const void> life_ = std::make_shared<int>();
  std::deque<Pending> pending_;
  ByteBuffer input_;
  uint64_t sent_ = 0;
  int32_t correlation_ = 0;
};

}  // namespace holdfast::simulation
