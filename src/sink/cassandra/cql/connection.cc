#include "sink/cassandra/cql/connection.h"

#include <algorithm>
#include <fmt/format.h>

#include "base/check.h"
#include "sink/cassandra/cql/compress.h"
#include "sink/cassandra/cql/request.h"
#include "sink/cassandra/cql/segment.h"
#include "sink/cassandra/cql/tls.h"

namespace holdfast::cql {
namespace {

constexpr size_t receive_bytes = 64 << 10;
constexpr size_t compress_from_bytes = 512;  // below, it costs more than it saves

/// Answers that nobody needs: of heartbeats and subscriptions.
class Ignored final : public Exchange {
  void answered(std::unique_ptr<Exchange>, Connection&, Response, ByteView) override {}
  void lost(std::unique_ptr<Exchange>, const Error&) override {}
};

}  // namespace

Connection::Connection(os::EventLoop& loop, os::Clock& clock, const SessionSettings& settings,
                       os::Address address, Owner& owner)
    : loop_(loop),
      clock_(clock),
      settings_(settings),
      address_(std::move(address)),
      owner_(owner),
      version_(settings.version_max) {
  sweep_timer_ = loop_.make_timer([this] { sweep(); });
}

Connection::~Connection() {
  *alive_ = false;
  link_.reset();
  state_ = State::ended;
  lose_all({ErrorCode::unavailable, "the connection was closed"});
}

void Connection::lose_all(const Error& why) {
  std::vector<Slot> slots = std::move(slots_);
  slots_.clear();
  free_.clear();
  for (Slot& slot : slots) {
    if (slot.exchange == nullptr) continue;
    Exchange& what = *slot.exchange;
    what.lost(std::move(slot.exchange), why);
  }
}

void Connection::start() {
  state_ = State::connecting;
  in_size_ = 0;
  connecting_ = loop_.connect(
      address_, settings_.connect_timeout_ms,
      [this](Result<std::unique_ptr<os::Connection>> link) { opened(std::move(link)); });
  sweep_timer_->arm(clock_.steady_ms() + settings_.connect_timeout_ms);
}

void Connection::opened(Result<std::unique_ptr<os::Connection>> link) {
  connecting_.reset();
  if (!link) return fail_with(std::move(link.error()));
  link_ = std::move(*link);
  if (settings_.tls.enabled)
    link_ = settings_.tls.context->encrypt(std::move(link_), address_.host);
  link_->start(*this);
  state_ = State::options;
  write_message(Opcode::options, handshake_stream_id, {});
}

std::array<MutableBytes, 2> Connection::receive_buffers() {
  if (in_.size() - in_size_ < receive_bytes / 2)
    in_.resize(std::max(in_.size() * 2, receive_bytes));
  return {MutableBytes(in_).subspan(in_size_), MutableBytes()};
}

void Connection::received(size_t bytes) {
  in_size_ += bytes;
  last_received_ms_ = clock_.steady_ms();
  const std::shared_ptr<bool> alive = alive_;
  const Status taken = take_messages();
  if (!*alive || gone()) return;
  if (!taken) return fail_with(taken.error());
  if (in_size_ == 0 && in_.size() > receive_bytes) ByteBuffer().swap(in_);
}

void Connection::closed(const Error& why) {
  // `invalid`: a server that is not to be trusted will not be so the next time.
  fail_with({why.code == ErrorCode::invalid ? ErrorCode::invalid : ErrorCode::unavailable,
             fmt::format("the connection to {} was lost: {}", address_.text(), why.message)});
}

Status Connection::take_messages() {
  const std::shared_ptr<bool> alive = alive_;
  if (segmented_) return take_segments();
  const size_t used = HOLDFAST_TRY(take_frames(ByteView(in_).first(in_size_)));
  if (!*alive || gone()) return {};
  std::copy(in_.begin() + static_cast<ptrdiff_t>(used),
            in_.begin() + static_cast<ptrdiff_t>(in_size_), in_.begin());
  in_size_ -= used;
  return {};
}

Status Connection::take_segments() {
  const std::shared_ptr<bool> alive = alive_;
  ByteView left = ByteView(in_).first(in_size_);
  while (true) {
    const auto segment = HOLDFAST_TRY(read_segment(left, compression_, scratch_));
    if (!segment) break;
    left = left.subspan(segment->size);
    if (segment->self_contained && envelopes_.empty()) {
      const size_t used = HOLDFAST_TRY(take_frames(segment->payload));
      if (!*alive || gone()) return {};
      if (used != segment->payload.size())
        return fail(ErrorCode::corrupt, "a self-contained segment ends within a message");
      continue;
    }
    append(envelopes_, segment->payload);
    const size_t used = HOLDFAST_TRY(take_frames(envelopes_));
    if (!*alive || gone()) return {};
    envelopes_.erase(envelopes_.begin(), envelopes_.begin() + static_cast<ptrdiff_t>(used));
  }
  const size_t kept = left.size();
  std::copy(left.begin(), left.end(), in_.begin());
  in_size_ = kept;
  return {};
}

Result<size_t> Connection::take_frames(ByteView bytes) {
  const std::shared_ptr<bool> alive = alive_;
  size_t used = 0;
  while (bytes.size() - used >= FrameHeader::size) {
    const FrameHeader header =
        HOLDFAST_TRY(decode_header(bytes.data() + used, settings_.message_bytes_max));
    if (bytes.size() - used < FrameHeader::size + header.length) break;
    HOLDFAST_CHECKED(take_frame(header, bytes.subspan(used + FrameHeader::size, header.length)));
    if (!*alive || gone()) return used;
    used += FrameHeader::size + header.length;
    // READY ends the plain framing: a server sends nothing more before we ask, so nothing is here.
    if (segmented_ && &bytes.front() == in_.data()) break;
  }
  return used;
}

Status Connection::take_frame(const FrameHeader& header, ByteView body) {
  if ((header.flags & FrameHeader::compressed) != 0) {
    HOLDFAST_CHECKED(decompress_body(compression_, body, settings_.message_bytes_max, plain_));
    body = plain_;
  }
  Response response = HOLDFAST_TRY(decode_response(header, body));
  if (header.stream < 0) {
    if (state_ == State::ready) owner_.happened(*this, response);
    return {};
  }
  if (state_ != State::ready) {
    handshake(std::move(response));
    return {};
  }
  answer(header.stream, std::move(response), body);
  return {};
}

void Connection::answer(int16_t stream, Response response, ByteView body) {
  const auto index = static_cast<size_t>(stream);
  if (index >= slots_.size() || slots_[index].deadline_ms == 0)
    return fail_with(
        {ErrorCode::corrupt, fmt::format("{} answered on stream {}, where nothing was asked",
                                         address_.text(), stream)});
  std::unique_ptr<Exchange> exchange = std::move(slots_[index].exchange);
  slots_[index].deadline_ms = 0;
  free_.push_back(stream);
  if (exchange == nullptr) return;
  Exchange& what = *exchange;
  what.answered(std::move(exchange), *this, std::move(response), body);
}

void Connection::send(Opcode opcode, ByteView body, int64_t timeout_ms,
                      std::unique_ptr<Exchange> exchange) {
  HOLDFAST_CHECK(state_ == State::ready && !full());
  int16_t stream = 0;
  if (free_.empty()) {
    stream = static_cast<int16_t>(slots_.size());
    slots_.emplace_back();
  } else {
    stream = free_.back();
    free_.pop_back();
  }
  const int64_t now = clock_.steady_ms();
  slots_[static_cast<size_t>(stream)] = {std::move(exchange), now + timeout_ms, now};
  write_message(opcode, stream, body);
  if (!sweep_armed_) arm_sweep();
}

void Connection::write_message(Opcode opcode, int16_t stream, ByteView body) {
  FrameHeader header{.version = static_cast<uint8_t>(version_), .stream = stream, .opcode = opcode};
  if (compression_ != Compression::none && !segmented_ && body.size() >= compress_from_bytes &&
      opcode != Opcode::startup && opcode != Opcode::options) {
    compress_body(compression_, body, packed_);
    header.flags = FrameHeader::compressed;
    body = packed_;
  }
  header.length = static_cast<uint32_t>(body.size());
  std::byte bytes[FrameHeader::size];
  encode(header, bytes);
  if (!segmented_) {
    link_->send(bytes);
    link_->send(body);
    return;
  }
  append(out_, bytes);
  append(out_, body);
  if (std::exchange(flush_posted_, true)) return;
  loop_.post([this, alive = alive_] {
    if (*alive) flush();
  });
}

void Connection::flush() {
  flush_posted_ = false;
  if (link_ == nullptr || out_.empty()) return;
  scratch_.clear();
  append_segments(scratch_, out_, compression_);
  link_->send(scratch_);
  out_.clear();
}

void Connection::subscribe() {
  static constexpr std::string_view events[] = {"TOPOLOGY_CHANGE", "STATUS_CHANGE",
                                                "SCHEMA_CHANGE"};
  ByteBuffer body;
  Writer writer(body);
  encode_register(writer, events);
  send(Opcode::register_, body, settings_.request_timeout_ms, std::make_unique<Ignored>());
}

void Connection::heartbeat(int64_t idle_ms) {
  if (!ready() || full() || clock_.steady_ms() - last_received_ms_ < idle_ms) return;
  send(Opcode::options, {}, settings_.request_timeout_ms, std::make_unique<Ignored>());
}

void Connection::arm_sweep() {
  const int64_t step = std::clamp<int64_t>(settings_.request_timeout_ms / 8, 20, 500);
  sweep_armed_ = true;
  sweep_timer_->arm(clock_.steady_ms() + step);
}

void Connection::sweep() {
  sweep_armed_ = false;
  if (state_ == State::ended) return;
  if (state_ != State::ready)
    return fail_with(
        {ErrorCode::unavailable,
         fmt::format("{} did not greet in {} ms", address_.text(), settings_.connect_timeout_ms)});
  const int64_t now = clock_.steady_ms();
  size_t orphans = 0;
  bool silent = false;
  std::vector<std::unique_ptr<Exchange>> late;
  for (Slot& slot : slots_) {
    if (slot.deadline_ms == 0) continue;
    if (slot.exchange == nullptr) ++orphans;
    if (slot.exchange == nullptr || slot.deadline_ms > now) continue;
    silent = silent || last_received_ms_ < slot.sent_ms;
    late.push_back(std::move(slot.exchange));
    ++orphans;
  }
  const std::shared_ptr<bool> alive = alive_;
  for (auto& exchange : late) {
    Exchange& what = *exchange;
    what.lost(std::move(exchange),
              {ErrorCode::timeout, fmt::format("no answer from {} in time", address_.text())});
    if (!*alive || gone()) return;
  }
  if (silent || orphans > settings_.streams_max / 4)
    return fail_with(
        {ErrorCode::unavailable, fmt::format("{} has stopped answering", address_.text())});
  if (in_flight() > 0) arm_sweep();
}

void Connection::fail_with(Error why) {
  if (state_ == State::ended) return;
  state_ = State::ended;
  link_.reset();
  connecting_.reset();
  sweep_timer_->cancel();
  const std::shared_ptr<bool> alive = alive_;
  lose_all(why);
  if (*alive) owner_.broken(*this, why);
}

}  // namespace holdfast::cql
