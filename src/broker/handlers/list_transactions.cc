#include "wire/messages/list_transactions.h"

#include <algorithm>
#include <regex.h>

#include "broker/context.h"
#include "broker/handlers/handlers.h"

namespace holdfast::broker {
namespace {

using Code = wire::ErrorCode;
using coordinator::Transaction;
using coordinator::TransactionState;

constexpr size_t kPatternBytesMax = 256;

bool known_state(std::string_view wanted) {
  for (uint8_t state = 0; state < coordinator::transaction_states; ++state) {
    if (name(static_cast<TransactionState>(state)) == wanted) return true;
  }
  return false;
}

/// A pattern as Java writes it, as far as POSIX has the same. It comes from a client and must not
/// cost much: counted repetitions and back references, which would blow a short pattern up, are not
/// had.
class Pattern {
 public:
  explicit Pattern(std::string_view pattern) {
    std::string posix;
    bool costly = pattern.size() > kPatternBytesMax;
    for (size_t i = 0; i < pattern.size(); ++i) {
      costly |= pattern[i] == '{' || pattern[i] == '\0';
      if (pattern[i] != '\\' || i + 1 == pattern.size()) {
        posix += pattern[i];
        continue;
      }
      const char escaped = pattern[++i];
      costly |= escaped >= '1' && escaped <= '9';
      if (escaped == 'd')
        posix += "[0-9]";
      else
        posix.append({'\\', escaped});
    }
    valid_ = !costly && regcomp(&compiled_, posix.c_str(), REG_EXTENDED) == 0;
  }
  ~Pattern() {
    if (valid_) regfree(&compiled_);
  }
  Pattern(const Pattern&) = delete;
  Pattern& operator=(const Pattern&) = delete;

  bool valid() const { return valid_; }
  /// The whole text: POSIX finds the longest match that begins first.
  bool matches(const std::string& text) const {
    regmatch_t match;
    return regexec(&compiled_, text.c_str(), 1, &match, 0) == 0 && match.rm_so == 0 &&
           static_cast<size_t>(match.rm_eo) == text.size();
  }

 private:
  regex_t compiled_;
  bool valid_ = false;
};

template <class Filters, class Value>
bool passes(const Filters& filters, const Value& value) {
  return filters.empty() || std::find(filters.begin(), filters.end(), value) != filters.end();
}

bool wanted(const wire::ListTransactionsRequest& request, const Transaction& transaction,
            int64_t now_ms) {
  if (!passes(request.state_filters, name(transaction.state)) ||
      !passes(request.producer_id_filters, transaction.producer_id)) {
    return false;
  }
  if (request.duration_filter < 0) return true;
  const bool open = transaction.state == TransactionState::ongoing || transaction.prepared();
  return open && now_ms - transaction.start_ms > request.duration_filter;
}

}  // namespace

/// ListTransactions: all transactional ids, or those that pass every filter.
void handle(const wire::ListTransactionsRequest& request, Context& context) {
  wire::ListTransactionsResponse response;
  for (const std::string_view state : request.state_filters) {
    if (!known_state(state)) response.unknown_state_filters.emplace_back(state);
  }
  const std::string_view wanted_ids = request.transactional_id_pattern.value_or("");
  const Pattern pattern(wanted_ids);
  if (!pattern.valid()) {
    response.error_code = Code::invalid_regular_expression;
    return context.reply(response);
  }
  for (const auto& [id, transaction] : context.state().transactions().all()) {
    if (!wanted(request, transaction, context.now.wall_ms)) continue;
    if (!wanted_ids.empty() && !pattern.matches(id)) continue;
    response.transaction_states.push_back(
        {id, transaction.producer_id, std::string(name(transaction.state))});
  }
  context.reply(response);
}

}  // namespace holdfast::broker
