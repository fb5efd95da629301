#pragma once

#include <memory>
#include <string>

#include "base/os/clock.h"
#include "base/result.h"
#include "source/api/source.h"
#include "source/file/parser.h"

namespace holdfast::source::file {

enum class Format { csv, json_lines };
enum class Mode {
  follow,  // waits for more at the end
  once,    // ends there; a last line needs no line end
};

struct FileSettings {
  std::string path{};
  Format format = Format::csv;
  Mode mode = Mode::follow;
  CsvFormat csv{};
  size_t line_bytes_max = 1 << 20;
  /// Of one event's value. Kafka's own bound for a message is 1 MiB by default, headers included.
  size_t event_bytes_max = 1'000'000 - 8'192;
};

/// A file as a source: each line (CSV: each record) an event, `ce_type` "holdfast.file.row", value
/// JSON. Broken lines are rejected with their number and cause ("bad_quoting", "wrong_columns",
/// "invalid_utf8", "invalid_json", "line_too_long", "too_large"), and the rest goes on.
///
/// It follows a growing file, waits at a last line without its end, and survives rotation: by
/// rename (the old file is finished first, and intermediate ones are not passed over), by copy and
/// truncate, and a file that is away for a while. NOT promised: what was cut off before it was
/// read. A truncation is said in the log when it is seen.
Result<std::unique_ptr<Source>> make_file_source(FileSettings settings, os::Clock& clock);

}  // namespace holdfast::source::file
