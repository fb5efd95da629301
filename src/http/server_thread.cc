#include <memory>
#include <mutex>
#include <thread>

#include "http/server.h"

namespace holdfast::http {
namespace {

/// Where replies of other threads go; it may be gone by then.
struct Door {
  std::mutex mutex;
  os::EventLoop* loop = nullptr;
};

class OwnThread final : public ServerThread {
 public:
  ~OwnThread() override {
    {
      std::lock_guard lock(door_->mutex);
      door_->loop = nullptr;
    }
    if (!thread_.joinable()) return;
    loop_->stop();
    thread_.join();
  }

  Status start(const os::Address& address, Handler handler, ServerLimits limits) {
    door_->loop = loop_.get();
    server_ = HOLDFAST_TRY(Server::listen(
        *loop_, address,
        [door = door_, handler = std::move(handler)](const Request& request, Reply reply) {
          handler(request, [door, reply = std::move(reply)](Response response) mutable {
            std::lock_guard lock(door->mutex);
            if (!door->loop) return;
            door->loop->post([reply = std::move(reply), response = std::move(response)]() mutable {
              reply(std::move(response));
            });
          });
        },
        limits));
    address_ = server_->address();
    thread_ = std::thread([this] { loop_->run(); });
    ::pthread_setname_np(thread_.native_handle(), "http");
    return {};
  }
  os::Address address() const override { return address_; }

 private:
  const std::shared_ptr<Door> door_ = std::make_shared<Door>();
  const std::unique_ptr<os::EventLoop> loop_ = os::EventLoop::create();
  std::unique_ptr<Server> server_;
  os::Address address_;
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<ServerThread>> ServerThread::start(const os::Address& address,
                                                          Handler handler, ServerLimits limits) {
  auto server = std::make_unique<OwnThread>();
  HOLDFAST_CHECKED(server->start(address, std::move(handler), limits));
  return server;
}

}  // namespace holdfast::http
