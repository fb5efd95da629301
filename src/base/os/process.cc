#include "base/os/process.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/os/clock.h"

extern char** environ;

namespace holdfast::os {
namespace {

Error system_error(const std::string& what) {
  return {ErrorCode::io, what + ": " + std::strerror(errno)};
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (std::string& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

std::vector<std::string> environment_with(
    const std::vector<std::pair<std::string, std::string>>& added) {
  std::vector<std::string> result;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text = *variable;
    const bool replaced = std::any_of(added.begin(), added.end(), [&](const auto& one) {
      return text.starts_with(one.first) && text.substr(one.first.size()).starts_with('=');
    });
    if (!replaced) result.emplace_back(text);
  }
  for (const auto& [name, value] : added) result.push_back(name + "=" + value);
  return result;
}

/// In the child, between fork and exec: system calls only, no memory is taken.
[[noreturn]] void become(const char* program, char** arguments, char** environment, int output,
                         int errors, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);  // it died before we asked to be told
  setpgid(0, 0);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  std::signal(SIGPIPE, SIG_DFL);
  dup2(output, STDOUT_FILENO);
  if (errors >= 0) dup2(errors, STDERR_FILENO);
  execve(program, arguments, environment);
  _exit(127);
}

}  // namespace

Result<std::unique_ptr<Process>> Process::start(const ProcessSettings& settings) {
  std::vector<std::string> arguments = settings.arguments;
  arguments.insert(arguments.begin(), settings.program);
  std::vector<std::string> environment = environment_with(settings.environment);
  const std::vector<char*> argument_list = pointers(arguments),
                           environment_list = pointers(environment);
  int errors = -1;
  if (!settings.error_file.empty()) {
    errors = ::open(settings.error_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (errors < 0) return std::unexpected(system_error("cannot write " + settings.error_file));
  }
  std::array<int, 2> pipe{};
  if (pipe2(pipe.data(), O_CLOEXEC) != 0) {
    const Error error = system_error("cannot make a pipe");
    if (errors >= 0) close(errors);
    return std::unexpected(error);
  }
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child == 0) {
    become(settings.program.c_str(), const_cast<char**>(argument_list.data()),
           const_cast<char**>(environment_list.data()), pipe[1], errors, parent);
  }
  const Error error = system_error("cannot start " + settings.program);
  close(pipe[1]);
  if (errors >= 0) close(errors);
  const int handle = child > 0 ? static_cast<int>(syscall(SYS_pidfd_open, child, 0)) : -1;
  if (handle < 0) {
    close(pipe[0]);
    if (child > 0) {
      ::kill(child, SIGKILL);
      waitpid(child, nullptr, 0);
    }
    return std::unexpected(error);
  }
  fcntl(pipe[0], F_SETFL, O_NONBLOCK);
  return std::unique_ptr<Process>(new Process(child, handle, pipe[0]));
}

Process::~Process() {
  if (!ended_) {
    ::kill(id_, SIGKILL);
    waitpid(id_, nullptr, 0);
  }
  close(output_);
  close(handle_);
}

bool Process::fill(int64_t timeout_ms) {
  if (output_ended_) return false;
  pollfd waiting{output_, POLLIN, 0};
  const int ready =
      poll(&waiting, 1, static_cast<int>(std::clamp<int64_t>(timeout_ms, 0, INT_MAX)));
  if (ready <= 0) return false;
  std::array<char, 16384> block;
  const ssize_t got = ::read(output_, block.data(), block.size());
  if (got > 0) {
    pending_.append(block.data(), static_cast<size_t>(got));
    return true;
  }
  if (got == 0) output_ended_ = true;
  return false;
}

std::optional<std::string> Process::read_line(int64_t timeout_ms) {
  const int64_t deadline = real_clock().steady_ms() + timeout_ms;
  while (true) {
    const size_t end = pending_.find('\n');
    if (end != std::string::npos) {
      std::string line = pending_.substr(0, end);
      pending_.erase(0, end + 1);
      return line;
    }
    const int64_t left = deadline - real_clock().steady_ms();
    if (output_ended_ || (!fill(left) && left <= 0)) return std::nullopt;
  }
}

std::optional<std::string> Process::last_line() {
  while (fill(0)) continue;
  const size_t end = pending_.rfind('\n');
  if (end == std::string::npos) return std::nullopt;
  const size_t before = end == 0 ? std::string::npos : pending_.rfind('\n', end - 1);
  const size_t begin = before == std::string::npos ? 0 : before + 1;
  std::string line = pending_.substr(begin, end - begin);
  pending_.erase(0, end + 1);
  return line;
}

void Process::signal(int number) {
  if (!ended()) ::kill(id_, number);
}

std::optional<int> Process::ended() {
  return wait(0);
}

std::optional<int> Process::wait(int64_t timeout_ms) {
  if (ended_) return ended_;
  pollfd waiting{handle_, POLLIN, 0};
  if (poll(&waiting, 1, static_cast<int>(std::clamp<int64_t>(timeout_ms, 0, INT_MAX))) <= 0)
    return std::nullopt;
  int status = 0;
  if (waitpid(id_, &status, WNOHANG) != id_) return std::nullopt;
  ended_ = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  return ended_;
}

void raise_file_limit() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur >= files.rlim_max) return;
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
}

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "";
  return name.data();
}

int process_id() {
  return ::getpid();
}

bool process_exists(int id) {
  return id > 0 && (::kill(id, 0) == 0 || errno == EPERM);
}

Result<std::string> own_program() {
  std::array<char, 4096> path;
  const ssize_t length = readlink("/proc/self/exe", path.data(), path.size());
  if (length <= 0) return std::unexpected(system_error("cannot find the path of this program"));
  return std::string(path.data(), static_cast<size_t>(length));
}

}  // namespace holdfast::os
