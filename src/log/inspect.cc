#include "log/inspect.h"

#include <algorithm>
#include <fmt/core.h>

#include "log/folder.h"
#include "log/log.h"
#include "log/scan.h"

namespace holdfast::log {
namespace {

using Line = std::function<void(std::string_view)>;

std::string describe(const FrameKey& key) {
  if (key.kind == FrameKind::batch) {
    return fmt::format("batch partition {} offsets {}-{} max timestamp {}", key.partition.value,
                       key.first_offset, key.last_offset, key.max_timestamp_ms);
  }
  if (key.kind == FrameKind::state) return fmt::format("state partition {}", key.partition.value);
  if (key.kind == format::mark_kind) return "mark (all before it was durable)";
  return fmt::format("kind {} partition {}", static_cast<unsigned>(key.kind), key.partition.value);
}

/// What lies behind the last frame: nothing, a torn tail, or damage; in the last case goes on at
/// the next whole frame, if any.
Status inspect_segment(os::Files& files, const std::string& folder, const std::string& name,
                       const InspectOptions& options, const Line& line) {
  auto file = HOLDFAST_TRY(files.open(folder + "/" + name, os::OpenMode::read));
  const auto header = read_segment_header(*file, name);
  if (!header) {
    line(fmt::format("segment {}: {}", name, header.error().message));
    return {};
  }
  line(fmt::format("segment {}: generation {}, from position {}, {} bytes", name,
                   header->generation, header->begin.value, header->file_bytes));
  SegmentScanner scanner(*file, *header);
  uint64_t frames = 0;
  while (const auto frame = HOLDFAST_TRY(scanner.next())) {
    ++frames;
    if (!options.frames) continue;
    line(fmt::format("  {} {} body {} durable before {}", frame->begin.value,
                     describe(frame->header.key), frame->body.size(),
                     frame->header.durable_before.value));
  }
  line(fmt::format("  {} frames, up to position {} (file offset {})", frames,
                   scanner.position().value, scanner.offset()));
  const TailSearch tail = HOLDFAST_TRY(scanner.search_tail());
  if (tail.durable_before > scanner.position()) {
    line(fmt::format("  damaged: no whole frame there, but everything up to {} had been durable",
                     tail.durable_before.value));
  } else if (tail.traces_end > 0) {
    line(fmt::format("  torn tail: traces of frames up to file offset {}", tail.traces_end));
  }
  return {};
}

void inspect_checkpoint(os::Files& files, const std::string& folder, const FolderContents& contents,
                        const Line& line) {
  const auto stored = read_checkpoint(files, folder, contents);
  if (!stored) return line(fmt::format("checkpoint: {}", stored.error().message));
  if (!*stored) return line("checkpoint: none");
  line(fmt::format("checkpoint: covers position {}, durable {}, {} bytes of state",
                   (*stored)->where.upto.value, (*stored)->where.durable.value,
                   (*stored)->state().size()));
}

void inspect_manifest(os::Files& files, const std::string& folder, const FolderContents& contents,
                      const Line& line) {
  if (!contents.has_manifest) return;
  const auto manifest = read_manifest(files, folder, contents);
  if (!manifest) return line(fmt::format("settled: {}", manifest.error().message));
  line(fmt::format("settled: {} segments; as written from segment {} on", manifest->settled.size(),
                   manifest->raw_from));
  for (const auto& each : manifest->settled)
    line(fmt::format("  {} generation {}", format::settled_name(each.number), each.generation));
  for (const auto& each : manifest->cleaned)
    line(fmt::format("  partition {} compacted below offset {}", each.partition.value, each.upto));
}

}  // namespace

Result<bool> inspect(os::Files& files, const std::string& folder, const InspectOptions& options,
                     const Line& line) {
  if (!HOLDFAST_TRY(files.exists(folder)))
    return fail(ErrorCode::not_found, fmt::format("no folder {}", folder));
  const FolderContents contents = HOLDFAST_TRY(list_folder(files, folder));
  line(fmt::format("log {}: format version {}, {} segments, {} index files, {} spare files", folder,
                   format::version, contents.segments.size(), contents.indexes.size(),
                   contents.spares.size()));
  inspect_checkpoint(files, folder, contents, line);
  inspect_manifest(files, folder, contents, line);
  for (const uint64_t number : contents.settled) {
    HOLDFAST_CHECKED(inspect_segment(files, folder, format::settled_name(number), options, line));
  }
  for (const uint64_t sequence : contents.segments) {
    HOLDFAST_CHECKED(inspect_segment(files, folder, format::segment_name(sequence), options, line));
  }
  const VerifyReport report = HOLDFAST_TRY(verify(files, folder));
  for (const Damage& damage : report.damage) {
    line(fmt::format("damage: {} at position {}: {}", damage.file, damage.position.value,
                     damage.what));
  }
  if (report.torn_tail)
    line(fmt::format("torn tail: at position {}, never acknowledged", report.end.value));
  line(fmt::format("{} frames in {} segments, positions {} to {}: {}", report.frames,
                   report.segments, report.begin.value, report.end.value,
                   report.damage.empty() ? "no damage" : "damaged"));
  return report.damage.empty();
}

}  // namespace holdfast::log
