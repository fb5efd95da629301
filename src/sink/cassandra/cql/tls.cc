#include "sink/cassandra/cql/tls.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/check.h"
#include "sink/cassandra/cql/session.h"

namespace holdfast::cql {
namespace {

constexpr size_t buffer_bytes = 32 << 10;

std::string last_error() {
  char text[256] = "unknown";
  const unsigned long number = ERR_get_error();
  if (number != 0) ERR_error_string_n(number, text, sizeof text);
  ERR_clear_error();
  return text;
}

bool is_numeric(const std::string& host) {
  std::byte address[16];
  return inet_pton(AF_INET, host.c_str(), address) == 1 ||
         inet_pton(AF_INET6, host.c_str(), address) == 1;
}

/// The connection below carries what OpenSSL makes; OpenSSL itself sees only memory.
class TlsLink final : public os::Connection, private os::Connection::Owner {
 public:
  TlsLink(std::unique_ptr<os::Connection> link, SSL* ssl) : link_(std::move(link)), ssl_(ssl) {
    SSL_set_bio(ssl_, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(ssl_);
    in_.resize(buffer_bytes);
  }
  ~TlsLink() override {
    *alive_ = false;
    link_.reset();
    SSL_free(ssl_);
  }

  void start(os::Connection::Owner& owner) override {
    owner_ = &owner;
    link_->start(*this);
    // A failure here has no peer yet, so there is none: the greeting only writes.
    static_cast<void>(greet());
  }
  void pause_reading() override { link_->pause_reading(); }
  void resume_reading() override { link_->resume_reading(); }
  void send(ByteView bytes) override {
    if (!greeted_) return append(waiting_, bytes);
    write(bytes);
  }
  void send_pinned(ByteView bytes, std::shared_ptr<const void>) override { send(bytes); }
  uint64_t unsent_bytes() const override { return link_->unsent_bytes() + waiting_.size(); }
  void close_after_sending() override { link_->close_after_sending(); }
  os::Address peer() const override { return link_->peer(); }

 private:
  std::array<MutableBytes, 2> receive_buffers() override { return {MutableBytes(in_), {}}; }

  void received(size_t bytes) override {
    BIO_write(SSL_get_rbio(ssl_), in_.data(), static_cast<int>(bytes));
    if (const Status greeted = greet(); !greeted) return owner_->closed(greeted.error());
    if (greeted_) read();
  }
  void sent() override { owner_->sent(); }
  void closed(const Error& why) override { owner_->closed(why); }

  Status greet() {
    if (greeted_) return {};
    const int done = SSL_do_handshake(ssl_);
    const int why = SSL_get_error(ssl_, done);
    flush();
    if (done == 1) {
      greeted_ = true;
      const ByteBuffer waiting = std::move(waiting_);
      if (!waiting.empty()) write(waiting);
      return {};
    }
    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) return {};
    const long verdict = SSL_get_verify_result(ssl_);
    const std::string reason =
        verdict != X509_V_OK ? X509_verify_cert_error_string(verdict) : last_error();
    return fail(verdict != X509_V_OK ? ErrorCode::invalid : ErrorCode::unavailable,
                fmt::format("TLS with {}: {}", link_->peer().text(), reason));
  }

  /// What was decrypted goes to the owner, who may destroy us.
  void read() {
    const std::shared_ptr<bool> alive = alive_;
    while (*alive) {
      const auto room = owner_->receive_buffers();
      const int got = SSL_read(ssl_, room[0].data(), static_cast<int>(room[0].size()));
      if (got > 0) {
        owner_->received(static_cast<size_t>(got));
        continue;
      }
      const int why = SSL_get_error(ssl_, got);
      flush();  // a change of keys may want an answer
      if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) return;
      return owner_->closed({ErrorCode::unavailable,
                             why == SSL_ERROR_ZERO_RETURN ? "the server ended TLS" : last_error()});
    }
  }

  void write(ByteView bytes) {
    // Into memory, which has no end: it is taken whole.
    size_t written = 0;
    if (!bytes.empty())
      HOLDFAST_CHECK(SSL_write_ex(ssl_, bytes.data(), bytes.size(), &written) == 1);
    flush();
  }

  void flush() {
    BIO* out = SSL_get_wbio(ssl_);
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(out, &bytes);
    if (size <= 0) return;
    link_->send({reinterpret_cast<const std::byte*>(bytes), static_cast<size_t>(size)});
    static_cast<void>(BIO_reset(out));
  }

  std::unique_ptr<os::Connection> link_;
  SSL* const ssl_;
  os::Connection::Owner* owner_ = nullptr;
  ByteBuffer in_, waiting_;
  bool greeted_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace

TlsContext::TlsContext(ssl_ctx_st* context, bool verify_host)
    : context_(context), verify_host_(verify_host) {}
TlsContext::~TlsContext() {
  SSL_CTX_free(context_);
}

Result<std::shared_ptr<const TlsContext>> TlsContext::open(const TlsSettings& settings) {
  std::shared_ptr<const TlsContext> made(
      new TlsContext(SSL_CTX_new(TLS_client_method()), settings.verify_host));
  SSL_CTX* context = made->context_;
  HOLDFAST_CHECK(context != nullptr);
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  const auto wrong = [](const std::string& file) {
    return fail(ErrorCode::invalid, fmt::format("TLS: {}: {}", file, last_error()));
  };
  if (settings.ca_file.empty()) {
    SSL_CTX_set_default_verify_paths(context);
  } else if (SSL_CTX_load_verify_locations(context, settings.ca_file.c_str(), nullptr) != 1) {
    return wrong(settings.ca_file);
  }
  if (settings.certificate_file.empty()) return made;
  if (SSL_CTX_use_certificate_chain_file(context, settings.certificate_file.c_str()) != 1)
    return wrong(settings.certificate_file);
  if (SSL_CTX_use_PrivateKey_file(context, settings.key_file.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(context) != 1)
    return wrong(settings.key_file);
  return made;
}

std::unique_ptr<os::Connection> TlsContext::encrypt(std::unique_ptr<os::Connection> link,
                                                    const std::string& host) const {
  SSL* ssl = SSL_new(context_);
  HOLDFAST_CHECK(ssl != nullptr);
  if (verify_host_) {
    if (is_numeric(host))
      X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str());
    else
      SSL_set1_host(ssl, host.c_str());
  }
  if (!is_numeric(host)) SSL_set_tlsext_host_name(ssl, host.c_str());
  return std::make_unique<TlsLink>(std::move(link), ssl);
}

}  // namespace holdfast::cql
