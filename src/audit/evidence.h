#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/json_writer.h"
#include "base/os/files.h"
#include "base/result.h"

namespace holdfast::audit {

/// Writes an evidence file: JSON lines, each ending with `,"chain":"<sha-256>"}`, where the hash
/// covers the line up to there and the hash of the line before. So no byte can be changed, no line
/// be taken out, added or moved without breaking the chain from there on. docs/formats/evidence.md.
///
/// It shows that a file is the one that was written, to anybody who has its digest (that of the
/// last line) from elsewhere. It does NOT stop somebody who may replace the file and the noted
/// digest both.
class EvidenceWriter {
 public:
  enum class Kind { header, window, finding, balance, end };
  static constexpr int format = 1;

  /// Starts a line of that kind; `add` takes it when its members are written. The caller adds
  /// members only.
  JsonWriter begin(Kind kind) const;
  void add(Kind kind, JsonWriter line);

  /// Writes the last line, and answers the digest of the whole.
  std::string finish();
  const std::string& text() const { return text_; }
  /// Keeps it: after a crash the file is there whole or not at all.
  Status save(os::Files& files, const std::string& path) const;

 private:
  std::string text_;
  std::string chain_;
  std::array<uint64_t, 5> lines_{};
};

/// What `verify_evidence` found.
struct Verdict {
  bool accepted = false;
  uint64_t line = 0;   // rejected: the first line that does not hold, from 1
  std::string why;     // rejected: what does not hold
  std::string digest;  // accepted: of the whole
  uint64_t lines = 0;
  uint64_t windows = 0;
  uint64_t findings = 0;
};

/// Recomputes the chain. Rejects when any byte differs from what the writer wrote, also blanks and
/// the last newline. Errors are those of reading the file. Memory is that of one line (at most 1
/// MiB).
Result<Verdict> verify_evidence(os::Files& files, const std::string& path);
/// The same of a text in memory.
Verdict verify_evidence_text(std::string_view text);

}  // namespace holdfast::audit
