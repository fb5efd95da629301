#pragma once

#include <cctype>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "http/server.h"

namespace holdfast::testing {

/// A server that records what is posted to it, in Slack's place.
class SlackServer {
 public:
  SlackServer() {
    auto started = http::ServerThread::start(
        {"127.0.0.1", 0}, [this](const http::Request& request, http::Reply reply) {
          {
            const std::lock_guard lock(mutex_);
            bodies_.push_back(request.body);
          }
          reply({.body = R"({"ok":true})"});
        });
    server_ = std::move(*started);
  }
  std::string url() const { return "http://" + server_->address().text() + "/slack"; }
  /// The texts that begin so.
  std::vector<std::string> texts(const std::string& begin) {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> found;
    for (const std::string& body : bodies_)
      if (const std::string text = nlohmann::json::parse(body)["text"]; text.starts_with(begin))
        found.push_back(text);
    return found;
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> bodies_;
  std::unique_ptr<http::ServerThread> server_;
};

/// The numbers in a text, in their order.
inline std::vector<uint64_t> numbers_in(const std::string& text) {
  std::vector<uint64_t> numbers;
  std::stringstream words(text);
  for (std::string word; words >> word;)
    if (std::isdigit(static_cast<unsigned char>(word[0])) != 0)
      numbers.push_back(std::stoull(word));
  return numbers;
}

}  // namespace holdfast::testing
