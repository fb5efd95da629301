#include "source/file/csv.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <emmintrin.h>
#include <fmt/core.h>
#include <set>
#include <simdjson.h>

#include "source/file/json_text.h"

namespace holdfast::source::file {
namespace {

constexpr size_t columns_max = 4096;
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

/// One bit for each of 16 bytes.
uint32_t equal(__m128i bytes, char wanted) {
  return static_cast<uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(wanted))));
}

char* put(char* to, std::string_view text) {
  std::memcpy(to, text.data(), text.size());
  return to + text.size();
}

}  // namespace

CsvParser::CsvParser(CsvFormat format, size_t line_bytes_max)
    : format_(std::move(format)), line_bytes_max_(line_bytes_max) {}

Result<Step> CsvParser::set_header(std::string_view text, bool final) {
  const size_t mark = text.starts_with(byte_order_mark) ? byte_order_mark.size() : 0;
  Record record;
  const Split split = split_record(text.substr(mark), final, record);
  if (split.step.kind == Step::Kind::incomplete) return Step{};
  if (split.step.kind == Step::Kind::rejected)
    return fail(ErrorCode::invalid, "the header: " + split.step.cause);
  if (!simdjson::validate_utf8(text.data(), split.step.bytes + mark)) {
    return fail(ErrorCode::invalid, "the header is not valid UTF-8");
  }
  if (record.fields.size() > columns_max) {
    return fail(ErrorCode::invalid,
                fmt::format("the header has more than {} columns", columns_max));
  }
  std::vector<std::string> names;
  std::set<std::string> known;
  for (const Field& field : record.fields) {
    std::string name = unquoted(field);
    if (name.empty()) {
      return fail(ErrorCode::invalid,
                  fmt::format("column {} of the header has no name", names.size() + 1));
    }
    if (!known.insert(name).second)
      return fail(ErrorCode::invalid, fmt::format("column \"{}\" is in the header twice", name));
    names.push_back(std::move(name));
  }
  set_names(names);
  Step step = split.step;
  step.kind = Step::Kind::nothing;
  step.bytes += mark;
  return step;
}

void CsvParser::set_names(const std::vector<std::string>& names) {
  prefixes_.clear();
  prefix_bytes_ = 0;
  for (const std::string& name : names) {
    std::string prefix(1, prefixes_.empty() ? '{' : ',');
    append_json_text(prefix, name);
    prefix += ':';
    prefix_bytes_ += prefix.size();
    prefixes_.push_back(std::move(prefix));
  }
  ends_.resize(names.size() + 1);
}

Step CsvParser::next(std::string_view text, bool final, std::string& value) {
  Step step;
  if (next_plain(text, value, step)) return step;
  return next_general(text, final, value);
}

/// The fast way, for a line without quotes, backslashes, control bytes and bytes above 0x7f that
/// has the right number of fields: such bytes go into JSON as they are. Everything else is left to
/// the general way. Reads 16 bytes at a time.
bool CsvParser::next_plain(std::string_view text, std::string& value, Step& step) {
  const size_t columns = prefixes_.size();
  size_t fields = 0;
  const char* const begin = text.data();
  for (size_t at = 0; at < text.size(); at += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(begin + at));
    const uint32_t line_end = equal(bytes, '\n');
    const uint32_t before_end = line_end == 0 ? 0xffff : (line_end & -line_end) - 1;
    // Compared as signed numbers, bytes above 0x7f are below 0x20 too.
    const auto low =
        static_cast<uint32_t>(_mm_movemask_epi8(_mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20))));
    const uint32_t special = low | equal(bytes, '"') | equal(bytes, '\\');
    if ((special & before_end) != 0) [[unlikely]] {
      const uint32_t carriage_return = special & before_end;
      const bool ends_line =
          line_end != 0 && carriage_return == (line_end & -line_end) >> 1 &&
          begin[at + static_cast<size_t>(std::countr_zero(carriage_return))] == '\r';
      if (!ends_line) return false;
    }
    for (uint32_t found = equal(bytes, format_.delimiter) & before_end; found != 0;
         found &= found - 1) {
      if (fields + 1 >= columns) return false;
      ends_[fields++] = static_cast<uint32_t>(at) + static_cast<uint32_t>(std::countr_zero(found));
    }
    if (line_end == 0) continue;
    size_t end = at + static_cast<size_t>(std::countr_zero(line_end));
    if (end >= text.size() || end > line_bytes_max_) return false;
    step = {.kind = Step::Kind::event, .bytes = end + 1, .lines = 1};
    if (end > 0 && begin[end - 1] == '\r') --end;
    if (fields + 1 != columns || end == 0) return false;
    ends_[fields] = static_cast<uint32_t>(end);
    append_plain(text.substr(0, end), value);
    return true;
  }
  return false;
}

void CsvParser::append_plain(std::string_view line, std::string& value) const {
  const size_t before = value.size();
  const size_t most = before + prefix_bytes_ + line.size() + prefixes_.size() * 4 + 1;
  value.resize_and_overwrite(most, [&](char* data, size_t) {
    char* to = data + before;
    const char* from = line.data();
    for (size_t i = 0; i < prefixes_.size(); ++i) {
      const char* end = line.data() + ends_[i];
      const auto size = static_cast<size_t>(end - from);
      to = put(to, prefixes_[i]);
      if (format_.has_null && size == format_.null.size() &&
          std::memcmp(from, format_.null.data(), size) == 0) {
        to = put(to, "null");
      } else {
        *to++ = '"';
        to = put(to, {from, size});
        *to++ = '"';
      }
      from = end + 1;
    }
    *to++ = '}';
    return static_cast<size_t>(to - data);
  });
}

/// The general way: RFC 4180 with quoted fields over several lines.
Step CsvParser::next_general(std::string_view text, bool final, std::string& value) {
  if (text.empty()) return {};
  record_.fields.clear();
  const Split split = split_record(text, final, record_);
  if (split.step.kind == Step::Kind::incomplete) {
    if (text.size() <= line_bytes_max_) return {};
    return split.open_quote
               ? reject_line(text, "bad_quoting", "a quoted field does not end within the limit")
               : Step{};
  }
  if (split.step.kind == Step::Kind::rejected) return split.step;
  Step step = split.step;
  const auto reject = [&step](std::string_view code, std::string cause) {
    step.kind = Step::Kind::rejected;
    step.code = code;
    step.cause = std::move(cause);
    return step;
  };
  if (step.bytes > line_bytes_max_)
    return reject("line_too_long", "the line is longer than the limit");
  const bool blank =
      record_.fields.size() == 1 && record_.fields[0].text.empty() && !record_.fields[0].quoted;
  if (blank && prefixes_.size() != 1) {
    step.kind = Step::Kind::nothing;
    return step;
  }
  if (record_.fields.size() != prefixes_.size()) {
    return reject("wrong_columns", fmt::format("{} columns, but the header has {}",
                                               record_.fields.size(), prefixes_.size()));
  }
  if (!simdjson::validate_utf8(text.data(), step.bytes))
    return reject("invalid_utf8", "the line is not valid UTF-8");
  for (size_t i = 0; i < prefixes_.size(); ++i) {
    value += prefixes_[i];
    const Field& field = record_.fields[i];
    if (format_.has_null && !field.quoted && field.text == format_.null) {
      value += "null";
    } else if (field.doubled_quotes) {
      append_json_text(value, unquoted(field));
    } else {
      append_json_text(value, field.text);
    }
  }
  value += '}';
  return step;
}

CsvParser::Split CsvParser::split_record(std::string_view text, bool final, Record& record) const {
  size_t at = 0;
  int64_t lines = 0;
  for (;;) {
    Field field;
    if (at < text.size() && text[at] == '"') {
      const size_t begin = ++at;
      field.quoted = true;
      for (;;) {
        const size_t quote = text.find('"', at);
        if (quote == std::string_view::npos || (quote + 1 == text.size() && !final)) {
          if (!final) return {.step = {}, .open_quote = true};
          return {.step = reject_line(text, "bad_quoting", "a quoted field does not end"),
                  .open_quote = true};
        }
        at = quote + 1;
        if (at == text.size() || text[at] != '"') break;
        field.doubled_quotes = true;
        ++at;
      }
      field.text = text.substr(begin, at - 1 - begin);
      lines += std::ranges::count(field.text, '\n');
    } else {
      const size_t begin = at;
      while (at < text.size() && text[at] != format_.delimiter && text[at] != '\n' &&
             text[at] != '"')
        ++at;
      if (at < text.size() && text[at] == '"') {
        return {.step = reject_line(text, "bad_quoting",
                                    "a quote within a field that does not begin with one")};
      }
      field.text = text.substr(begin, at - begin);
    }
    if (at == text.size() && !final) return {};
    const bool carriage_return = at + 1 < text.size() && text[at] == '\r' && text[at + 1] == '\n';
    if (field.quoted && carriage_return) ++at;
    const bool at_end = at == text.size() || text[at] == '\n';
    if (at_end && !field.quoted && field.text.ends_with('\r')) field.text.remove_suffix(1);
    if (!at_end && text[at] != format_.delimiter) {
      if (at + 1 == text.size() && text[at] == '\r' && !final) return {};
      return {.step = reject_line(text, "bad_quoting", "text behind the end of a quoted field")};
    }
    record.fields.push_back(field);
    if (at_end) {
      const bool has_line_end = at < text.size();
      return {.step = {.kind = Step::Kind::event,
                       .bytes = at + (has_line_end ? 1 : 0),
                       .lines = lines + (has_line_end ? 1 : 0)}};
    }
    ++at;
  }
}

std::string CsvParser::unquoted(const Field& field) {
  std::string text;
  for (size_t i = 0; i < field.text.size(); ++i) {
    text += field.text[i];
    if (field.quoted && field.text[i] == '"') ++i;
  }
  return text;
}

std::unique_ptr<Parser> make_csv_parser(const CsvFormat& format, size_t line_bytes_max) {
  return std::make_unique<CsvParser>(format, line_bytes_max);
}

}  // namespace holdfast::source::file
