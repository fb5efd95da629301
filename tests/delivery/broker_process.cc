#include "tests/delivery/broker_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace holdfast::pipeline {

bool BrokerProcess::start() {
  int out[2];
  if (process_ > 0 || ::access(HOLDFAST_PROGRAM, X_OK) != 0 || ::pipe2(out, O_CLOEXEC) != 0)
    return process_ > 0;
  const std::string listen = address_.empty() ? "127.0.0.1:0" : address_;
  process_ = ::fork();
  if (process_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::dup2(out[1], STDOUT_FILENO);
    ::unsetenv("HOLDFAST_FAULT");
    ::execl(HOLDFAST_PROGRAM, HOLDFAST_PROGRAM, "broker", "--data", folder_.path().c_str(),
            "--listen", listen.c_str(), nullptr);
    ::_exit(127);
  }
  ::close(out[1]);
  std::string line;
  for (char c = 0; ::read(out[0], &c, 1) == 1 && c != '\n';) line += c;
  ::close(out[0]);
  if (!line.starts_with("ready ")) return kill_hard(), false;
  address_ = line.substr(6);
  return true;
}

void BrokerProcess::kill_hard() {
  if (process_ <= 0) return;
  ::kill(process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
  process_ = -1;
}

}  // namespace holdfast::pipeline
