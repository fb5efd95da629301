// Recovery and verify on arbitrary bytes: they may refuse, they may find frames, they may never
// crash. The first byte tells which file the rest goes into, and whether the segment's header is
// made good first.

#include "base/log_line.h"
#include "log/engine.h"
#include "log/inspect.h"
#include "testing/simulated_disk.h"

namespace {

using namespace holdfast;

constexpr uint64_t segment_bytes =
    32 << 10;  // small: most of an input's time is reading the rest of the segment

void write(os::Files& files, const std::string& path, uint64_t size, uint64_t offset,
           ByteView bytes) {
  auto file = *files.open(path, os::OpenMode::create_or_open);
  if (size > 0) (void)file->allocate(size);
  if (!bytes.empty()) (void)file->write_at(offset, bytes);
}

void build(os::Files& files, uint8_t target, ByteView bytes) {
  (void)files.create_directories("/log");
  write(files, "/log/log.meta", 0, 0, as_bytes(log::format::encode_meta()));
  ByteBuffer page(log::format::segment_header_bytes);
  const bool two = (target & 4) != 0;
  log::format::SegmentHeader header{
      .sequence = 0, .generation = 1, .begin = {}, .file_bytes = segment_bytes};
  log::format::encode(header, page);
  write(files, "/log/" + log::format::segment_name(0), segment_bytes, 0, page);
  if (two) {
    header = {.sequence = 1,
              .generation = 2,
              .begin = {bytes.size() / 8 * 8},
              .file_bytes = segment_bytes};
    log::format::encode(header, page);
    write(files, "/log/" + log::format::segment_name(1), segment_bytes, 0, page);
  }
  const uint64_t room = segment_bytes - log::format::segment_header_bytes;
  const ByteView some = bytes.first(std::min<size_t>(bytes.size(), room));
  switch (target & 3) {
    case 0:
      return write(files, "/log/" + log::format::segment_name(0), 0,
                   log::format::segment_header_bytes, some);
    case 1:
      return write(files, "/log/" + log::format::segment_name(0), 0, 0, some);
    case 2:
      return write(files, "/log/" + log::format::index_name(0), 0, 0, some);
    default:
      return write(files, "/log/checkpoint", 0, 0, some);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  holdfast::set_log_level(holdfast::LogLevel::error);
  testing::SimulatedDisk disk(1);
  build(disk, data[0], {reinterpret_cast<const std::byte*>(data + 1), size - 1});
  (void)log::verify(disk, "/log");
  (void)log::inspect(disk, "/log", {}, [](std::string_view) {});
  auto opened =
      log::Engine::open(disk, {.folder = "/log", .segment_bytes = 1 << 20}, {.threads = false});
  if (!opened) return 0;
  (void)(*opened)->replay({}, [](const log::Frame&) -> Status { return {}; });
  for (uint32_t partition = 0; partition < 3; ++partition) {
    (void)(*opened)->read({partition}, 0, 1 << 20, true);
    (void)(*opened)->find_time({partition}, 0, 5);
    (void)(*opened)->find_max_timestamp({partition}, 0);
  }
  return 0;
}
