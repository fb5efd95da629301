#pragma once

namespace holdfast {

[[noreturn]] void check_failed(const char* condition, const char* file, int line);

}  // namespace holdfast

/// An invariant of ours, O(1), on in every build: a program whose state is wrong must not go on writing.
/// Never for input, network or disk errors: those are Results.
#define HOLDFAST_CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::holdfast::check_failed(#condition, __FILE__, __LINE__))
