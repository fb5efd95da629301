#pragma once

#include <optional>
#include <string>

#include "base/os/watch.h"
#include "base/result.h"
#include "source/file/position.h"

namespace holdfast::source::file {

/// A file opened at the place where reading goes on.
struct Found {
  std::unique_ptr<os::ForeignFile> file;
  os::FileIdentity identity;
  std::string path;
  uint64_t offset = 0;
  int64_t line = 1;
  bool same = false;  // the file of the position, or a copy of it; otherwise another one, from its
                      // beginning
};

/// Finds the file of a position, though it may have got another name meanwhile (rotation), or its
/// contents another file (copy and truncate, restore). When it is gone: what has the path now, from
/// its beginning. `not_found` when nothing has.
Result<Found> find_file(const std::string& path, const FilePosition& position);

/// Opens what has that path, from its beginning.
Result<Found> open_file(const std::string& path);

/// The file that was rotated next after `old` (by its last change), when the path was rotated more
/// than once since; otherwise none: then what has the path now is the next. Only names "NAME" plus
/// digits and ".-_:T" count as rotated.
std::optional<std::string> next_rotated(const std::string& path, const os::FileInfo& old,
                                        const os::FileIdentity& current);

}  // namespace holdfast::source::file
