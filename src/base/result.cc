#include "base/result.h"

namespace holdfast {

const char* name(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid: return "invalid";
    case ErrorCode::not_found: return "not_found";
    case ErrorCode::exists: return "exists";
    case ErrorCode::locked: return "locked";
    case ErrorCode::version_unknown: return "version_unknown";
    case ErrorCode::corrupt: return "corrupt";
    case ErrorCode::disk_full: return "disk_full";
    case ErrorCode::io: return "io";
    case ErrorCode::read_only: return "read_only";
    case ErrorCode::limit: return "limit";
    case ErrorCode::unavailable: return "unavailable";
    case ErrorCode::unknown_outcome: return "unknown_outcome";
    case ErrorCode::timeout: return "timeout";
    case ErrorCode::fenced: return "fenced";
    case ErrorCode::interrupted: return "interrupted";
  }
  return "?";
}

}  // namespace holdfast
