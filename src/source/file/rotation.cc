#include "source/file/rotation.h"

#include <algorithm>
#include <vector>

#include "base/os/files.h"

namespace holdfast::source::file {
namespace {

struct Split {
  std::string folder;
  std::string name;
};

Split split(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return {.folder = ".", .name = path};
  return {.folder = slash == 0 ? "/" : path.substr(0, slash), .name = path.substr(slash + 1)};
}

std::vector<std::string> neighbours(const std::string& path) {
  const Split parts = split(path);
  std::vector<std::string> paths;
  const auto names = os::real_files().list(parts.folder);
  if (!names) return paths;
  for (const std::string& name : *names) {
    if (name != parts.name) paths.push_back(parts.folder + "/" + name);
  }
  return paths;
}

bool has_rotated_name(const std::string& candidate, const std::string& path) {
  const std::string name = split(candidate).name;
  const std::string base = split(path).name;
  return name.size() > base.size() && name.starts_with(base) &&
         name.find_first_not_of("0123456789.-_:T", base.size()) == std::string::npos;
}

/// The file at `path` at the position, when it holds what was read up to it.
std::optional<Found> at_position(const std::string& path, const FilePosition& position) {
  auto file = os::ForeignFile::open(path);
  if (!file) return std::nullopt;
  const auto info = (*file)->info();
  if (!info || !info->regular || info->size < position.offset) return std::nullopt;
  const auto same = matches(**file, position);
  if (!same || !*same) return std::nullopt;
  return Found{.file = std::move(*file),
               .identity = info->identity,
               .path = path,
               .offset = position.offset,
               .line = position.line,
               .same = true};
}

}  // namespace

Result<Found> open_file(const std::string& path) {
  auto file = HOLDFAST_TRY(os::ForeignFile::open(path));
  const os::FileInfo info = HOLDFAST_TRY(file->info());
  if (!info.regular) return fail(ErrorCode::invalid, path + " is not a regular file");
  return Found{.file = std::move(file), .identity = info.identity, .path = path};
}

Result<Found> find_file(const std::string& path, const FilePosition& position) {
  const auto current = os::file_info(path);
  if (current && current->identity == position.identity) {
    if (auto found = at_position(path, position)) return std::move(*found);
  }
  const std::vector<std::string> others = neighbours(path);
  // Renamed: the same inode under another name.
  for (const std::string& other : others) {
    const auto info = os::file_info(other);
    if (!info || info->identity != position.identity) continue;
    if (auto found = at_position(other, position)) return std::move(*found);
  }
  // Copied: the same contents in another inode. An empty beginning proves nothing.
  if (position.offset > 0) {
    for (const std::string& other : others) {
      if (!has_rotated_name(other, path)) continue;
      if (auto found = at_position(other, position)) return std::move(*found);
    }
    if (auto found = at_position(path, position)) return std::move(*found);
  }
  return open_file(path);
}

std::optional<std::string> next_rotated(const std::string& path, const os::FileInfo& old,
                                        const os::FileIdentity& current) {
  std::optional<std::string> next;
  int64_t next_modified_us = 0;
  for (const std::string& other : neighbours(path)) {
    if (!has_rotated_name(other, path)) continue;
    const auto info = os::file_info(other);
    if (!info || !info->regular || info->identity == old.identity || info->identity == current)
      continue;
    if (info->modified_us <= old.modified_us || (next && info->modified_us >= next_modified_us))
      continue;
    next = other;
    next_modified_us = info->modified_us;
  }
  return next;
}

}  // namespace holdfast::source::file
