#include "audit/evidence.h"

#include <fmt/format.h>
#include <optional>

#include "audit/digest.h"
#include "base/check.h"

namespace holdfast::audit {
namespace {

constexpr std::array<std::string_view, 5> kind_names{"header", "window", "finding", "balance",
                                                     "end"};
constexpr std::string_view chain_key = R"(,"chain":")";
constexpr size_t suffix_bytes = chain_key.size() + 64 + 2;  // the hash, quote, brace
constexpr size_t line_bytes_max = 1 << 20;

std::string start_of(size_t kind) {
  return fmt::format(R"({{"kind":"{}")", kind_names[kind]);
}

std::optional<size_t> kind_of(std::string_view line) {
  for (size_t kind = 0; kind < kind_names.size(); ++kind) {
    if (line.starts_with(start_of(kind))) return kind;
  }
  return std::nullopt;
}

std::string end_line(const std::array<uint64_t, 5>& lines) {
  JsonWriter json;
  json.begin_object()
      .member("kind", kind_names[4])
      .member("windows", lines[1])
      .member("findings", lines[2]);
  json.member("balances", lines[3]).member("lines", lines[0] + lines[1] + lines[2] + lines[3] + 1);
  return json.take();
}

/// Follows the chain line by line.
class Verifier {
 public:
  /// False when the file is rejected: no further line matters.
  bool line(std::string_view line) {
    ++verdict_.lines;
    if (ended_) return reject("there is something behind the end");
    if (line.size() < suffix_bytes) return reject("this is no line of an evidence file");
    const std::string_view body = line.substr(0, line.size() - suffix_bytes);
    const std::string_view suffix = line.substr(body.size());
    const auto kind = kind_of(line);
    if (!kind || !suffix.starts_with(chain_key) || !suffix.ends_with("\"}")) {
      return reject("this is no line of an evidence file");
    }
    if ((*kind == 0) != (verdict_.lines == 1)) return reject("the header is not the first line");
    const std::string expected = sha256(chain_, body);
    if (suffix.substr(chain_key.size(), 64) != expected) {
      return reject("the hash does not fit: this line, or what stood before it, was changed");
    }
    chain_ = expected;
    return count(*kind, body);
  }

  Verdict finish(bool newline_at_end) {
    if (!rejected_ && !newline_at_end && verdict_.lines > 0) reject("the last line is not ended");
    if (!rejected_ && !ended_) {
      ++verdict_.lines;
      reject("the file ends too early");
    }
    if (!rejected_) {
      verdict_.accepted = true;
      verdict_.digest = chain_;
    }
    return std::move(verdict_);
  }

  bool reject(std::string why) {
    rejected_ = true;
    verdict_.line = verdict_.lines;
    verdict_.why = std::move(why);
    return false;
  }

 private:
  bool count(size_t kind, std::string_view body) {
    if (kind == 4) {
      ended_ = true;
      if (body != end_line(lines_)) return reject("the end does not count what stands above it");
      return true;
    }
    ++lines_[kind];
    verdict_.windows = lines_[1];
    verdict_.findings = lines_[2];
    const std::string version =
        fmt::format(R"({{"kind":"header","format":{},)", EvidenceWriter::format);
    if (kind == 0 && !body.starts_with(version)) return reject("written in another format version");
    return true;
  }

  Verdict verdict_;
  std::string chain_;
  std::array<uint64_t, 5> lines_{};
  bool ended_ = false;
  bool rejected_ = false;
};

/// Takes whole lines out of `text` and leaves the rest. False when the file is rejected.
bool take_lines(Verifier& verifier, std::string& text) {
  size_t begin = 0;
  for (size_t end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1) {
    if (!verifier.line(std::string_view(text).substr(begin, end - begin))) return false;
  }
  text.erase(0, begin);
  return true;
}

}  // namespace

JsonWriter EvidenceWriter::begin(Kind kind) const {
  JsonWriter json;
  json.begin_object().member("kind", kind_names[static_cast<size_t>(kind)]);
  if (kind == Kind::header) json.member("format", format);
  return json;
}

void EvidenceWriter::add(Kind kind, JsonWriter line) {
  HOLDFAST_CHECK((kind == Kind::header) == text_.empty());
  const std::string body = line.take();
  HOLDFAST_CHECK(body.size() + suffix_bytes <= line_bytes_max &&
                 body.find('\n') == std::string::npos);
  ++lines_[static_cast<size_t>(kind)];
  chain_ = sha256(chain_, body);
  text_.append(body).append(chain_key).append(chain_).append("\"}\n");
}

std::string EvidenceWriter::finish() {
  const std::string body = end_line(lines_);
  chain_ = sha256(chain_, body);
  text_.append(body).append(chain_key).append(chain_).append("\"}\n");
  return chain_;
}

Status EvidenceWriter::save(os::Files& files, const std::string& path) const {
  return os::replace_file(files, path, as_bytes(text_));
}

Verdict verify_evidence_text(std::string_view text) {
  Verifier verifier;
  std::string rest(text);
  if (!take_lines(verifier, rest)) return verifier.finish(true);
  if (!rest.empty()) verifier.line(rest);
  return verifier.finish(rest.empty());
}

Result<Verdict> verify_evidence(os::Files& files, const std::string& path) {
  const auto file = HOLDFAST_TRY(files.open(path, os::OpenMode::read));
  Verifier verifier;
  std::string pending;
  std::vector<std::byte> block(64 << 10);
  for (uint64_t offset = 0;;) {
    const size_t got = HOLDFAST_TRY(file->read_at(offset, block));
    if (got == 0) break;
    offset += got;
    pending.append(as_text(ByteView(block).first(got)));
    if (!take_lines(verifier, pending)) return verifier.finish(true);
    if (pending.size() > line_bytes_max) {
      verifier.line("");
      return verifier.finish(true);
    }
  }
  if (!pending.empty()) verifier.line(pending);
  return verifier.finish(pending.empty());
}

}  // namespace holdfast::audit
