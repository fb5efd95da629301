#include <cstring>
#include <simdjson.h>

#include "source/file/parser.h"

namespace holdfast::source::file {
namespace {

class JsonLinesParser final : public Parser {
 public:
  explicit JsonLinesParser(size_t line_bytes_max) : line_bytes_max_(line_bytes_max) {}

  bool has_header() const override { return false; }
  Result<Step> set_header(std::string_view, bool) override {
    return Step{.kind = Step::Kind::nothing};
  }

  Step next(std::string_view text, bool final, std::string& value) override {
    const auto* end = static_cast<const char*>(std::memchr(text.data(), '\n', text.size()));
    if (end == nullptr && !final) return {};
    Step step{.kind = Step::Kind::event};
    std::string_view line = text;
    if (end != nullptr) {
      line = text.substr(0, static_cast<size_t>(end - text.data()));
      step.lines = 1;
    }
    step.bytes = line.size() + static_cast<size_t>(step.lines);
    if (line.size() > line_bytes_max_)
      return rejected(step, "line_too_long", "the line is longer than the limit");
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.find_first_not_of(" \t") == std::string_view::npos) {
      step.kind = Step::Kind::nothing;
      return step;
    }
    // The parser reads past the line, into bytes that the caller keeps readable.
    const auto parsed = parser_.parse(line.data(), line.size(), false);
    if (const auto error = parsed.error(); error != simdjson::SUCCESS) {
      const bool encoding = error == simdjson::UTF8_ERROR;
      return rejected(step, encoding ? "invalid_utf8" : "invalid_json",
                      simdjson::error_message(error));
    }
    value.append(line);
    return step;
  }

 private:
  static Step rejected(Step step, std::string_view code, std::string cause) {
    step.kind = Step::Kind::rejected;
    step.code = code;
    step.cause = std::move(cause);
    return step;
  }

  size_t line_bytes_max_;
  simdjson::dom::parser parser_;
};

}  // namespace

std::unique_ptr<Parser> make_json_lines_parser(size_t line_bytes_max) {
  return std::make_unique<JsonLinesParser>(line_bytes_max);
}

Step reject_line(std::string_view text, std::string_view code, std::string cause) {
  Step step{.kind = Step::Kind::rejected,
            .bytes = text.size(),
            .lines = 0,
            .code = code,
            .cause = std::move(cause)};
  const size_t end = text.find('\n');
  if (end != std::string_view::npos) {
    step.bytes = end + 1;
    step.lines = 1;
  }
  return step;
}

}  // namespace holdfast::source::file
