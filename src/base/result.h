#pragma once

#include <expected>
#include <string>
#include <utility>

namespace holdfast {

/// What a caller may react to. A new code exists only if some caller acts on it differently; words for people are in
/// `Error::message`.
enum class ErrorCode {
  invalid,          // the input is wrong and will stay wrong
  not_found,        // the named thing does not exist
  exists,           // the named thing is there already
  locked,           // another process holds it
  version_unknown,  // written by another version of this program
  corrupt,          // bytes that were durable are damaged
  disk_full,        // no space; may succeed when space returns
  io,               // the operating system refused; see the message
  read_only,        // the log stopped after a failed sync; restart to recover
  limit,            // a bound of ours was reached; back off and retry
  unavailable,      // the other side cannot be reached; surely nothing was applied
  unknown_outcome,  // it may have been applied
  timeout,          // the deadline passed
  fenced,           // a newer owner took over
  interrupted,      // asked to stop
};

/// The name of a code as scripts and tests see it, for example "disk_full".
const char* name(ErrorCode code);

/// Why something failed, in words a person can act on: what, where, and what to do next.
struct Error {
  ErrorCode code;
  std::string message;
};

/// A value or an Error. Must be looked at.
template <class T>
class [[nodiscard]] Result : public std::expected<T, Error> {
 public:
  using std::expected<T, Error>::expected;
};

using Status = Result<void>;

inline std::unexpected<Error> fail(ErrorCode code, std::string message) {
  return std::unexpected<Error>(Error{code, std::move(message)});
}

}  // namespace holdfast

/// Yields the value of a Result, or returns its error from the calling function.
#define HOLDFAST_TRY(expression)                                                      \
  __extension__({                                                                     \
    auto&& try_result_ = (expression);                                                \
    if (!try_result_) [[unlikely]]                                                    \
      return std::unexpected<::holdfast::Error>(std::move(try_result_).error());      \
    std::move(*try_result_);                                                          \
  })

/// The same for a Status.
#define HOLDFAST_CHECKED(expression)                                                  \
  do {                                                                                \
    auto&& checked_result_ = (expression);                                            \
    if (!checked_result_) [[unlikely]]                                                \
      return std::unexpected<::holdfast::Error>(std::move(checked_result_).error());  \
  } while (false)
