#include "source/file/file_source.h"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <thread>

#include "testing/temporary_folder.h"

namespace holdfast::source::file {
namespace {

namespace fs = std::filesystem;

void write(const std::string& path, std::string_view text, bool truncate = false) {
  std::ofstream(path, truncate ? std::ios::trunc : std::ios::app) << text;
}

class FileSourceTest : public ::testing::Test {
 protected:
  void open(Mode mode = Mode::follow, Format format = Format::json_lines,
            size_t line_bytes_max = 1 << 20) {
    auto made = make_file_source({.path = path_,
                                  .format = format,
                                  .mode = mode,
                                  .csv = {},
                                  .line_bytes_max = line_bytes_max},
                                 os::real_clock());
    ASSERT_TRUE(made) << made.error().message;
    source_ = std::move(*made);
    const Status started = source_->start(
        position_.empty() ? std::nullopt : std::optional<ByteView>(as_bytes(position_)));
    ASSERT_TRUE(started) << started.error().message;
  }
  /// Reads until there is nothing more at the moment. Answers the values, "REJECTED line code" for
  /// rejected lines.
  std::vector<std::string> read(size_t events_max = 4096) {
    std::vector<std::string> values;
    for (int idle = 0; idle < 2;) {
      const auto state = source_->read(batch_, {.events_max = events_max, .wait_ms = 0});
      if (!state) {
        values.push_back("ERROR " + std::string(name(state.error().code)));
        return values;
      }
      for (size_t i = 0; i < batch_.events(); ++i) values.emplace_back(*batch_.event(i).value);
      for (size_t i = 0; i < batch_.rejected(); ++i) {
        const Rejected piece = batch_.rejected_piece(i);
        values.push_back("REJECTED " + std::to_string(piece.line) + " " +
                         std::string(piece.cause_code));
      }
      if (batch_.has_position()) position_ = as_text(batch_.position());
      if (*state == ReadState::ended) {
        values.push_back("ENDED");
        return values;
      }
      state_ = *state;
      idle += *state == ReadState::more ? 0 : 1;
    }
    return values;
  }
  using Values = std::vector<std::string>;

  testing::TemporaryFolder folder_;
  const std::string path_ = folder_.path() + "/app.log";
  std::unique_ptr<Source> source_;
  Batch batch_;
  std::string position_;
  ReadState state_ = ReadState::more;  // of the last read
};

TEST_F(FileSourceTest, FollowsAGrowingFileAndWaitsForTheEndOfALine) {
  write(path_, "1\n2\n3");
  open();
  EXPECT_EQ(read(), (Values{"1", "2"}));
  write(path_, "3");
  EXPECT_EQ(read(), (Values{}));
  write(path_, "\n4\n");
  EXPECT_EQ(read(), (Values{"33", "4"}));
}

TEST_F(FileSourceTest, OnceEndsWithTheLastLineEvenWithoutItsEnd) {
  write(path_, "1\n2");
  open(Mode::once);
  EXPECT_EQ(read(), (Values{"1", "2", "ENDED"}));
  write(path_, "\n3\n");
  open(Mode::once);
  EXPECT_EQ(read(), (Values{"3", "ENDED"}));
}

TEST_F(FileSourceTest, GoesOnBehindItsPositionAfterEveryCutOfBatches) {
  Values expected;
  for (int i = 0; i < 50; ++i) {
    write(path_, std::to_string(i) + "\n");
    expected.push_back(std::to_string(i));
  }
  Values seen;
  while (seen.size() < expected.size()) {
    open();
    ASSERT_TRUE(source_->read(batch_, {.events_max = 7, .wait_ms = 0}));
    for (size_t i = 0; i < batch_.events(); ++i) seen.emplace_back(*batch_.event(i).value);
    ASSERT_TRUE(batch_.has_position());
    position_ = as_text(batch_.position());
  }
  EXPECT_EQ(seen, expected);
}

TEST_F(FileSourceTest, FinishesTheRotatedFileBeforeTheNewOne) {
  write(path_, "1\n2\n");
  open();
  EXPECT_EQ(read(), (Values{"1", "2"}));
  write(path_, "3\n");
  fs::rename(path_, path_ + ".1");
  write(path_ + ".1", "4\n5");  // the writer still has it open
  EXPECT_EQ(read(), (Values{"3", "4"}));
  write(path_, "6\n");
  EXPECT_EQ(read(), (Values{"5", "6"}));
}

TEST_F(FileSourceTest, FindsTheRotatedFileAfterARestartByWhatItHolds) {
  write(path_, "1\n2\n");
  open();
  EXPECT_EQ(read(), (Values{"1", "2"}));
  source_.reset();
  write(path_, "3\n");
  fs::rename(path_, path_ + ".1");
  write(path_, "4\n");
  open();
  EXPECT_EQ(read(), (Values{"3", "4"}));
}

TEST_F(FileSourceTest, PassesOverNoFileWhenItWasRotatedTwice) {
  write(path_, "1\n");
  open();
  EXPECT_EQ(read(), (Values{"1"}));
  const auto rotate = [&](int second) {
    fs::rename(path_, path_ + ".new");
    if (fs::exists(path_ + ".1")) fs::rename(path_ + ".1", path_ + ".2");
    fs::rename(path_ + ".new", path_ + ".1");
    fs::last_write_time(path_ + ".1",
                        fs::file_time_type::clock::now() - std::chrono::seconds(10 - second));
  };
  write(path_, "2\n");
  rotate(1);
  write(path_, "3\n");
  rotate(2);
  write(path_, "4\n");
  EXPECT_EQ(read(), (Values{"2", "3", "4"}));
}

TEST_F(FileSourceTest, StartsAgainWhenTheFileWasCutWhetherShorterOrLongerThanBefore) {
  write(path_, "1\n22222\n");
  open();
  EXPECT_EQ(read(), (Values{"1", "22222"}));
  write(path_, "3\n", true);
  EXPECT_EQ(read(), (Values{"3"}));
  write(path_, "4444444444444\n5\n", true);
  EXPECT_EQ(read(), (Values{"4444444444444", "5"}));
}

TEST_F(FileSourceTest, FinishesTheCopyWhenTheFileWasCopiedAndCut) {
  write(path_, "1\n2\n");
  open();
  EXPECT_EQ(read(), (Values{"1", "2"}));
  write(path_, "3\n");
  fs::copy_file(path_, path_ + ".1");
  write(path_, "", true);
  EXPECT_EQ(read(), (Values{"3"}));
  write(path_, "4\n");
  EXPECT_EQ(read(), (Values{"4"}));
  source_.reset();
  fs::copy_file(path_, path_ + ".2");
  write(path_ + ".2", "5\n");
  write(path_, "66666666\n", true);
  open();
  EXPECT_EQ(read(), (Values{"5", "66666666"}));
}

TEST_F(FileSourceTest, WaitsForAFileThatIsNotThereOrGoesAway) {
  open();
  EXPECT_EQ(read(), (Values{}));
  EXPECT_EQ(state_, ReadState::away);
  write(path_, "1\n");
  EXPECT_EQ(read(), (Values{"1"}));
  EXPECT_EQ(state_, ReadState::idle);
  fs::remove(path_);
  EXPECT_EQ(read(), (Values{}));
  EXPECT_EQ(state_, ReadState::away);
  write(path_, "2\n");
  EXPECT_EQ(read(), (Values{"2"}));
}

TEST_F(FileSourceTest, TellsBrokenLinesWithTheirNumbersAndGoesOnAlsoAfterARestart) {
  write(path_, "1\n{\n3\n");
  open();
  EXPECT_EQ(read(), (Values{"1", "3", "REJECTED 2 invalid_json"}));
  write(path_, "4\n}\n");
  open();
  EXPECT_EQ(read(), (Values{"4", "REJECTED 5 invalid_json"}));
}

TEST_F(FileSourceTest, RejectsALineAboveTheLimitWithoutKeepingItWhole) {
  write(path_, "1\n" + std::string(2'000'000, '2'));
  open(Mode::follow, Format::json_lines, 1000);
  EXPECT_EQ(read(), (Values{"1"}));
  open(Mode::follow, Format::json_lines, 1000);  // a restart within the line
  EXPECT_EQ(read(), (Values{}));
  write(path_, "\n3\n");
  EXPECT_EQ(read(), (Values{"3", "REJECTED 2 line_too_long"}));
  write(path_, std::string(1500, '4'));
  open(Mode::once, Format::json_lines, 1000);
  EXPECT_EQ(read(), (Values{"REJECTED 4 line_too_long", "ENDED"}));
}

TEST_F(FileSourceTest, RejectsWhatWouldNotFitIntoAMessage) {
  write(path_, "[" + std::string(1'000'000, ' ') + "]\n2\n");
  open(Mode::follow, Format::json_lines, 2 << 20);
  EXPECT_EQ(read(), (Values{"2", "REJECTED 1 too_large"}));
}

TEST_F(FileSourceTest, ReadsTheHeaderAgainAfterARestartAndInEveryRotatedFile) {
  write(path_, "a,b\n1,2\n");
  open(Mode::follow, Format::csv);
  EXPECT_EQ(read(), (Values{R"({"a":"1","b":"2"})"}));
  write(path_, "3,4\n5\n");
  open(Mode::follow, Format::csv);
  EXPECT_EQ(read(), (Values{R"({"a":"3","b":"4"})", "REJECTED 4 wrong_columns"}));
  fs::rename(path_, path_ + ".1");
  write(path_, "c\nx\n");
  EXPECT_EQ(read(), (Values{R"({"c":"x"})"}));
}

TEST_F(FileSourceTest, SaysWhatIsWrongWithAHeaderThatIsEmptyOrMissing) {
  write(path_, "\n1,2\n");
  open(Mode::once, Format::csv);
  EXPECT_EQ(read(), (Values{"ERROR invalid"}));
  write(path_, "", true);
  open(Mode::once, Format::csv);
  EXPECT_EQ(read(), (Values{"ERROR invalid"}));
}

TEST_F(FileSourceTest, OnceNeedsTheFileAndAPositionMustBeOurs) {
  auto source = *make_file_source({.path = path_, .mode = Mode::once, .csv = {}}, os::real_clock());
  EXPECT_EQ(source->start(std::nullopt).error().code, ErrorCode::invalid);
  EXPECT_EQ(source->start(as_bytes("file1 1 2 3")).error().code, ErrorCode::invalid);
}

TEST_F(FileSourceTest, AWaitingReadWakesUpForNewLinesAndForAnInterrupt) {
  write(path_, "1\n");
  open();
  EXPECT_EQ(read(), (Values{"1"}));
  constexpr int64_t very_long_ms = 3'600'000;  // the test would time out
  std::thread writer([&] { write(path_, "2\n"); });
  while (batch_.events() == 0) ASSERT_TRUE(source_->read(batch_, {.wait_ms = very_long_ms}));
  EXPECT_EQ(*batch_.event(0).value, "2");
  writer.join();
  std::thread interrupter([&] { source_->interrupt(); });
  for (;;) {
    const auto state = source_->read(batch_, {.wait_ms = very_long_ms});
    ASSERT_TRUE(state);
    if (*state == ReadState::idle) break;
  }
  interrupter.join();
}

}  // namespace
}  // namespace holdfast::source::file
