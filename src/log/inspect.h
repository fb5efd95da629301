#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/os/files.h"
#include "base/result.h"

namespace holdfast::log {

struct InspectOptions {
  bool frames = true;  // one line for each frame; without it, one for each segment
};

/// Renders a log folder as lines of text, for `holdfast inspect log DIR`: files, segments, frames
/// with position, kind, partition, offsets and size, what is damaged, and where a torn tail begins.
/// Reads only, takes no lock; on a log that is being written the last segment may look torn. Fails
/// only when the folder cannot be read; damage is a line, not an error. Answers whether the log is
/// free of damage.
Result<bool> inspect(os::Files& files, const std::string& folder, const InspectOptions& options,
                     const std::function<void(std::string_view)>& line);

}  // namespace holdfast::log
