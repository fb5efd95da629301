#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "event/event.h"

namespace holdfast::spool {

/// A rejected piece of input, as it is spooled: it gets a stamp of the stream "<source>/rejected".
struct RejectedPiece {
  std::string_view raw;
  std::string_view cause_code;
  std::string_view cause;
  std::string_view file;
  int64_t line = 0;
};

/// Collects what one append takes: events and rejected pieces, encoded as docs/formats/spool.md
/// says. Kept and cleared between appends, so that nothing is allocated per event. Stamps are not
/// its business: the spool gives them at the append. Threads: a value.
class BatchBuilder {
 public:
  void clear();
  void add(std::optional<std::string_view> key, std::optional<std::string_view> value,
           std::string_view type, std::string_view content_type);
  void add_rejected(const RejectedPiece& piece);

  uint32_t events() const { return events_; }
  uint32_t rejected() const { return rejected_; }
  size_t bytes() const { return event_bytes_.size() + rejected_bytes_.size(); }
  bool empty() const { return events_ == 0 && rejected_ == 0; }

 private:
  friend class Spool;
  uint16_t name_index(std::string_view name);

  ByteBuffer event_bytes_, rejected_bytes_, name_bytes_;
  std::vector<std::string> names_;
  uint16_t last_type_ = 0, last_content_type_ = 0;
  uint32_t events_ = 0, rejected_ = 0;
};

/// What stands before the events of a stored batch.
struct BatchHeader {
  int64_t epoch = 0;
  int64_t time_us = 0;                  // of the append: `ce_time` of all its events
  int64_t first_sequence = 0;           // of the events
  int64_t first_version = 0;            // of the events; each next one has one more
  int64_t first_rejected_sequence = 0;  // in the stream "<source>/rejected"
  int64_t first_rejected_version = 0;
  uint32_t events = 0;
  uint32_t rejected = 0;
  bool has_position = false;

  int64_t next_sequence() const { return first_sequence + events; }
  int64_t next_rejected_sequence() const { return first_rejected_sequence + rejected; }
  int64_t last_version() const;
};

/// A stored batch, read in place. `parse` checks every bound once, so that the cursors cannot fail.
/// Threads: a value; views live as long as the bytes.
class BatchView {
 public:
  /// `corrupt` when the bytes are no batch, `version_unknown` when they are of another format.
  static Result<BatchView> parse(ByteView bytes);

  const BatchHeader& header() const { return header_; }
  /// Of events and rejected pieces.
  uint64_t bytes() const { return events_.size() + rejected_.size(); }
  ByteView position() const { return position_; }

  /// One after the other, in order of sequence. The stamps' source is what the caller gives.
  class Events {
   public:
    Events(const BatchView& batch, std::string_view source);
    /// False at the end.
    bool next(event::Event& to);

   private:
    const BatchView& batch_;
    std::string_view source_;
    const std::byte* at_;
    uint32_t done_ = 0;
  };
  struct RejectedEvent {
    event::Event event;  // value = the raw piece, content type "application/octet-stream"
    RejectedPiece piece;
  };
  class RejectedEvents {
   public:
    RejectedEvents(const BatchView& batch, std::string_view stream);
    bool next(RejectedEvent& to);

   private:
    const BatchView& batch_;
    std::string_view stream_;
    const std::byte* at_;
    uint32_t done_ = 0;
  };

 private:
  Status parse_names(ByteView bytes);
  Status check_events(ByteView bytes) const;
  Status check_rejected(ByteView bytes) const;

  BatchHeader header_;
  ByteView position_, events_, rejected_;
  std::vector<std::string_view> names_;
};

}  // namespace holdfast::spool
