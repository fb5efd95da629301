#include "audit/evidence.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <random>

#include "audit/digest.h"
#include "audit/evidence_lines.h"
#include "testing/temporary_folder.h"

namespace holdfast::audit {
namespace {

/// Evidence of `events` events in windows of 100, two of them wrong.
std::string some_evidence(int64_t events, std::string* digest = nullptr) {
  EvidenceWriter writer;
  Report report;
  report.topics.push_back({"flights.ewr", 0, 0, events, static_cast<uint64_t>(events), 0});
  report.limits.push_back("what lies before the first stamp");
  write_header(writer, report, 100);
  StoreReport store{"flights", "warehouse", {}};
  Seen topics, rows, none;
  topics.add({0, events - 1}, 1);
  rows.add({0, events - 2}, 1);
  rows.add(3);
  const Stream stream{"ewr", 7};
  const Known known{topics, &rows, none, none, none, Captured{events, events}, false};
  const Judged judged = compare(stream, known, {"topic flights.ewr", "store warehouse"}, 10);
  write_windows(writer, store, stream, known, judged.balance, 100);
  for (const auto& finding : judged.findings) write_finding(writer, finding);
  write_balance(writer, store, stream, judged);
  const std::string last = writer.finish();
  if (digest != nullptr) *digest = last;
  return writer.text();
}

TEST(Digest, IsSha256) {
  EXPECT_EQ(sha256(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256("a", "bc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Evidence, IsAcceptedAsWritten) {
  std::string digest;
  const std::string text = some_evidence(1000, &digest);
  const Verdict verdict = verify_evidence_text(text);
  EXPECT_TRUE(verdict.accepted) << verdict.line << ": " << verdict.why;
  EXPECT_EQ(verdict.digest, digest);
  EXPECT_EQ(verdict.windows, 10u);
  EXPECT_EQ(verdict.findings, 2u);
}

TEST(Evidence, EveryLineIsJson) {
  std::istringstream lines(some_evidence(1000));
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    const auto json = nlohmann::json::parse(line);
    EXPECT_TRUE(json.contains("kind"));
    EXPECT_EQ(json["chain"].get<std::string>().size(), 64u);
  }
  EXPECT_EQ(count, 1 + 10 + 2 + 1 + 1);
}

TEST(Evidence, IsRejectedWhenAnyBitOfAnyByteIsFlipped) {
  const std::string text = some_evidence(150);
  for (size_t at = 0; at < text.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string changed = text;
      changed[at] = static_cast<char>(changed[at] ^ (1 << bit));
      ASSERT_FALSE(verify_evidence_text(changed).accepted) << "byte " << at << " bit " << bit;
    }
  }
}

TEST(Evidence, IsRejectedWhenAByteOfABigOneIsChanged) {
  const std::string text = some_evidence(300'000);
  ASSERT_TRUE(verify_evidence_text(text).accepted);
  std::mt19937 random(11);
  for (int round = 0; round < 300; ++round) {
    std::string changed = text;
    const size_t at = random() % changed.size();
    changed[at] = static_cast<char>(changed[at] ^ (1 + random() % 255));
    ASSERT_FALSE(verify_evidence_text(changed).accepted) << "byte " << at;
  }
}

TEST(Evidence, IsRejectedWhenAnyByteIsTakenOutOrAdded) {
  const std::string text = some_evidence(150);
  for (size_t at = 0; at <= text.size(); ++at) {
    for (const char added : {' ', '\n', '0', '\0'}) {
      std::string longer = text;
      longer.insert(at, 1, added);
      ASSERT_FALSE(verify_evidence_text(longer).accepted) << at;
    }
    ASSERT_FALSE(at < text.size() && verify_evidence_text(text.substr(0, at)).accepted) << at;
    if (at == text.size()) break;
    std::string shorter = text;
    shorter.erase(at, 1);
    ASSERT_FALSE(verify_evidence_text(shorter).accepted) << at;
  }
}

TEST(Evidence, IsRejectedWhenLinesAreMovedOrTakenOut) {
  std::istringstream stream(some_evidence(1000));
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line + "\n");
  const auto joined = [](const std::vector<std::string>& parts) {
    std::string text;
    for (const std::string& part : parts) text += part;
    return text;
  };
  for (size_t i = 0; i < lines.size(); ++i) {
    auto without = lines;
    without.erase(without.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_FALSE(verify_evidence_text(joined(without)).accepted) << i;
    auto twice = lines;
    twice.insert(twice.begin() + static_cast<std::ptrdiff_t>(i), lines[i]);
    EXPECT_FALSE(verify_evidence_text(joined(twice)).accepted) << i;
    if (i + 1 == lines.size()) continue;
    auto swapped = lines;
    std::swap(swapped[i], swapped[i + 1]);
    EXPECT_FALSE(verify_evidence_text(joined(swapped)).accepted) << i;
  }
}

TEST(Evidence, NamesTheFirstLineThatDoesNotHold) {
  std::string text = some_evidence(1000);
  const size_t third = text.find('\n', text.find('\n') + 1) + 1;
  text[third + 20] ^= 1;
  const Verdict verdict = verify_evidence_text(text);
  EXPECT_FALSE(verdict.accepted);
  EXPECT_EQ(verdict.line, 3u);
}

TEST(Evidence, AnythingElseIsRejected) {
  for (const char* text : {"", "\n", "{}", "{}\n", "evidence\n", "{\"kind\":\"end\"}\n"}) {
    EXPECT_FALSE(verify_evidence_text(text).accepted) << text;
  }
  EXPECT_FALSE(verify_evidence_text(std::string(3 << 20, 'x')).accepted);
}

TEST(Evidence, AFileIsJudgedAsItsText) {
  testing::TemporaryFolder folder;
  const std::string path = folder.path() + "/evidence.jsonl";
  const std::string text = some_evidence(100'000);
  ASSERT_TRUE(os::replace_file(os::real_files(), path, as_bytes(text)).has_value());
  auto verdict = verify_evidence(os::real_files(), path);
  ASSERT_TRUE(verdict.has_value());
  EXPECT_TRUE(verdict->accepted) << verdict->why;
  for (size_t size : {text.size() - 1, text.size() / 2}) {
    ASSERT_TRUE(
        os::replace_file(os::real_files(), path, as_bytes(text.substr(0, size))).has_value());
    EXPECT_FALSE(verify_evidence(os::real_files(), path)->accepted);
  }
  EXPECT_EQ(verify_evidence(os::real_files(), folder.path() + "/none").error().code,
            ErrorCode::not_found);
  ASSERT_TRUE(
      os::replace_file(os::real_files(), path, as_bytes(std::string(3 << 20, 'x'))).has_value());
  EXPECT_FALSE(verify_evidence(os::real_files(), path)->accepted);
}

TEST(Evidence, AStrayStampFarAwayDoesNotMakeABillionWindows) {
  EvidenceWriter writer;
  write_header(writer, {}, 100);
  Seen topics, none;
  topics.add({0, 249}, 1);
  topics.add(INT64_MAX - 1);
  const Known known{topics, nullptr, none, none, none, std::nullopt, false};
  const Judged judged = compare({"a", 1}, known, {"topic t", ""}, 10);
  EXPECT_EQ(judged.findings.size(), 1u);  // one range, however long
  EXPECT_LE(write_windows(writer, {}, {"a", 1}, known, judged.balance, 100), 6u);
}

}  // namespace
}  // namespace holdfast::audit
