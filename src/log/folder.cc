#include "log/folder.h"

#include <fmt/core.h>

namespace holdfast::log {
namespace {
constexpr uint64_t checkpoint_bytes_max = 1ull << 30;
}

Result<FolderContents> list_folder(os::Files& files, const std::string& folder) {
  FolderContents contents;
  const auto names = files.list(folder);
  if (!names && names.error().code == ErrorCode::not_found) return contents;
  if (!names) return std::unexpected(names.error());
  for (const std::string& name : *names) {
    if (name == format::meta_name) {
      contents.has_meta = true;
    } else if (name == format::checkpoint_name) {
      contents.has_checkpoint = true;
    } else if (const auto segment = format::number_in(name, "", ".seg")) {
      contents.segments.push_back(*segment);
    } else if (const auto index = format::number_in(name, "", ".idx")) {
      contents.indexes.push_back(*index);
    } else if (const auto spare = format::number_in(name, "spare-", ".seg")) {
      contents.spares.push_back(*spare);
    } else if (name == format::manifest_name) {
      contents.has_manifest = true;
    } else if (const auto settled = format::number_in(name, "settled-", ".seg")) {
      contents.settled.push_back(*settled);
    } else if (const auto settled_index = format::number_in(name, "settled-", ".idx")) {
      contents.settled_indexes.push_back(*settled_index);
    } else if (format::number_in(name, "settled-", ".idx.new") ||
               name == std::string(format::manifest_name) + ".new" ||
               format::number_in(name, "", ".preparing") ||
               format::number_in(name, "", ".idx.new") ||
               name == std::string(format::checkpoint_name) + ".new" ||
               name == std::string(format::meta_name) + ".new") {
      contents.leftovers.push_back(name);
    }
  }
  return contents;
}

Status check_folder_version(os::Files& files, const std::string& folder,
                            const FolderContents& contents) {
  const std::string path = folder + "/" + std::string(format::meta_name);
  if (!contents.has_meta) {
    if (contents.is_empty()) return {};
    return fail(ErrorCode::corrupt,
                fmt::format("{} is missing, but there are log files beside it", path));
  }
  const auto bytes = HOLDFAST_TRY(os::read_file(files, path, 4096));
  const auto checked = format::check_meta(bytes);
  if (checked) return {};
  const bool unknown = checked.error().code == ErrorCode::version_unknown;
  return fail(unknown ? ErrorCode::version_unknown : ErrorCode::corrupt,
              fmt::format("{}: {}", path, checked.error().message));
}

Result<std::optional<StoredCheckpoint>> read_checkpoint(os::Files& files, const std::string& folder,
                                                        const FolderContents& contents) {
  if (!contents.has_checkpoint) return std::nullopt;
  const std::string path = folder + "/" + std::string(format::checkpoint_name);
  StoredCheckpoint found;
  found.file = HOLDFAST_TRY(os::read_file(files, path, checkpoint_bytes_max));
  const auto where = format::decode_checkpoint(found.file);
  if (!where) {
    const bool unknown = where.error().code == ErrorCode::version_unknown;
    return fail(
        unknown ? ErrorCode::version_unknown : ErrorCode::corrupt,
        fmt::format(
            "{}: {}; if the log was never trimmed (its first segment begins at position 0), "
            "removing this file makes the state be rebuilt from the log",
            path, where.error().message));
  }
  found.where = *where;
  return found;
}

Result<format::Manifest> read_manifest(os::Files& files, const std::string& folder,
                                       const FolderContents& contents) {
  if (!contents.has_manifest) return format::Manifest{};
  const std::string path = folder + "/" + std::string(format::manifest_name);
  const auto bytes = HOLDFAST_TRY(os::read_file(files, path, checkpoint_bytes_max));
  auto manifest = format::decode_manifest(bytes);
  if (manifest) return manifest;
  const bool unknown = manifest.error().code == ErrorCode::version_unknown;
  return fail(unknown ? ErrorCode::version_unknown : ErrorCode::corrupt,
              fmt::format("{}: {}", path, manifest.error().message));
}

std::string describe_place(const std::string& path, Position position, uint64_t file_offset) {
  return fmt::format("{} at position {} (file offset {})", path, position.value, file_offset);
}

}  // namespace holdfast::log
