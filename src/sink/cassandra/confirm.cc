#include "sink/cassandra/confirm.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <span>
#include <string_view>
#include <tuple>

#include "sink/cassandra/cql/bytes.h"
#include "sink/cassandra/cql/rows.h"
#include "sink/cassandra/cql/value.h"
#include "sink/cassandra/names.h"
#include "sink/cassandra/plan.h"

namespace holdfast::sink {
namespace {

// Of one request for many rows. No more keys than the strictest of services let through; a few are
// as good as many: what a request costs by itself is shared by then.
constexpr size_t keys_max = 20;
constexpr size_t key_bytes_max = 65'536;

/// A row that is to be looked up.
struct LookUp {
  uint32_t entry;
  const TableMapping* table;
  bool deletion;
  cql::Request request;  // for it alone

  ByteView key() const { return request.bound.front().values; }
};

/// A row that is there.
struct Seen {
  int64_t version = INT64_MIN;  // of a table whose rows may be replaced
};

Held judge(const LookUp& what, const Entry& entry, const Seen* row) {
  if (row == nullptr) return what.deletion ? Held::present : Held::missing;
  if (what.table->stamp_is_key) return what.deletion ? Held::missing : Held::present;
  if (row->version > entry.version) return Held::superseded;
  // A deletion beats a write of its own version: a row that is there is older, or newer.
  return row->version == entry.version && !what.deletion ? Held::present : Held::missing;
}

int64_t version_in(const cql::RowCursor& row, size_t column) {
  return cql::int_of(row.at(column)).value_or(INT64_MIN);
}

class Confirmation {
 public:
  Confirmation(cql::Session& session, const std::vector<TableMapping>& mapping,
               const CassandraSettings& settings, const Batch& batch)
      : session_(session), mapping_(mapping), settings_(settings), batch_(batch) {}

  Result<std::vector<Held>> run() {
    held_.assign(batch_.entries.size(), Held::present);
    for (uint32_t i = 0; i < batch_.entries.size(); ++i)
      if (batch_.entries[i].row >= 0) collect(i);
    std::ranges::sort(many_, {}, [](const LookUp& one) {
      return std::tuple(one.table, *one.request.token, as_text(one.key()));
    });
    HOLDFAST_CHECKED(look_up_many());
    HOLDFAST_CHECKED(look_up_singly());
    return std::move(held_);
  }

 private:
  void collect(uint32_t index) {
    const Entry& entry = batch_.entries[index];
    const auto looked = each_target(
        mapping_, row_source(batch_, entry),
        [&](const TableMapping& table, const RowSource& one) -> Status {
          LookUp what{index, &table, entry.deletion, HOLDFAST_TRY(make_look_up(table, one))};
          what.deletion |=
              !table.delete_when.empty() && holds(table.delete_when, one.rows, one.row);
          what.request.consistency = settings_.read;
          (table.look_up_many == nullptr ? single_ : many_).push_back(std::move(what));
          return {};
        });
    // What can never be written is not there.
    if (!looked || *looked == 0) held_[index] = Held::missing;
  }

  using Group = std::span<LookUp>;

  /// The next of them that one request may ask for: of one table, and neighbours on the ring.
  static size_t end_of_group(std::span<const LookUp> all, cql::Request& request) {
    const LookUp& first = all.front();
    ByteBuffer keys;
    int32_t count = 0;
    size_t end = 0;
    for (; end < all.size() && all[end].table == first.table; ++end) {
      const ByteView key = all[end].key();
      if (end > 0 && std::ranges::equal(key, all[end - 1].key())) continue;  // the same row
      if (count > 0 &&
          (static_cast<size_t>(count) == keys_max || keys.size() + key.size() > key_bytes_max))
        break;
      append(keys, key);
      ++count;
    }
    cql::Bound bound{.statement = first.table->look_up_many, .value_count = 1};
    cql::Writer writer(bound.values);  // a list: how many, then each with its size
    writer.i32(static_cast<int32_t>(sizeof count + keys.size()));
    writer.i32(count);
    writer.raw(keys);
    request = {.bound = {std::move(bound)},
               .consistency = first.request.consistency,
               .token = first.request.token,
               .idempotent = true};
    return end;
  }

  Status look_up_many() {
    std::vector<Group> groups;
    std::vector<cql::Request> requests;
    for (Group rest = many_; !rest.empty();) {
      const size_t end = end_of_group(rest, requests.emplace_back());
      groups.push_back(rest.first(end));
      rest = rest.subspan(end);
    }
    std::vector<cql::Answer> answers = session_.run_all(requests);
    for (size_t i = 0; i < answers.size(); ++i) {
      // A server may have a bound of its own for such requests.
      if (!answers[i] && answers[i].error().certainty == cql::Certainty::refused)
        std::ranges::move(groups[i], std::back_inserter(single_));
      else
        HOLDFAST_CHECKED(judge_group(groups[i], *HOLDFAST_TRY(rows_of(answers[i]))));
    }
    return {};
  }

  Status judge_group(Group group, const cql::Rows& rows) {
    const bool versioned = !group.front().table->stamp_is_key;
    std::map<std::string_view, Seen> seen;  // by key
    for (cql::RowCursor row(rows); row.next();) {
      const auto key = row.at(versioned ? 1 : 0);
      if (!key) return fail(ErrorCode::corrupt, "a row came without its key");
      seen[as_text(*key)] = {versioned ? version_in(row, 0) : INT64_MIN};
    }
    size_t asked_for = 0;
    for (size_t i = 0; i < group.size(); ++i) {
      const auto found = seen.find(as_text(group[i].key().subspan(size_bytes)));
      const bool same = i > 0 && std::ranges::equal(group[i].key(), group[i - 1].key());
      if (found != seen.end() && !same) ++asked_for;
      take(group[i], found == seen.end() ? nullptr : &found->second);
    }
    // Otherwise a key looks different here and there, and none of this can be believed.
    if (asked_for != seen.size())
      return fail(ErrorCode::corrupt, "a row came that was not asked for");
    return {};
  }

  Status look_up_singly() {
    std::vector<cql::Request> requests;
    for (LookUp& what : single_) requests.push_back(std::move(what.request));
    const std::vector<cql::Answer> answers = session_.run_all(requests);
    for (size_t i = 0; i < answers.size(); ++i) {
      cql::RowCursor row(*HOLDFAST_TRY(rows_of(answers[i])));
      const bool there = row.next();
      const Seen seen{there && !single_[i].table->stamp_is_key ? version_in(row, 3) : INT64_MIN};
      take(single_[i], there ? &seen : nullptr);
    }
    return {};
  }

  static Result<cql::Reply> rows_of(const cql::Answer& answer) {
    if (answer && *answer) return *answer;
    return fail(ErrorCode::unavailable,
                answer ? "a look-up was not answered with rows" : answer.error().message);
  }

  void take(const LookUp& what, const Seen* row) {
    Held& now = held_[what.entry];
    now = std::max(now, judge(what, batch_.entries[what.entry], row));
  }

  static constexpr size_t size_bytes = 4;  // before a value

  cql::Session& session_;
  const std::vector<TableMapping>& mapping_;
  const CassandraSettings& settings_;
  const Batch& batch_;
  std::vector<LookUp> many_, single_;
  std::vector<Held> held_;
};

}  // namespace

Result<std::vector<Held>> confirm_batch(cql::Session& session,
                                        const std::vector<TableMapping>& mapping,
                                        const CassandraSettings& settings, const Batch& batch) {
  return Confirmation(session, mapping, settings, batch).run();
}

Result<int64_t> least_gc_grace_us(cql::Session& session, const CassandraSettings& settings) {
  int64_t least = INT64_MAX;
  for (const CassandraTable& table : settings.tables) {
    const TableName name = table_name(settings, table.table);
    const cql::Reply rows =
        HOLDFAST_TRY(ask_about(session,
                               "SELECT gc_grace_seconds FROM system_schema.tables WHERE "
                               "keyspace_name = ? AND table_name = ?",
                               name));
    cql::RowCursor row(*rows);
    if (!row.next()) return fail(ErrorCode::not_found, "there is no table " + name.text());
    least = std::min(least, cql::int_of(row.at(size_t{0})).value_or(0) * 1'000'000);
  }
  return least;
}

}  // namespace holdfast::sink
