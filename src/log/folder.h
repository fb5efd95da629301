#pragma once

#include "log/format.h"

namespace holdfast::log {

/// The names in a log folder, sorted by what they are. Reads only.
struct FolderContents {
  bool has_meta = false;
  bool has_checkpoint = false;
  std::vector<uint64_t> segments;  // sequences, ascending
  std::vector<uint64_t> indexes;
  std::vector<uint64_t> spares;
  bool has_manifest = false;
  std::vector<uint64_t> settled;  // numbers, ascending, whether they count or not
  std::vector<uint64_t> settled_indexes;
  std::vector<std::string> leftovers;  // names of half-made files, of no use to anybody

  bool is_empty() const {
    return !has_meta && !has_checkpoint && !has_manifest && segments.empty();
  }
};

/// A folder that is not there is empty.
Result<FolderContents> list_folder(os::Files& files, const std::string& folder);

/// `version_unknown`, or `corrupt` when log.meta is missing beside segments or damaged.
Status check_folder_version(os::Files& files, const std::string& folder,
                            const FolderContents& contents);

struct StoredCheckpoint {
  format::Checkpoint where;
  ByteBuffer file;  // whole; the owner's state is behind the header

  ByteView state() const { return ByteView(file).subspan(format::checkpoint_header_bytes); }
};
/// Nothing when there is none; `corrupt` when it does not check: it is replaced atomically, so it
/// is never torn.
Result<std::optional<StoredCheckpoint>> read_checkpoint(os::Files& files, const std::string& folder,
                                                        const FolderContents& contents);

/// An empty one when there is none; `corrupt` when it does not check, or is missing though there
/// must have been one.
Result<format::Manifest> read_manifest(os::Files& files, const std::string& folder,
                                       const FolderContents& contents);

/// How a place is named in errors: file, position, file offset.
std::string describe_place(const std::string& path, Position position, uint64_t file_offset);

}  // namespace holdfast::log
