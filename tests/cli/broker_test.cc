#include <csignal>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <nlohmann/json.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include "base/os/net.h"
#include "testing/program.h"

namespace holdfast::testing {
namespace {

constexpr int64_t long_ms = 30'000;

struct Broker {
  explicit Broker(Program& program, const std::string& folder)
      : process(program.start({"broker", "--data", folder, "--listen", "127.0.0.1:0"})),
        ready(process->read_line(long_ms)) {}
  std::unique_ptr<os::Process> process;
  std::optional<std::string> ready;
};

TEST(BrokerVerb, PrintsOneLineWhenItServesAndStopsCleanlyOnSigterm) {
  for (int signal : {SIGTERM, SIGINT}) {
    Program program(HOLDFAST_PROGRAM);
    Broker broker(program, program.path("data"));
    ASSERT_TRUE(broker.ready.has_value()) << program.errors();
    EXPECT_EQ(broker.ready->substr(0, 16), "ready 127.0.0.1:");
    EXPECT_GT(std::stoi(broker.ready->substr(16)), 0);
    broker.process->signal(signal);
    EXPECT_EQ(broker.process->read_line(long_ms), std::nullopt);  // nothing but that line
    EXPECT_EQ(broker.process->wait(long_ms), 0);
  }
}

int connect_to(const std::string& address) {
  const os::Address to = os::Address::parse(address).value();
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_port = htons(to.port);
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::connect(socket, reinterpret_cast<sockaddr*>(&where), sizeof where), 0);
  return socket;
}

TEST(BrokerVerb, StopsCleanlyWhateverItsClientsAreDoing) {
  Program program(HOLDFAST_PROGRAM);
  Broker broker(program, program.path("data"));
  ASSERT_TRUE(broker.ready.has_value()) << program.errors();
  const std::string address = broker.ready->substr(6);
  const int idle = connect_to(address);
  const int owing = connect_to(address);  // a size, and nothing behind it
  ASSERT_EQ(::send(owing, "\0\0\1\0x", 5, 0), 5);
  broker.process->signal(SIGTERM);
  EXPECT_EQ(broker.process->wait(long_ms), 0);
  char byte = 0;
  EXPECT_LE(::recv(idle, &byte, 1, 0), 0);
  EXPECT_LE(::recv(owing, &byte, 1, 0), 0);
  ::close(idle);
  ::close(owing);
}

/// A request by hand; answers all that comes until the server ends the connection.
std::string get(const std::string& address, const std::string& path) {
  const int socket = connect_to(address);
  const std::string request =
      "GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  EXPECT_EQ(::send(socket, request.data(), request.size(), 0),
            static_cast<ssize_t>(request.size()));
  std::string answer;
  char bytes[4096];
  for (ssize_t got; (got = ::recv(socket, bytes, sizeof bytes, 0)) > 0;)
    answer.append(bytes, static_cast<size_t>(got));
  ::close(socket);
  return answer;
}

TEST(BrokerVerb, ServesMetricsWhereItIsTold) {
  Program program(HOLDFAST_PROGRAM);
  auto broker = program.start({"broker", "--data", program.path("data"), "--listen", "127.0.0.1:0",
                               "--metrics", "127.0.0.1:0"});
  ASSERT_TRUE(broker->read_line(long_ms).has_value()) << program.errors();
  const std::string line = broker->read_line(long_ms).value_or("");
  ASSERT_TRUE(line.starts_with("metrics http://127.0.0.1:") && line.ends_with("/metrics")) << line;
  const std::string address = line.substr(15, line.size() - 15 - 8);
  const std::string metrics = get(address, "/metrics");
  EXPECT_TRUE(metrics.starts_with("HTTP/1.1 200"));
  EXPECT_NE(metrics.find("\nkafka_controller_kafkacontroller_activecontrollercount 1\n"),
            std::string::npos);
  EXPECT_TRUE(get(address, "/ready").starts_with("HTTP/1.1 200"));
  EXPECT_TRUE(get(address, "/other").starts_with("HTTP/1.1 404"));
  broker->signal(SIGTERM);
  EXPECT_EQ(broker->wait(long_ms), 0);
  EXPECT_EQ(program
                .run({"broker", "--data", program.path("data"), "--listen", "127.0.0.1:0",
                      "--metrics", "0.0.0.0:0"})
                .code,
            1);
}

TEST(BrokerVerb, SaysWhoHasTheFolderOpen) {
  Program program(HOLDFAST_PROGRAM);
  Broker first(program, program.path("data"));
  ASSERT_TRUE(first.ready.has_value());
  const Ran second =
      program.run({"broker", "--data", program.path("data"), "--listen", "127.0.0.1:0"});
  EXPECT_EQ(second.code, 1);
  EXPECT_EQ(second.output, "");
  EXPECT_NE(second.errors.find(std::to_string(first.process->id())), std::string::npos)
      << second.errors;
  EXPECT_NE(second.errors.find("--data"), std::string::npos) << second.errors;
}

TEST(BrokerVerb, StartsAgainAfterKill9) {
  Program program(HOLDFAST_PROGRAM);
  for (int round = 0; round < 3; ++round) {
    Broker broker(program, program.path("data"));
    ASSERT_TRUE(broker.ready.has_value()) << program.errors();
    broker.process->signal(SIGKILL);
    EXPECT_EQ(broker.process->wait(long_ms), -SIGKILL);
  }
}

TEST(BrokerVerb, RefusesASettingThatItDoesNotKnow) {
  Program program(HOLDFAST_PROGRAM);
  for (const std::string wish : {"nun.partitions=4", "num.partitions=0", "num.partitions"}) {
    const Ran ran = program.run({"broker", "--data", program.path("data"), "--listen",
                                 "127.0.0.1:0", "--set", "node.id=7", "--set", wish});
    EXPECT_EQ(ran.code, 1) << wish;
    EXPECT_NE(ran.errors.find(wish.substr(0, wish.find('='))), std::string::npos) << ran.errors;
  }
}

TEST(BrokerVerb, RefusesOtherMachinesUnlessToldOtherwise) {
  Program program(HOLDFAST_PROGRAM);
  const Ran ran = program.run({"broker", "--data", program.path("data"), "--listen", "0.0.0.0:0"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_NE(ran.errors.find("insecure"), std::string::npos) << ran.errors;
  auto allowed = program.start(
      {"broker", "--data", program.path("data"), "--listen", "0.0.0.0:0", "--insecure"});
  EXPECT_TRUE(allowed->read_line(long_ms).has_value()) << program.errors();
}

TEST(BrokerVerb, WrongAddressesAreFailures) {
  Program program(HOLDFAST_PROGRAM);
  for (const char* address :
       {"nonsense", "127.0.0.1", "127.0.0.1:99999", "no.such.host.invalid:9092"}) {
    EXPECT_EQ(program.run({"broker", "--data", program.path("data"), "--listen", address}).code, 1)
        << address;
  }
}

TEST(BrokerVerb, VerifyReadsOnlyAndFindsDamage) {
  Program program(HOLDFAST_PROGRAM);
  const std::string data = program.path("data");
  {
    Broker broker(program, data);
    ASSERT_TRUE(broker.ready.has_value());
    broker.process->signal(SIGTERM);
    ASSERT_EQ(broker.process->wait(long_ms), 0);
  }
  const Ran good = program.run({"broker", "--verify", "--data", data, "--json"});
  EXPECT_EQ(good.code, 0) << good.output;
  EXPECT_EQ(nlohmann::json::parse(good.output)["good"], true);

  std::string segment;
  for (const auto& entry : std::filesystem::directory_iterator(data)) {
    if (entry.path().extension() == ".seg" &&
        !entry.path().filename().string().starts_with("spare"))
      segment = entry.path();
  }
  std::string bytes = content_of(segment);
  bytes[8] ^= 1;
  write_file(segment, bytes);
  EXPECT_NE(program.run({"broker", "--verify", "--data", data}).code, 0);
  EXPECT_EQ(content_of(segment), bytes);
  EXPECT_EQ(program.run({"broker", "--verify", "--data", program.path("none")}).code, 1);
}

}  // namespace
}  // namespace holdfast::testing
