#include <cstdlib>
#include <fstream>
#include <functional>
#include <gtest/gtest.h>

#include "sink/cassandra/cell.h"
#include "sink/cassandra/cql/compress.h"
#include "sink/cassandra/cql/literal.h"
#include "sink/cassandra/cql/murmur3.h"
#include "sink/cassandra/cql/request.h"
#include "sink/cassandra/cql/segment.h"
#include "tests/golden/cql/describe.h"

// Bytes of our client beside those of Cassandra's Java driver, which `regenerate` writes.

namespace holdfast::cql {
namespace {

using Words = std::vector<std::string>;
constexpr uint32_t no_limit = 1u << 24;

ByteBuffer bytes_of(std::string_view hex) {
  ByteBuffer bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes.push_back(static_cast<std::byte>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  return bytes;
}

std::vector<Words> corpus(const std::string& file) {
  std::ifstream in(std::string(GOLDEN_CQL_CORPUS "/") + file + ".txt");
  std::vector<Words> lines;
  for (std::string line; std::getline(in, line);) {
    Words& words = lines.emplace_back();
    for (size_t begin = 0; begin <= line.size();) {
      const size_t tab = std::min(line.find('\t', begin), line.size());
      words.push_back(line.substr(begin, tab - begin));
      begin = tab + 1;
    }
  }
  EXPECT_FALSE(lines.empty()) << file;
  return lines;
}

std::vector<std::byte> raw(std::initializer_list<int> values) {
  std::vector<std::byte> bytes;
  for (const int value : values) bytes.push_back(static_cast<std::byte>(value));
  return bytes;
}

/// 7, null, unset, empty.
ByteBuffer four_values() {
  ByteBuffer values;
  Writer writer(values);
  writer.bytes(raw({0, 0, 0, 7}));
  writer.null();
  writer.unset();
  writer.bytes({});
  return values;
}

ByteBuffer two_values() {
  ByteBuffer values;
  Writer writer(values);
  writer.bytes(raw({5}));
  writer.bytes(raw({6}));
  return values;
}

ByteBuffer named_values() {
  ByteBuffer values;
  Writer writer(values);
  writer.text("a");
  writer.bytes(raw({1}));
  writer.text("b");
  writer.null();
  return values;
}

struct Wanted {
  Opcode opcode;
  std::function<void(Writer&, Version)> body;
};

Wanted query(std::string cql, Parameters parameters) {
  return {Opcode::query, [=](Writer& to, Version v) { encode_query(to, v, cql, parameters); }};
}

Wanted execute(Parameters parameters) {
  return {Opcode::execute, [=](Writer& to, Version v) {
            encode_execute(to, v, raw({0xca, 0xfe, 0xba, 0xbe}), raw({9, 8, 7}), parameters);
          }};
}

Wanted prepare(std::string keyspace) {
  return {Opcode::prepare, [=](Writer& to, Version v) {
            encode_prepare(to, v, "SELECT word FROM t WHERE id = ?", keyspace);
          }};
}

Wanted batch(BatchKind kind, Parameters parameters) {
  return {Opcode::batch, [=](Writer& to, Version v) {
            static const ByteBuffer id = raw({0xca, 0xfe, 0xba, 0xbe});
            static const ByteBuffer four = four_values(), two = two_values();
            const std::vector<BatchStatement> statements{{.prepared_id = id, .values = {4, four}},
                                                         {.cql = "DELETE FROM t WHERE id = 1"},
                                                         {.prepared_id = id, .values = {2, two}}};
            encode_batch(to, v, kind, statements, parameters);
          }};
}

std::map<std::string, Wanted> simple_requests() {
  return {{"options", {Opcode::options, [](Writer&, Version) {}}},
          {"startup",
           {Opcode::startup,
            [](Writer& to, Version) {
              encode_startup(to, {{"CQL_VERSION", "3.0.0"},
                                  {"COMPRESSION", "lz4"},
                                  {"DRIVER_NAME", "Holdfast"},
                                  {"DRIVER_VERSION", "0.1.0"}});
            }}},
          {"register",
           {Opcode::register_,
            [](Writer& to, Version) {
              static constexpr std::string_view events[] = {"TOPOLOGY_CHANGE", "STATUS_CHANGE",
                                                            "SCHEMA_CHANGE"};
              encode_register(to, events);
            }}},
          {"auth_response", {Opcode::auth_response, [](Writer& to, Version) {
                               encode_auth_response(
                                   to, as_bytes(std::string_view("\0user\0pass w\xc3\xb6rd", 16)));
                             }}}};
}

std::map<std::string, Wanted> requests() {
  static const ByteBuffer four = four_values(), names = named_values();
  static const ByteBuffer state = raw({1, 2, 3}), other_state = raw({4});
  std::string longer = "SELECT /* ";
  for (int i = 0; i < 300; ++i) longer += "long ";
  longer += "*/ word FROM t";
  std::map<std::string, Wanted> all = simple_requests();
  all["query"] = query("SELECT * FROM t", {.consistency = Consistency::one});
  all["query_long"] = query(longer, {.consistency = Consistency::one});
  all["query_values"] = query("INSERT INTO t (a, b, c, d) VALUES (?, ?, ?, ?)",
                              {.consistency = Consistency::all, .values = {4, four}});
  all["query_named"] = query("INSERT INTO t (a, b) VALUES (:a, :b)",
                             {.consistency = Consistency::quorum, .values = {2, names, true}});
  all["prepare"] = prepare("");
  all["prepare_keyspace"] = prepare("shop");
  all["execute"] = execute({.values = {4, four}});
  all["execute_page"] = execute({.consistency = Consistency::local_one,
                                 .skip_metadata = true,
                                 .page_rows = 5000,
                                 .paging_state = state});
  all["execute_stamped"] = execute({.consistency = Consistency::each_quorum,
                                    .values = {4, four},
                                    .serial = Consistency::local_serial,
                                    .timestamp_us = 1'700'000'000'123'456});
  all["execute_keyspace"] = execute({.consistency = Consistency::two,
                                     .values = {4, four},
                                     .skip_metadata = true,
                                     .page_rows = 100,
                                     .paging_state = other_state,
                                     .serial = Consistency::local_serial,
                                     .timestamp_us = 7,
                                     .keyspace = "shop",
                                     .now_seconds = 1'700'000'000});
  all["batch_logged"] = batch(BatchKind::logged, {});
  all["batch_unlogged"] = batch(BatchKind::unlogged, {});
  all["batch_stamped"] = batch(BatchKind::unlogged, {.consistency = Consistency::each_quorum,
                                                     .serial = Consistency::local_serial,
                                                     .timestamp_us = 42});
  all["batch_keyspace"] = batch(BatchKind::logged, {.consistency = Consistency::three,
                                                    .timestamp_us = 8,
                                                    .keyspace = "shop",
                                                    .now_seconds = 1'700'000'001});
  return all;
}

constexpr int16_t stream = 300;

ByteBuffer frame(const Wanted& wanted, Version version, Compression compression) {
  ByteBuffer body, packed;
  Writer writer(body);
  wanted.body(writer, version);
  FrameHeader header{
      .version = static_cast<uint8_t>(version), .stream = stream, .opcode = wanted.opcode};
  if (compression != Compression::none) {
    compress_body(compression, body, packed);
    header.flags = FrameHeader::compressed;
    std::swap(body, packed);
  }
  header.length = static_cast<uint32_t>(body.size());
  ByteBuffer whole(FrameHeader::size);
  encode(header, whole.data());
  append(whole, body);
  return whole;
}

Compression compression_of(std::string_view name) {
  return name == "lz4"      ? Compression::lz4
         : name == "snappy" ? Compression::snappy
                            : Compression::none;
}

TEST(GoldenCql, OurRequestsAreTheSameBytes) {
  const auto ours = requests();
  size_t seen = 0;
  for (const Words& line : corpus("requests")) {
    const auto version = static_cast<Version>(std::stoi(line[0]));
    ASSERT_TRUE(ours.contains(line[1])) << line[1];
    EXPECT_EQ(hex(frame(ours.at(line[1]), version, Compression::none)), line[2])
        << line[1] << " of version " << line[0];
    ++seen;
  }
  EXPECT_EQ(seen, 2 * ours.size() - 3);  // three are of version 5 alone
}

TEST(GoldenCql, WhatServersAnswerIsReadAsTheDriverReadsIt) {
  for (const Words& line : corpus("responses")) {
    const ByteBuffer bytes = bytes_of(line[2]);
    const auto header = decode_header(bytes.data(), no_limit);
    ASSERT_TRUE(header);
    EXPECT_EQ(header->version, std::stoi(line[0]));
    EXPECT_EQ(header->stream, line[1].starts_with("event") ? -1 : stream) << line[1];
    ASSERT_EQ(header->length + FrameHeader::size, bytes.size());
    const ByteView body = ByteView(bytes).subspan(FrameHeader::size);
    const auto response = decode_response(*header, body);
    ASSERT_TRUE(response) << line[1] << ": " << response.error().message;
    EXPECT_EQ(describe(*response), line[3]) << line[1] << " of version " << line[0];
  }
}

TEST(GoldenCql, AnAnswerThatEndsTooSoonIsRefused) {
  for (const Words& line : corpus("responses")) {
    const ByteBuffer bytes = bytes_of(line[2]);
    const auto header = decode_header(bytes.data(), no_limit);
    const ByteView body = ByteView(bytes).subspan(FrameHeader::size);
    // The token of a success is of no interest, so it is not read.
    if (header->opcode == Opcode::auth_success) continue;
    for (size_t size = 0; size < body.size(); ++size)
      EXPECT_FALSE(decode_response(*header, body.first(size)))
          << line[1] << " of version " << line[0] << " cut to " << size;
  }
}

TEST(GoldenCql, SegmentsAreTheSameBytesAndAreReadBack) {
  for (const Words& line : corpus("segments")) {
    const Compression compression = compression_of(line[1]);
    const bool whole = line[2] == "whole";
    const ByteBuffer payload = bytes_of(line[3]), theirs = bytes_of(line[4]);
    ByteBuffer ours, scratch;
    append_segment(ours, payload, whole, compression);
    // What a compressor makes is its own affair; it must only be read alike.
    if (compression == Compression::none) {
      EXPECT_EQ(hex(ours), line[4]) << line[0];
    }
    for (const ByteBuffer* bytes : {static_cast<const ByteBuffer*>(&ours), &theirs}) {
      const auto segment = read_segment(*bytes, compression, scratch);
      ASSERT_TRUE(segment && *segment) << line[0] << " " << line[1];
      EXPECT_EQ((*segment)->self_contained, whole);
      EXPECT_EQ((*segment)->size, bytes->size());
      EXPECT_EQ(hex((*segment)->payload), line[3]);
    }
    // A bit that tips over anywhere is seen; a segment that is cut off is waited for.
    for (size_t i = 0; i < theirs.size(); ++i) {
      ByteBuffer damaged = theirs;
      damaged[i] ^= std::byte{0x10};
      const auto read = read_segment(damaged, compression, scratch);
      EXPECT_FALSE(read && *read) << line[0] << " byte " << i;
      const auto cut = read_segment(ByteView(theirs).first(i), compression, scratch);
      EXPECT_TRUE(cut && !*cut) << line[0] << " cut to " << i;
    }
  }
}

TEST(GoldenCql, CompressedBodiesAreReadBack) {
  std::map<std::string, std::string> plain;
  for (const Words& line : corpus("requests"))
    if (line[0] == "4") plain[line[1]] = line[2];
  for (const Words& line : corpus("responses"))
    if (line[0] == "4") plain[line[1]] = line[2];
  for (const Words& line : corpus("compressed")) {
    const ByteBuffer bytes = bytes_of(line[2]);
    ASSERT_EQ(static_cast<uint8_t>(bytes[1]), FrameHeader::compressed);
    ByteBuffer body;
    ASSERT_TRUE(decompress_body(compression_of(line[1]), ByteView(bytes).subspan(FrameHeader::size),
                                no_limit, body));
    EXPECT_EQ(hex(body), plain.at(line[0]).substr(2 * FrameHeader::size)) << line[1];
  }
}

TEST(GoldenCql, TokensAreTheDrivers) {
  for (const Words& line : corpus("tokens"))
    EXPECT_EQ(std::to_string(token_of(bytes_of(line[0]))), line[1]) << line[0];
  ByteBuffer key;
  append_key_part(key, raw({1, 2, 3}));
  append_key_part(key, {});
  append_key_part(key, raw({0xff}));
  EXPECT_EQ(hex(key), corpus("tokens").back()[0]);
}

TEST(GoldenCql, ValuesOfEveryTypeAreTheSameBytesAndAreReadBack) {
  std::set<TypeCode> seen;
  for (const Words& line : corpus("values")) {
    const ByteBuffer option = bytes_of(line[0]), cell = bytes_of(line[2]);
    Reader reader(option);
    const Type type = read_type(reader);
    ASSERT_TRUE(reader.good() && reader.left() == 0);
    seen.insert(type.code);
    ByteBuffer ours;
    const Status made = sink::append_text_cell(ours, line[1], type);
    ASSERT_TRUE(made) << text_of(type) << ": " << made.error().message;
    EXPECT_EQ(hex(ByteView(ours).subspan(4)), line[2]) << text_of(type) << " " << line[1];
    EXPECT_EQ(load_be<int32_t>(ours.data()), static_cast<int32_t>(cell.size()));
    EXPECT_EQ(literal_of(type, cell), line[3]) << text_of(type);
    EXPECT_TRUE(sink::convertible(event::ColumnType::text, type));
  }
  EXPECT_EQ(seen.size(), 25u);  // all but counters and what only its own class can read
}

/// For `regenerate check`: the driver reads what we compress.
TEST(GoldenCql, OursForTheDriverToRead) {
  const char* folder = std::getenv("HOLDFAST_GOLDEN_OUT");
  if (folder == nullptr) GTEST_SKIP() << "HOLDFAST_GOLDEN_OUT is not set";
  std::ofstream out(std::string(folder) + "/ours.txt");
  for (const auto& [name, wanted] : requests()) {
    for (const Compression compression : {Compression::none, Compression::lz4, Compression::snappy})
      if (!name.ends_with("_keyspace"))
        out << name << "\t4\t" << cql::name(compression) << "\t"
            << hex(frame(wanted, Version::v4, compression)) << "\n";
    for (const Compression compression : {Compression::none, Compression::lz4}) {
      ByteBuffer segments;
      append_segments(segments, frame(wanted, Version::v5, Compression::none), compression);
      out << name << "\t5\t" << cql::name(compression) << "\t" << hex(segments) << "\n";
    }
  }
  EXPECT_TRUE(out.good());
}

}  // namespace
}  // namespace holdfast::cql
