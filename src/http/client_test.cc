#include "http/client.h"

#include <gtest/gtest.h>

#include "http/server.h"

namespace holdfast::http {
namespace {

std::unique_ptr<ServerThread> serve(Handler handler) {
  auto server = ServerThread::start({"127.0.0.1", 0}, std::move(handler));
  EXPECT_TRUE(server);
  return std::move(*server);
}

std::string url_of(const ServerThread& server, const std::string& path = "/") {
  return "http://" + server.address().text() + path;
}

TEST(HttpClient, SendsMethodHeadersAndBodyAndReadsTheAnswer) {
  Request seen;
  const auto server = serve([&](const Request& request, Reply reply) {
    seen = request;
    reply({.status = 429, .body = "later", .headers = {{"Retry-After", "7"}}});
  });
  const auto answer = send({.url = url_of(*server, "/a/b?c=d"),
                            .headers = {{"Authorization", "Bearer secret"}},
                            .body = "{\"text\":\"hello\"}"});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 429);
  EXPECT_EQ(answer->body, "later");
  EXPECT_EQ(answer->headers.at("retry-after"), "7");
  EXPECT_EQ(seen.method, "POST");
  EXPECT_EQ(seen.path, "/a/b");
  EXPECT_EQ(seen.query, "c=d");
  EXPECT_EQ(seen.body, "{\"text\":\"hello\"}");
  EXPECT_EQ(seen.headers.at("authorization"), "Bearer secret");
}

TEST(HttpClient, TellsWhatWasSurelyNotReceivedFromWhatMayHaveBeen) {
  std::string gone;
  {
    const auto server = serve([](const Request&, Reply) {});
    gone = url_of(*server);
  }
  EXPECT_EQ(send({.url = gone}).error().code, ErrorCode::unavailable);
  std::vector<Reply> kept;  // no answer ever
  const auto silent = serve([&](const Request&, Reply reply) { kept.push_back(std::move(reply)); });
  EXPECT_EQ(send({.url = url_of(*silent), .timeout_ms = 200}).error().code,
            ErrorCode::unknown_outcome);
  EXPECT_EQ(send({.url = "gopher://127.0.0.1/"}).error().code, ErrorCode::invalid);
}

TEST(HttpClient, AnAnswerBeyondTheBoundIsAnError) {
  const auto server =
      serve([](const Request&, Reply reply) { reply({.body = std::string(100'000, 'x')}); });
  EXPECT_EQ(
      send({.method = "GET", .url = url_of(*server), .answer_bytes_max = 10'000}).error().code,
      ErrorCode::limit);
  EXPECT_EQ(send({.method = "GET", .url = url_of(*server)})->body.size(), 100'000u);
}

}  // namespace
}  // namespace holdfast::http
