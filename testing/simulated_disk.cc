#include "testing/simulated_disk.h"

#include <algorithm>

namespace holdfast::testing {
namespace {

std::string folder_of(const std::string& path) {
  return path.substr(0, path.rfind('/'));
}

class SimulatedMapping final : public os::Mapping {
 public:
  SimulatedMapping(std::shared_ptr<std::vector<std::byte>> content, uint64_t offset,
                   uint64_t length)
      : content_(std::move(content)), bytes_(ByteView(*content_).subspan(offset, length)) {}
  ByteView bytes() const override { return bytes_; }

 private:
  std::shared_ptr<std::vector<std::byte>> content_;
  ByteView bytes_;
};

}  // namespace

class SimulatedLock final : public os::FileLock {
 public:
  SimulatedLock(SimulatedDisk& disk, std::string path) : disk_(disk), path_(std::move(path)) {}
  ~SimulatedLock() override {
    const std::lock_guard lock(disk_.mutex_);
    disk_.locks_.erase(path_);
  }

 private:
  SimulatedDisk& disk_;
  std::string path_;
};

class SimulatedFile final : public os::File {
 public:
  SimulatedFile(SimulatedDisk& disk, SimulatedDisk::NodePtr node, std::string path)
      : disk_(disk), node_(std::move(node)), path_(std::move(path)) {}

  Result<size_t> read_at(uint64_t offset, MutableBytes to) override {
    const std::lock_guard lock(disk_.mutex_);
    HOLDFAST_CHECKED(disk_.begin(SimulatedDisk::Kind::read, "read " + path_));
    const auto& now = *node_->now;
    if (offset >= now.size() || to.empty()) return 0;
    const size_t count = std::min<size_t>(to.size(), now.size() - offset);
    std::memcpy(to.data(), now.data() + offset, count);
    return count;
  }

  Status write_at(uint64_t offset, std::span<const ByteView> parts) override {
    const std::lock_guard lock(disk_.mutex_);
    ++disk_.writes_;
    if (disk_.power_cut_) return disk_.begin(SimulatedDisk::Kind::change, "write " + path_);
    auto begun = disk_.begin(SimulatedDisk::Kind::change, "write " + path_);
    // A write that fails, or during which the power goes, may have changed anything in its range.
    auto written = disk_.write_locked(*node_, path_, offset, parts);
    return begun ? written : begun;
  }

  Status sync_data() override {
    const std::lock_guard lock(disk_.mutex_);
    ++disk_.syncs_;
    auto begun = disk_.begin(SimulatedDisk::Kind::change, "sync " + path_);
    if (begun || !disk_.power_cut_) disk_.sync_locked(*node_, begun.has_value());
    return begun;
  }

  Result<uint64_t> size() override {
    const std::lock_guard lock(disk_.mutex_);
    return node_->now->size();
  }

  Status truncate(uint64_t size) override {
    const std::lock_guard lock(disk_.mutex_);
    HOLDFAST_CHECKED(disk_.begin(SimulatedDisk::Kind::change, "truncate " + path_));
    return disk_.resize_locked(*node_, path_, size);
  }

  Status allocate(uint64_t size) override {
    const std::lock_guard lock(disk_.mutex_);
    HOLDFAST_CHECKED(disk_.begin(SimulatedDisk::Kind::change, "allocate " + path_));
    return disk_.resize_locked(*node_, path_, std::max<uint64_t>(size, node_->now->size()));
  }

  Status zero_fill(uint64_t from, uint64_t to) override {
    const std::lock_guard lock(disk_.mutex_);
    HOLDFAST_CHECKED(disk_.begin(SimulatedDisk::Kind::change, "zero " + path_));
    const ByteBuffer zeroes(to - from);
    const ByteView part = zeroes;
    return disk_.write_locked(*node_, path_, from, std::span(&part, 1));
  }

  Result<std::unique_ptr<os::Mapping>> map(uint64_t offset, uint64_t length) override {
    const std::lock_guard lock(disk_.mutex_);
    HOLDFAST_CHECKED(disk_.begin(SimulatedDisk::Kind::read, "map " + path_));
    if (offset + length > node_->now->size())
      return fail(ErrorCode::io, "cannot map beyond the end of " + path_);
    return std::make_unique<SimulatedMapping>(node_->now, offset, length);
  }

 private:
  SimulatedDisk& disk_;
  SimulatedDisk::NodePtr node_;
  std::string path_;
};

void SimulatedDisk::fail_operation(uint64_t n, ErrorCode code, bool from_then_on) {
  fail_at_ = operations_ + n;
  fail_code_ = code;
  fail_on_ = from_then_on;
}

Status SimulatedDisk::begin(Kind kind, const std::string& what) {
  if (power_cut_) return fail(ErrorCode::io, "the power is off: cannot " + what);
  if (kind == Kind::read && !count_reads_) return {};
  const uint64_t number = operations_++;
  history_.push_back(what);
  if (number >= cut_at_) {
    power_cut_ = true;
    return fail(ErrorCode::io, "the power went: cannot " + what);
  }
  if (number == fail_at_ || (fail_on_ && number > fail_at_)) {
    operation_failed_ = true;
    return fail(fail_code_, "told to fail: cannot " + what);
  }
  return {};
}

uint64_t SimulatedDisk::used_locked() const {
  std::set<Node*> nodes;
  uint64_t bytes = 0;
  for (const auto& [path, node] : names_) {
    if (nodes.insert(node.get()).second) bytes += node->now->size();
  }
  return bytes;
}

uint64_t SimulatedDisk::bytes_used() const {
  const std::lock_guard lock(mutex_);
  return used_locked();
}

std::string SimulatedDisk::operation_name(uint64_t number) const {
  const std::lock_guard lock(mutex_);
  return number < history_.size() ? history_[number] : "(none)";
}

Status SimulatedDisk::resize_locked(Node& node, const std::string& path, uint64_t size) {
  const uint64_t before = node.now->size();
  if (size == before) return {};
  if (size > before && used_locked() + (size - before) > space_)
    return fail(ErrorCode::disk_full, "no space for " + path);
  // Mappings keep the old bytes: files of ours are never resized once they are mapped.
  auto resized = std::make_shared<std::vector<std::byte>>(*node.now);
  resized->resize(size);
  node.now = std::move(resized);
  node.size_dirty = true;
  // Bytes cut off and grown again read as zero, so they may differ from what was durable.
  for (uint64_t at = std::min(before, size); at < std::max(before, size); at += sector_bytes)
    node.dirty.insert(at / sector_bytes);
  return {};
}

Status SimulatedDisk::write_locked(Node& node, const std::string& path, uint64_t offset,
                                   std::span<const ByteView> parts) {
  uint64_t bytes = 0;
  for (const ByteView part : parts) bytes += part.size();
  if (offset + bytes > node.now->size())
    HOLDFAST_CHECKED(resize_locked(node, path, offset + bytes));
  uint64_t at = offset;
  for (const ByteView part : parts) {
    if (!part.empty()) std::memcpy(node.now->data() + at, part.data(), part.size());
    at += part.size();
  }
  for (uint64_t sector = offset / sector_bytes; sector * sector_bytes < offset + bytes; ++sector) {
    node.dirty.insert(sector);
    node.lost.erase(sector);
  }
  return {};
}

void SimulatedDisk::sync_locked(Node& node, bool well) {
  if (!well) {
    node.lost.insert(node.dirty.begin(), node.dirty.end());
    node.dirty.clear();
    return;
  }
  node.durable.resize(node.now->size());
  for (const uint64_t sector : node.dirty) {
    const uint64_t from = sector * sector_bytes;
    if (from >= node.now->size()) continue;
    std::memcpy(node.durable.data() + from, node.now->data() + from,
                std::min<uint64_t>(sector_bytes, node.now->size() - from));
  }
  node.dirty.clear();
  node.size_dirty = false;
}

/// What the power cut leaves of a file.
void SimulatedDisk::settle(Node& node) {
  const auto now = node.now;
  const uint64_t style =
      random_() % 4;  // all kept, all dropped, each sector by itself (twice as likely)
  std::vector<std::byte> left = node.durable;
  if (node.size_dirty && style != 1) left.resize(now->size());
  for (const uint64_t sector : node.dirty) {
    const bool kept = style == 0 || (style >= 2 && random_() % 2 == 0);
    const uint64_t from = sector * sector_bytes;
    if (!kept || from >= left.size() || from >= now->size()) continue;
    std::memcpy(left.data() + from, now->data() + from,
                std::min({sector_bytes, left.size() - from, now->size() - from}));
  }
  node.durable = left;
  node.now = std::make_shared<std::vector<std::byte>>(std::move(left));
  node.dirty.clear();
  node.lost.clear();
  node.size_dirty = false;
}

void SimulatedDisk::apply(Names& names, const NameChange& change) {
  if (!change.removed.empty()) names.erase(change.removed);
  if (!change.added.empty()) names[change.added] = change.node;
}

/// Some changes of names got to the disk: all up to a point, or each by itself.
void SimulatedDisk::settle_names() {
  const bool in_order = random_() % 2 == 0;
  const size_t kept = changes_.empty() ? 0 : random_() % (changes_.size() + 1);
  for (size_t i = 0; i < changes_.size(); ++i) {
    const NameChange& change = changes_[i];
    if (in_order ? i >= kept : random_() % 2 == 0) continue;
    // A rename whose file never got its old name cannot have happened.
    if (!change.removed.empty() && !durable_names_.contains(change.removed)) continue;
    apply(durable_names_, change);
  }
  changes_.clear();
  names_ = durable_names_;
}

void SimulatedDisk::power_on() {
  const std::lock_guard lock(mutex_);
  std::set<Node*> settled;
  settle_names();
  for (auto& [path, node] : names_) {
    if (settled.insert(node.get()).second) settle(*node);
  }
  durable_names_ = names_;
  clear_faults();
}

void SimulatedDisk::restart_process() {
  const std::lock_guard lock(mutex_);
  clear_faults();
}

void SimulatedDisk::clear_faults() {
  locks_.clear();
  power_cut_ = false;
  operation_failed_ = false;
  cut_at_ = fail_at_ = UINT64_MAX;
  fail_on_ = false;
}

void SimulatedDisk::flip(const std::string& path, uint64_t offset, unsigned bit) {
  const std::lock_guard lock(mutex_);
  Node& node = *names_.at(path);
  const auto mask = std::byte{static_cast<unsigned char>(1u << bit)};
  node.now->at(offset) ^= mask;
  if (offset < node.durable.size()) node.durable.at(offset) ^= mask;
}

Result<std::unique_ptr<os::File>> SimulatedDisk::open(const std::string& path, os::OpenMode mode) {
  const std::lock_guard lock(mutex_);
  const auto found = names_.find(path);
  const bool creates = mode == os::OpenMode::create_new || mode == os::OpenMode::create_or_open;
  const bool makes_new = found == names_.end() && creates;
  HOLDFAST_CHECKED(
      begin(makes_new ? Kind::change : Kind::read, (makes_new ? "create " : "open ") + path));
  if (found == names_.end() && !creates) return fail(ErrorCode::not_found, "no file " + path);
  if (found != names_.end() && mode == os::OpenMode::create_new)
    return fail(ErrorCode::exists, "there is a file " + path);
  if (!makes_new) return std::make_unique<SimulatedFile>(*this, found->second, path);
  auto node = std::make_shared<Node>();
  names_[path] = node;
  changes_.push_back({.folder = folder_of(path), .removed = {}, .added = path, .node = node});
  return std::make_unique<SimulatedFile>(*this, std::move(node), path);
}

Result<std::vector<std::string>> SimulatedDisk::list(const std::string& folder) {
  const std::lock_guard lock(mutex_);
  HOLDFAST_CHECKED(begin(Kind::read, "list " + folder));
  if (!folders_.contains(folder)) return fail(ErrorCode::not_found, "no folder " + folder);
  std::vector<std::string> found;
  for (const auto& [path, node] : names_) {
    if (folder_of(path) == folder) found.push_back(path.substr(folder.size() + 1));
  }
  return found;
}

Status SimulatedDisk::create_directories(const std::string& folder) {
  const std::lock_guard lock(mutex_);
  HOLDFAST_CHECKED(begin(Kind::read, "make folder " + folder));
  folders_.insert(folder);
  return {};
}

Status SimulatedDisk::rename(const std::string& from, const std::string& to) {
  const std::lock_guard lock(mutex_);
  HOLDFAST_CHECKED(begin(Kind::change, "rename " + from + " to " + to));
  const auto found = names_.find(from);
  if (found == names_.end()) return fail(ErrorCode::not_found, "no file " + from);
  changes_.push_back(
      {.folder = folder_of(from), .removed = from, .added = to, .node = found->second});
  apply(names_, changes_.back());
  return {};
}

Status SimulatedDisk::remove(const std::string& path) {
  const std::lock_guard lock(mutex_);
  HOLDFAST_CHECKED(begin(Kind::change, "remove " + path));
  if (!names_.contains(path)) return fail(ErrorCode::not_found, "no file " + path);
  changes_.push_back({.folder = folder_of(path), .removed = path, .added = {}, .node = nullptr});
  apply(names_, changes_.back());
  return {};
}

Status SimulatedDisk::sync_directory(const std::string& folder) {
  const std::lock_guard lock(mutex_);
  HOLDFAST_CHECKED(begin(Kind::change, "sync folder " + folder));
  std::vector<NameChange> others;
  for (NameChange& change : changes_) {
    if (change.folder == folder) {
      apply(durable_names_, change);
    } else {
      others.push_back(std::move(change));
    }
  }
  changes_ = std::move(others);
  return {};
}

Result<bool> SimulatedDisk::exists(const std::string& path) {
  const std::lock_guard lock(mutex_);
  return names_.contains(path) || folders_.contains(path);
}

Result<os::Space> SimulatedDisk::space(const std::string&) {
  const std::lock_guard lock(mutex_);
  const uint64_t used = used_locked();
  return os::Space{.total_bytes = space_, .usable_bytes = space_ - std::min(used, space_)};
}

Result<std::unique_ptr<os::FileLock>> SimulatedDisk::lock(const std::string& path) {
  const std::lock_guard lock(mutex_);
  HOLDFAST_CHECKED(begin(Kind::read, "lock " + path));
  if (!locks_.insert(path).second) return fail(ErrorCode::locked, "process 1 has it open");
  return std::make_unique<SimulatedLock>(*this, path);
}

}  // namespace holdfast::testing
