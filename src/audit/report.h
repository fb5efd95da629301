#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "audit/compare.h"

namespace holdfast::audit {

/// A source in a store, all its epochs together.
struct SourceRow {
  std::string source;
  Balance balance;
};

/// One store (or, with an empty name, topics that no store takes from).
struct StoreReport {
  std::string pipeline;
  std::string store;
  std::vector<SourceRow> sources;  // by name
  Balance total() const;
};

/// What was read of one partition.
struct TopicRange {
  std::string topic;
  int32_t partition = 0;
  int64_t first_offset = 0;  // the oldest that is kept
  int64_t end_offset = 0;    // behind the last that was read
  uint64_t events = 0;       // stamped by us
  uint64_t foreign = 0;      // without a stamp: not judged
};

/// The result of an audit.
struct Report {
  std::vector<StoreReport> stores;
  std::vector<TopicRange> topics;
  std::vector<event::Finding> findings;  // every wrong id, up to the bound
  uint64_t findings_unnamed = 0;
  std::vector<std::string> limits;  // what this audit cannot see, in words
  std::string digest;               // of the evidence
  uint64_t windows = 0;

  /// Nothing lost, doubled or unknown in any store.
  bool clean() const;
  uint64_t captured() const;
  /// With no finding in N events, the share of wrong ones is at most 3/N with 95 % confidence (rule
  /// of three). 1 for N = 0.
  static double bound_without_findings(uint64_t events);

  std::string to_json() const;
  /// A table for people. Ends with a newline.
  std::string to_text() const;
};

}  // namespace holdfast::audit
