#include "children.h"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "base/fault.h"
#include "broker/broker.h"
#include "event/cloud_event.h"
#include "kafka/consumer.h"
#include "log/log.h"
#include "source/file/file_source.h"

namespace holdfast::pipeline {

void Child::start(const std::vector<std::string>& arguments, const std::string& fault) {
  std::vector<const char*> argv = {"child"};
  for (const std::string& argument : arguments) argv.push_back(argument.c_str());
  argv.push_back(nullptr);
  std::vector<std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) environment.emplace_back(*entry);
  if (!fault.empty()) environment.push_back("HOLDFAST_FAULT=" + fault);
  std::vector<char*> envp;
  for (std::string& entry : environment) envp.push_back(entry.data());
  envp.push_back(nullptr);
  pid_ = ::fork();
  ASSERT_GE(pid_, 0);
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // a test that aborts leaves nobody who holds its output
    ::execve("/proc/self/exe", const_cast<char* const*>(argv.data()), envp.data());
    ::_exit(127);
  }
}

int Child::wait() {
  int status = 0;
  EXPECT_EQ(::waitpid(pid_, &status, 0), pid_);
  pid_ = -1;
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

void Child::kill_hard() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  wait();
}

void BrokerChild::start(const std::string& fault) {
  const std::string port_file = folder_.path() + "/port";
  std::filesystem::remove(port_file);
  child_.start({"--broker", folder_.path() + "/data", std::to_string(port_), port_file}, fault);
  wait_until([&] { return std::filesystem::exists(port_file); }, "the broker to serve");
  std::ifstream(port_file) >> port_;
}

void wait_until(const std::function<bool()>& condition, const char* what) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (!condition()) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "waited in vain for " << what;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));  // tidy: sleep, because it looks again at a condition; bounded by the deadline
  }
}

namespace {

int serve_as_broker(const std::string& data, const std::string& port,
                    const std::string& port_file) {
  fault::arm_from_environment();
  broker::BrokerSettings settings;
  settings.data_folder = data;
  settings.listen = {"127.0.0.1", static_cast<uint16_t>(std::stoi(port))};
  auto broker = broker::Broker::start(settings);
  if (!broker) {
    std::fprintf(stderr, "broker: %s\n", broker.error().message.c_str());
    return 1;
  }
  std::ofstream(port_file + ".new") << (*broker)->address().port;
  std::filesystem::rename(port_file + ".new", port_file);
  return (*broker)->wait() ? 0 : 1;
}

int capture_all(const std::string& spool, const std::string& bootstrap, const std::string& topic,
                const std::string& file) {
  fault::arm_from_environment();
  auto capture = Capture::start(os::real_files(), os::real_clock(),
                                capture_settings(spool, bootstrap), one_source(file, topic, true));
  if (!capture) {
    std::fprintf(stderr, "capture: %s\n", capture.error().message.c_str());
    return 1;
  }
  const auto done = [&] {
    const CaptureProgress progress = (*capture)->progress();
    return bootstrap == "none" ? progress.sources[0].state == CaptureState::ended
                               : progress.finished();
  };
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (!done()) {
    if (std::chrono::steady_clock::now() > deadline) return 2;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));  // tidy: sleep, because it looks again at a condition; bounded by the deadline
  }
  (*capture)->stop();
  return 0;
}

}  // namespace

int run_as_child(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.size() == 4 && arguments[0] == "--broker") {
    return serve_as_broker(arguments[1], arguments[2], arguments[3]);
  }
  if (arguments.size() == 5 && arguments[0] == "--capture") {
    return capture_all(arguments[1], arguments[2], arguments[3], arguments[4]);
  }
  return -1;
}

CaptureSettings capture_settings(const std::string& spool, const std::string& bootstrap) {
  CaptureSettings settings;
  settings.spool = {.folder = spool, .bytes_max = 8 << 20};
  settings.ship.client.bootstrap_servers = bootstrap == "none" ? "127.0.0.1:1" : bootstrap;
  settings.ship.failures_topic = "failures";
  settings.limits.events_max = 10;
  return settings;
}

std::vector<CaptureSource> one_source(const std::string& path, const std::string& topic,
                                      bool once) {
  auto source = source::file::make_file_source(
      {.path = path,
       .format = source::file::Format::json_lines,
       .mode = once ? source::file::Mode::once : source::file::Mode::follow,
       .csv = {}},
      os::real_clock());
  EXPECT_TRUE(source) << source.error().message;
  std::vector<CaptureSource> sources;
  sources.push_back({.name = "lines", .source = std::move(*source), .topic = topic});
  return sources;
}

SpoolContents spool_contents(const std::string& folder) {
  SpoolContents contents;
  const auto report = log::verify(os::real_files(), folder, [&](const log::Frame& frame) {
    if (frame.key.kind != log::FrameKind::batch) return;
    const auto batch = spool::BatchView::parse(frame.body);
    ASSERT_TRUE(batch) << batch.error().message;
    spool::BatchView::Events events(*batch, "lines");
    for (event::Event event; events.next(event);) {
      contents.events.push_back({event.stamp.sequence, event.version, std::string(*event.value)});
    }
    spool::BatchView::RejectedEvents pieces(*batch, "lines/rejected");
    for (spool::BatchView::RejectedEvent piece; pieces.next(piece);) {
      contents.rejected.push_back(
          {piece.event.stamp.sequence, piece.event.version,
           std::to_string(piece.piece.line) + " " + std::string(piece.piece.raw)});
    }
  });
  EXPECT_TRUE(report) << report.error().message;
  EXPECT_TRUE(report->damage.empty());
  return contents;
}

std::vector<Stamped> topic_contents(const std::string& bootstrap, const std::string& topic,
                                    const std::string& source) {
  std::vector<Stamped> contents;
  auto consumer =
      kafka::Consumer::create({.bootstrap_servers = bootstrap, .client_id = "test", .extra = {}});
  const kafka::Assignment start{.topic = topic, .partition = 0, .offset = kafka::offset_beginning};
  EXPECT_TRUE((*consumer)->assign(std::span(&start, 1)));
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  const auto header = [](const kafka::Message& message, const char* name) {
    ByteView value;
    EXPECT_TRUE(message.header(name, value)) << name;
    return std::string(as_text(value));
  };
  for (bool ended = false; !ended;) {
    const auto batch = (*consumer)->poll();
    EXPECT_TRUE(batch) << batch.error().message;
    for (const kafka::Message& message : batch->messages()) {
      if (header(message, "ce_source") != source) continue;
      contents.push_back({std::stoll(header(message, "ce_sequence")),
                          std::stoll(header(message, "ce_version")),
                          std::string(as_text(message.value.value_or(ByteView())))});
    }
    for (const kafka::PartitionEvent& happened : batch->events()) {
      ended |= happened.kind == kafka::PartitionEvent::Kind::end_of_partition;
    }
    if (std::chrono::steady_clock::now() > deadline) {
      ADD_FAILURE() << "the topic does not end";
      return contents;
    }
  }
  return contents;
}

Status send_stamped(kafka::Producer& producer, const std::string& topic, int32_t partition,
                    const event::Stamp& stamp, std::string_view value) {
  event::CloudEventFormatter formatter;
  std::vector<kafka::HeaderView> headers;
  for (const event::Header& header : formatter.format({.stamp = stamp,
                                                       .type = "t",
                                                       .content_type = "application/json",
                                                       .key = {},
                                                       .value = {}})) {
    headers.push_back({.name = header.name, .value = as_bytes(*header.value)});
  }
  return producer.send(
      topic, {.partition = partition, .key = {}, .value = as_bytes(value), .headers = headers});
}

}  // namespace holdfast::pipeline
