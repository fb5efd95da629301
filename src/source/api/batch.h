#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace holdfast::source {

/// One event as a source gives it: not stamped yet. Views live until the batch is cleared or
/// changed.
struct RawEvent {
  std::optional<std::string_view> key;
  std::optional<std::string_view> value;  // none: a tombstone
  std::string_view type;                  // ce_type
  std::string_view content_type;          // datacontenttype
};

/// A piece of input that is no event and never will be: a broken line.
struct Rejected {
  std::string_view raw;         // the input as it was, cut at a bound of the source's
  std::string_view cause_code;  // stable, for scripts: "bad_quoting", "wrong_columns"
  std::string_view cause;       // for people
  std::string_view file;
  int64_t line = 0;  // where it begins, from 1
};

/// What one read gave: events in order, rejected pieces, and the source's own position behind them.
/// One buffer holds all texts and is kept over `clear`, so that nothing is allocated per event.
///
/// `type`, `content_type`, `cause_code` and `file` are NOT copied: they must live as long as the
/// source. Threads: a value.
class Batch {
 public:
  void clear();

  size_t events() const { return events_.size(); }
  size_t rejected() const { return rejected_.size(); }
  bool empty() const { return events_.empty() && rejected_.empty() && !has_position_; }
  /// Bytes of keys, values and rejected pieces.
  size_t payload_bytes() const { return text_.size(); }

  RawEvent event(size_t index) const;
  Rejected rejected_piece(size_t index) const;

  void add(const RawEvent& event);
  void add_rejected(const Rejected& rejected);

  /// For sources that build values in place: append to `text()` (key first, then value), then
  /// `finish_event` takes what was appended since `begin_event`, or `abandon_event` cuts it off
  /// again.
  std::string& text() { return text_; }
  size_t begin_event() const { return text_.size(); }
  void finish_event(size_t begun_at, std::optional<size_t> key_bytes, std::string_view type,
                    std::string_view content_type);
  void abandon_event(size_t begun_at) { text_.resize(begun_at); }

  /// The position behind everything in this batch. Opaque to all but the source.
  void set_position(ByteView position);
  bool has_position() const { return has_position_; }
  ByteView position() const { return position_; }

 private:
  static constexpr size_t none = SIZE_MAX;
  struct EventEntry {
    size_t begin;
    size_t key_bytes;    // none: no key
    size_t value_bytes;  // none: no value
    std::string_view type;
    std::string_view content_type;
  };
  struct RejectedEntry {
    size_t begin;
    size_t raw_bytes;
    size_t cause_bytes;
    std::string_view cause_code;
    std::string_view file;
    int64_t line;
  };

  std::string text_;
  std::vector<EventEntry> events_;
  std::vector<RejectedEntry> rejected_;
  ByteBuffer position_;
  bool has_position_ = false;
};

}  // namespace holdfast::source
