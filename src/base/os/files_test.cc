#include "base/os/files.h"

#include <array>
#include <gtest/gtest.h>
#include <unistd.h>

#include "testing/temporary_folder.h"

namespace holdfast::os {
namespace {

TEST(Files, ReplaceLeavesTheNewBytesAndNoHelperFile) {
  testing::TemporaryFolder folder;
  const std::string path = folder.path() + "/x";
  ASSERT_TRUE(replace_file(real_files(), path, as_bytes("one, and longer")));
  ASSERT_TRUE(replace_file(real_files(), path, as_bytes("two")));
  EXPECT_EQ(as_text(*read_file(real_files(), path, 100)), "two");
  EXPECT_EQ(*real_files().list(folder.path()), std::vector<std::string>{"x"});
  EXPECT_EQ(read_file(real_files(), path, 2).error().code, ErrorCode::limit);
}

TEST(Files, GathersMorePartsThanOneSystemCallTakes) {
  testing::TemporaryFolder folder;
  auto file = *real_files().open(folder.path() + "/x", OpenMode::create_new);
  std::vector<ByteView> parts(1000, as_bytes("abc"));
  parts.insert(parts.begin() + 500, ByteView());
  ASSERT_TRUE(file->write_at(7, parts));
  EXPECT_EQ(*file->size(), 3007u);
  EXPECT_EQ(as_text((*file->map(0, 3007))->bytes()).substr(3000), "cabcabc");
}

TEST(Files, ASecondLockNamesTheProcessThatHoldsTheFirst) {
  testing::TemporaryFolder folder;
  auto held = real_files().lock(folder.path() + "/lock");
  ASSERT_TRUE(held);
  const auto second = real_files().lock(folder.path() + "/lock");
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::locked);
  EXPECT_NE(second.error().message.find(std::to_string(::getpid())), std::string::npos);
}

TEST(Files, WholePagesAreSeenByWhoHasThemMappedAndUnderAnyName) {
  testing::TemporaryFolder folder;
  auto file = *real_files().open(folder.path() + "/x", OpenMode::create_new);
  ASSERT_TRUE(file->zero_fill(0, 1 << 20));
  ASSERT_TRUE(real_files().rename(folder.path() + "/x", folder.path() + "/y"));
  auto reader = *real_files().open(folder.path() + "/y", OpenMode::read);
  const auto mapped = *reader->map(0, 1 << 20);
  alignas(4096) static std::array<std::byte, 2 * 4096> pages;
  for (unsigned char value = 1; value < 50; ++value) {
    EXPECT_EQ(mapped->bytes()[4096], std::byte(value - 1));
    pages.fill(std::byte(value));
    ASSERT_TRUE(file->write_pages(4096, pages));
    EXPECT_EQ(mapped->bytes()[4096], std::byte(value));
    EXPECT_EQ(mapped->bytes()[3 * 4096 - 1], std::byte(value));
    EXPECT_EQ(mapped->bytes()[3 * 4096], std::byte{0});
  }
}

TEST(Files, WholePagesAreReadAsTheyWereWrittenLastAndUpToTheEnd) {
  testing::TemporaryFolder folder;
  auto file = *real_files().open(folder.path() + "/x", OpenMode::create_new);
  ASSERT_TRUE(file->zero_fill(0, 1 << 20));
  ASSERT_TRUE(file->write_at(4090, as_bytes("over the edge")));  // still in the page cache only
  ASSERT_TRUE(file->truncate(2 * 4096 + 5));
  auto reader = *real_files().open(folder.path() + "/x", OpenMode::read);
  alignas(4096) static std::array<std::byte, 4 * 4096> pages;
  ASSERT_EQ(*reader->read_pages(0, pages), 2 * 4096 + 5u);
  EXPECT_EQ(as_text(ByteView(pages).subspan(4090, 13)), "over the edge");
  ASSERT_EQ(*reader->read_pages(2 * 4096, pages), 5u);
  ASSERT_EQ(*reader->read_pages(4 * 4096, pages), 0u);
  EXPECT_EQ(*reader->read_pages(4096, MutableBytes(pages).subspan(3, 4096)), 4096u);  // no whole page: read all the same
  EXPECT_EQ(as_text(ByteView(pages).subspan(3, 7)), "he edge");
}

TEST(Files, ZeroFillMakesTheRangeZeroAndWritable) {
  testing::TemporaryFolder folder;
  auto file = *real_files().open(folder.path() + "/x", OpenMode::create_new);
  ASSERT_TRUE(file->zero_fill(0, 2 << 20));
  EXPECT_EQ(*file->size(), 2u << 20);
  ASSERT_TRUE(file->write_at(5, as_bytes("here")));
  ByteBuffer back(16);
  ASSERT_EQ(*file->read_at(0, back), 16u);
  EXPECT_EQ(as_text(ByteView(back).subspan(5, 4)), "here");
  EXPECT_EQ(back[4], std::byte{0});
  EXPECT_EQ(back[9], std::byte{0});
}

}  // namespace
}  // namespace holdfast::os
