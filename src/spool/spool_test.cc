#include "spool/spool.h"

#include <gtest/gtest.h>

#include "testing/temporary_folder.h"

namespace holdfast::spool {
namespace {

/// A clock that the test sets, for epochs and versions.
class SetClock final : public os::Clock {
 public:
  int64_t wall_us() const override { return wall; }
  int64_t steady_ms() const override { return os::real_clock().steady_ms(); }
  int64_t wall = 1'700'000'000'000'000;
};

std::unique_ptr<Spool> open_spool(const std::string& folder, os::Clock& clock,
                                  uint64_t bytes_max = 64 << 20) {
  auto spool = Spool::open(os::real_files(), clock, {.folder = folder, .bytes_max = bytes_max});
  EXPECT_TRUE(spool) << spool.error().message;
  return std::move(*spool);
}

BatchBuilder rows(std::initializer_list<std::string_view> values) {
  BatchBuilder batch;
  for (const std::string_view value : values)
    batch.add(std::nullopt, value, "row", "application/json");
  return batch;
}

void wait_durable(const Spool& spool, log::Position position) {
  uint64_t seen = spool.changes();
  while (spool.durable() < position) {
    spool.wait_for_change(seen, 1000);
    seen = spool.changes();
  }
}

log::Position append(Spool& spool, SourceId id, const BatchBuilder& batch,
                     std::string_view position) {
  for (;;) {
    const uint64_t seen = spool.changes();
    const auto appended = spool.append(id, batch, as_bytes(position));
    if (appended) return *appended;
    EXPECT_EQ(appended.error().code, ErrorCode::limit) << appended.error().message;
    spool.wait_for_change(seen, 100);
  }
}

struct Seen {
  int64_t sequence, version;
  std::string value;
  bool operator==(const Seen&) const = default;
};
std::vector<Seen> everything(Spool& spool, SourceId id, int64_t from = 0) {
  std::vector<Seen> seen;
  for (;;) {
    const auto batches = spool.read(id, from, 1 << 20);
    EXPECT_TRUE(batches) << batches.error().message;
    if (batches->empty()) return seen;
    for (const StoredBatch& batch : *batches) {
      EXPECT_EQ(batch.number, from);
      from = batch.number + 1;
      BatchView::Events events(batch.view, "s");
      for (event::Event event; events.next(event);) {
        seen.push_back({event.stamp.sequence, event.version, std::string(*event.value)});
      }
    }
  }
}

TEST(Spool, StampsDenselyAndGivesBackWhatItTook) {
  const testing::TemporaryFolder folder;
  SetClock clock;
  const auto spool = open_spool(folder.path(), clock);
  const SourceId id = *spool->open_source("ewr");
  append(*spool, id, rows({"a", "b"}), "p1");
  wait_durable(*spool, append(*spool, id, rows({"c"}), "p2"));
  const int64_t v = clock.wall;
  EXPECT_EQ(everything(*spool, id),
            (std::vector<Seen>{{0, v, "a"}, {1, v + 1, "b"}, {2, v + 2, "c"}}));
  const SourceState state = spool->source(id);
  EXPECT_EQ(state.epoch, 1'700'000'000'000);
  EXPECT_EQ(as_text(state.position), "p2");
}

TEST(Spool, GoesOnAfterARestartWithTheSameEpochNextSequencePositionAndALaterVersion) {
  const testing::TemporaryFolder folder;
  SetClock clock;
  {
    const auto spool = open_spool(folder.path(), clock);
    append(*spool, *spool->open_source("ewr"), rows({"a", "b"}), "p1");
  }
  clock.wall -= 5'000'000;  // the clock was set back meanwhile
  const auto spool = open_spool(folder.path(), clock);
  const SourceId id = *spool->open_source("ewr");
  EXPECT_EQ(spool->source(id).epoch, 1'700'000'000'000);
  EXPECT_EQ(as_text(spool->source(id).position), "p1");
  wait_durable(*spool, append(*spool, id, rows({"c"}), "p2"));
  const int64_t v = 1'700'000'000'000'000;
  EXPECT_EQ(everything(*spool, id),
            (std::vector<Seen>{{0, v, "a"}, {1, v + 1, "b"}, {2, v + 2, "c"}}));
}

TEST(Spool, GivesANewEpochWhenTheFolderWasLost) {
  SetClock clock;
  int64_t first = 0;
  {
    const testing::TemporaryFolder folder;
    const auto spool = open_spool(folder.path(), clock);
    first = spool->source(*spool->open_source("ewr")).epoch;
  }
  clock.wall += 1000;
  const testing::TemporaryFolder folder;
  const auto spool = open_spool(folder.path(), clock);
  EXPECT_NE(spool->source(*spool->open_source("ewr")).epoch, first);
}

TEST(Spool, KeepsRejectedPiecesInAStreamOfTheirOwnTogetherWithTheEvents) {
  const testing::TemporaryFolder folder;
  SetClock clock;
  const auto spool = open_spool(folder.path(), clock);
  const SourceId id = *spool->open_source("ewr");
  BatchBuilder batch = rows({"a"});
  batch.add_rejected({.raw = "x,y",
                      .cause_code = "wrong_columns",
                      .cause = "2, not 3",
                      .file = "ewr.csv",
                      .line = 7});
  wait_durable(*spool, append(*spool, id, batch, "p"));
  const auto batches = *spool->read(id, 0, 1 << 20);
  ASSERT_EQ(batches.size(), 1u);
  BatchView::RejectedEvents pieces(batches[0].view, "ewr/rejected");
  BatchView::RejectedEvent piece;
  ASSERT_TRUE(pieces.next(piece));
  EXPECT_EQ(piece.event.stamp.source, "ewr/rejected");
  EXPECT_EQ(piece.event.stamp.sequence, 0);
  EXPECT_EQ(piece.event.version, clock.wall + 1);
  EXPECT_EQ(piece.piece.raw, "x,y");
  EXPECT_EQ(piece.piece.cause_code, "wrong_columns");
  EXPECT_EQ(piece.piece.cause, "2, not 3");
  EXPECT_EQ(piece.piece.file, "ewr.csv");
  EXPECT_EQ(piece.piece.line, 7);
  EXPECT_FALSE(pieces.next(piece));
  EXPECT_EQ(spool->source(id).next_rejected_sequence, 1);
}

TEST(Spool, RefusesWhenFullAndTakesAgainOnceShipped) {
  const testing::TemporaryFolder folder;
  SetClock clock;
  const auto spool = open_spool(folder.path(), clock, 8 << 20);
  const SourceId id = *spool->open_source("ewr");
  const std::string value(100'000, 'x');
  log::Position last;
  const auto fill = [&] {
    for (int64_t appended = 0;;) {
      const uint64_t seen = spool->changes();
      const auto result = spool->append(id, rows({value}), as_bytes("p"));
      if (result) {
        ++appended;
        last = *result;
      } else if (spool->status().full) {
        return appended;
      } else {
        spool->wait_for_change(seen, 100);
      }
    }
  };
  EXPECT_GE(fill(), 70);
  EXPECT_LE(spool->status().bytes_used, 8u << 20);
  int64_t total = spool->source(id).next_sequence;
  for (int round = 0; round < 5; ++round) {
    const SourceState state = spool->source(id);
    spool->mark_shipped(id, state.next_batch - 1, state.next_sequence, 0);
    wait_durable(*spool, append(*spool, id, rows({value}), "p"));  // waits for room: it must come
    total = spool->source(id).next_sequence;
    fill();
  }
  wait_durable(*spool, last);
  EXPECT_EQ(
      static_cast<int64_t>(everything(*spool, id, spool->source(id).shipped_batch + 1).size()),
      spool->source(id).next_sequence - spool->source(id).shipped_sequence);
  EXPECT_GT(total, 70);
}

TEST(Spool, KeepsWhatIsNotShippedOverTrimsAndRestarts) {
  const testing::TemporaryFolder folder;
  SetClock clock;
  std::vector<Seen> expected;
  int64_t shipped_batch = -1;
  for (int round = 0; round < 6; ++round) {
    const auto spool = open_spool(folder.path(), clock, 16 << 20);
    const SourceId id = *spool->open_source("ewr");
    EXPECT_EQ(spool->source(id).shipped_batch, shipped_batch);
    for (int i = 0; i < 40; ++i) {
      const std::string value =
          std::to_string(round) + "-" + std::to_string(i) + std::string(100'000, 'y');
      const SourceState before = spool->source(id);
      wait_durable(*spool, append(*spool, id, rows({value}), value.substr(0, 10)));
      expected.push_back(
          {before.next_sequence, std::max(before.last_version + 1, clock.wall), value});
    }
    shipped_batch = spool->source(id).next_batch - 5;
    spool->mark_shipped(id, shipped_batch, shipped_batch + 1, 0);
    const std::vector<Seen> kept(expected.begin() + shipped_batch + 1, expected.end());
    EXPECT_EQ(everything(*spool, id, shipped_batch + 1), kept);
  }
  const auto spool = open_spool(folder.path(), clock, 16 << 20);
  const SourceState state = spool->source(*spool->open_source("ewr"));
  EXPECT_EQ(state.shipped_batch, shipped_batch);
  EXPECT_EQ(state.next_sequence, 240);
  EXPECT_LE(spool->status().bytes_used, 16u << 20);
}

TEST(Spool, IsInspectedWhileItIsOpenWithoutBeingChanged) {
  const testing::TemporaryFolder folder;
  SetClock clock;
  const auto spool = open_spool(folder.path(), clock);
  const SourceId ewr = *spool->open_source("ewr");
  const SourceId jfk = *spool->open_source("jfk");
  append(*spool, ewr, rows({"a", "b"}), "p1");
  wait_durable(*spool, append(*spool, jfk, rows({"c"}), "p2"));
  const auto found = inspect(os::real_files(), folder.path());
  ASSERT_TRUE(found) << found.error().message;
  ASSERT_EQ(found->sources.size(), 2u);
  EXPECT_EQ(found->sources[0], spool->source(ewr));
  EXPECT_EQ(found->sources[1], spool->source(jfk));
  EXPECT_EQ(found->events, 3u);
  EXPECT_TRUE(found->log.damage.empty());
}

TEST(Spool, RefusesASecondProcessNamesWithSlashesAndTooLittleRoom) {
  const testing::TemporaryFolder folder;
  SetClock clock;
  const auto spool = open_spool(folder.path(), clock);
  EXPECT_EQ(Spool::open(os::real_files(), clock, {.folder = folder.path()}).error().code,
            ErrorCode::locked);
  EXPECT_EQ(spool->open_source("a/b").error().code, ErrorCode::invalid);
  EXPECT_EQ(spool->open_source("").error().code, ErrorCode::invalid);
  EXPECT_EQ(
      Spool::open(os::real_files(), clock, {.folder = folder.path(), .bytes_max = 1}).error().code,
      ErrorCode::invalid);
}

}  // namespace
}  // namespace holdfast::spool
