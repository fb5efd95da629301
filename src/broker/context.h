#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "broker/core.h"
#include "wire/message.h"

namespace holdfast::broker {

/// What a handler knows of the request that it serves, and the ways to answer it. Lives as long as
/// the handler runs; what is answered later keeps a copy of `ticket`.
class Context {
 public:
  Context(Core& core_, const Ticket& ticket_, std::string_view client, Instant now_)
      : core(core_), ticket(ticket_), client_id(client), now(now_) {}

  Core& core;
  const Ticket ticket;
  const std::string_view client_id;
  const Instant now;

  int16_t version() const { return ticket.version; }
  State& state() { return core.state(); }
  const BrokerSettings& settings() const { return core.settings(); }

  /// Answers once all that the answer can have been made from is durable: mostly at once.
  template <class Message>
  void reply(const Message& message) {
    core.answer_when_durable(ticket, encode(message), core.state_end());
  }
  /// Answers at once: for what was read from durable things only.
  template <class Message>
  void reply_now(const Message& message, Pins pins = {}) {
    core.answer(ticket, Response{encode(message), std::move(pins)});
  }
  /// For produce with acks=0.
  void reply_nothing() { core.answer(ticket, {}); }
  /// For what is so wrong that there is no way to answer.
  void disconnect(std::string_view why) { core.disconnect(ticket.connection, why); }

 private:
  template <class Message>
  wire::Gather encode(const Message& message) const {
    return wire::encode_response(message, ticket.version, ticket.correlation_id);
  }
};

}  // namespace holdfast::broker
