#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "base/os/files.h"

namespace holdfast::testing {

/// A file system in memory that keeps only what it promised: bytes survive a power cut if they were
/// synced, names if their folder was. What was not synced may be kept, dropped, or torn at any
/// 512-byte sector, and names may be kept or dropped one by one, as the seed decides. It is harsher
/// than ext4, which journals names in order.
///
/// After a failed sync the pages count as clean, as in Linux: they can still be read, a later sync
/// says yes and writes nothing of them, and a power cut takes them away.
///
/// Operations are counted: everything that changes the disk, and opens, reads and mappings when
/// `count_reads` is on. Any thread.
class SimulatedDisk final : public os::Files {
 public:
  explicit SimulatedDisk(uint64_t seed) : random_(seed) {}

  // --- faults
  /// The power goes when the n-th operation from now (0: the next one) begins: it and all later
  /// ones fail with `io`.
  void cut_power_before(uint64_t n) { cut_at_ = operations_ + n; }
  bool power_was_cut() const { return power_cut_; }
  /// The n-th operation from now fails with `code`; with `from_then_on`, all later ones too.
  void fail_operation(uint64_t n, ErrorCode code, bool from_then_on);
  bool operation_failed() const { return operation_failed_; }
  /// Bytes that all files together may take; more is `disk_full`.
  void set_space(uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    space_ = bytes;
  }
  void count_reads(bool on) { count_reads_ = on; }

  /// Power on again: what had not been synced is kept, dropped or torn. Also without a cut before,
  /// which is then made now.
  void power_on();
  /// The machine stayed on and only the process ended: nothing is lost, but what was not synced is
  /// still not.
  void restart_process();
  /// Flips one bit of the stored bytes, as rot does.
  void flip(const std::string& path, uint64_t offset, unsigned bit);

  // --- what happened
  uint64_t operations() const { return operations_; }
  uint64_t syncs() const { return syncs_; }  // of files
  uint64_t writes() const {
    const std::lock_guard lock(mutex_);
    return writes_;
  }
  uint64_t bytes_used() const;
  /// Names the operation with this number, for the message of a failing test.
  std::string operation_name(uint64_t number) const;

  // --- os::Files
  Result<std::unique_ptr<os::File>> open(const std::string& path, os::OpenMode mode) override;
  Result<std::vector<std::string>> list(const std::string& folder) override;
  Status create_directories(const std::string& folder) override;
  Status rename(const std::string& from, const std::string& to) override;
  Status remove(const std::string& path) override;
  Status sync_directory(const std::string& folder) override;
  Result<bool> exists(const std::string& path) override;
  Result<os::Space> space(const std::string& folder) override;
  Result<std::unique_ptr<os::FileLock>> lock(const std::string& path) override;

 private:
  friend class SimulatedFile;
  friend class SimulatedLock;
  static constexpr uint64_t sector_bytes = 512;
  using Content = std::shared_ptr<std::vector<std::byte>>;

  /// A file apart from its names.
  struct Node {
    Content now = std::make_shared<std::vector<std::byte>>();
    std::vector<std::byte> durable;
    std::set<uint64_t> dirty;  // sectors that differ from `durable` for all anyone knows
    std::set<uint64_t> lost;   // dirty once, then a sync failed: no later sync writes them
    bool size_dirty = false;
  };
  using NodePtr = std::shared_ptr<Node>;
  using Names = std::map<std::string, NodePtr>;
  struct NameChange {
    std::string folder;
    std::string removed;  // empty: none
    std::string added;    // empty: none
    NodePtr node;         // of `added`
  };

  enum class Kind { read, change };
  Status begin(Kind kind, const std::string& what);
  Status write_locked(Node& node, const std::string& path, uint64_t offset,
                      std::span<const ByteView> parts);
  Status resize_locked(Node& node, const std::string& path, uint64_t size);
  void sync_locked(Node& node, bool well);
  uint64_t used_locked() const;
  void settle(Node& node);
  void settle_names();
  void clear_faults();
  static void apply(Names& names, const NameChange& change);

  mutable std::mutex mutex_;
  std::mt19937_64 random_;
  Names names_;
  Names durable_names_;
  std::vector<NameChange> changes_;
  std::set<std::string> folders_;
  std::set<std::string> locks_;
  std::vector<std::string> history_;
  uint64_t operations_ = 0;
  uint64_t syncs_ = 0;
  uint64_t writes_ = 0;
  uint64_t cut_at_ = UINT64_MAX;
  uint64_t fail_at_ = UINT64_MAX;
  ErrorCode fail_code_ = ErrorCode::io;
  bool fail_on_ = false;
  bool power_cut_ = false;
  bool operation_failed_ = false;
  bool count_reads_ = false;
  uint64_t space_ = UINT64_MAX;
};

}  // namespace holdfast::testing
