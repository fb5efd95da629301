#pragma once

#include <source_location>
#include <string>

namespace holdfast::golden {

/// The member that a description hands to its codec at this place: "max_wait_ms" for
/// `codec.field(m.max_wait_ms);`. Read from the source file itself, so that a name cannot disagree
/// with what is really read and written.
std::string member_at(const std::source_location& place);

}  // namespace holdfast::golden
