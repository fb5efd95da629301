#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "cli/demo/input.h"
#include "cli/demo/kills.h"
#include "control/kinds.h"

namespace holdfast::cli::demo {

/// What the audit said of one table.
struct Proven {
  Table table;
  int64_t captured = 0, delivered = 0, lost = 0, doubled = 0, unknown = 0, doubled_in_topics = 0;
  /// Every row of the file was captured and is in the warehouse, once.
  bool good() const {
    return captured == table.rows && delivered == captured && lost == 0 && doubled == 0 &&
           unknown == 0;
  }
};

struct Proof {
  std::vector<Proven> tables;
  std::string report_text;  // as `audit report` prints it
  std::string evidence_file;
  std::string digest;
  bool evidence_accepted = false;
  bool changed_byte_rejected = false;
  uint64_t changed_byte = 0;  // which one

  bool good() const;
};

/// Audits in this process: reads the topics and the warehouse itself, writes the evidence, has it
/// verified, changes one byte of a copy and has that verified too.
Result<Proof> prove(const std::string& config_file,
                    const std::vector<std::pair<std::string, std::string>>& environment,
                    const std::vector<Table>& tables, const control::Kinds& kinds,
                    const std::string& folder, Draw& draw);

}  // namespace holdfast::cli::demo
