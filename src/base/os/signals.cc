#include "base/os/signals.h"

#include <chrono>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <pthread.h>
#include <thread>
#include <unistd.h>

#include "base/check.h"

namespace holdfast::os {
namespace {

sigset_t watched() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGUSR2);  // our own, to end the watching thread
  return set;
}

}  // namespace

struct StopSignal::State {
  std::mutex mutex;
  std::condition_variable changed;
  bool asked = false;
  bool ended = false;
  std::thread watcher;

  void ask() {
    const std::lock_guard lock(mutex);
    asked = true;
    changed.notify_all();
  }

  void watch() {
    const sigset_t set = watched();
    bool signalled = false;
    while (true) {
      int signal = 0;
      if (sigwait(&set, &signal) != 0) continue;
      if (signal == SIGUSR2) {
        const std::lock_guard lock(mutex);
        if (ended) return;
        continue;
      }
      if (signalled) _exit(128 + signal);
      signalled = true;
      ask();
    }
  }
};

StopSignal::StopSignal() : state_(std::make_unique<State>()) {
  const sigset_t set = watched();
  HOLDFAST_CHECK(pthread_sigmask(SIG_BLOCK, &set, nullptr) == 0);
  std::signal(SIGPIPE, SIG_IGN);  // a reader that went away is an error of the write, not our death
  state_->watcher = std::thread([this] { state_->watch(); });
}

StopSignal::~StopSignal() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->ended = true;
  }
  pthread_kill(state_->watcher.native_handle(), SIGUSR2);
  state_->watcher.join();
}

bool StopSignal::asked() const {
  const std::lock_guard lock(state_->mutex);
  return state_->asked;
}

bool StopSignal::wait(int64_t timeout_ms) const {
  std::unique_lock lock(state_->mutex);
  const auto asked = [&] { return state_->asked; };
  if (timeout_ms < 0) {
    state_->changed.wait(lock, asked);
    return true;
  }
  return state_->changed.wait_for(lock, std::chrono::milliseconds(timeout_ms), asked);
}

void StopSignal::ask() {
  state_->ask();
}

}  // namespace holdfast::os
