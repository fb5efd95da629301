#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace holdfast::cli {

// What was asked for, one struct a verb. arguments.cc reads them from the command line; the verb's
// own file carries them out.

struct RunArguments {
  std::string config;
  std::string only;  // empty, "sources" or "pipelines"
  bool once = false;
  bool progress_json = false;
};
struct CheckArguments {
  std::vector<std::string> configs;
  bool connect = false;
  bool schema = false;
  bool reference = false;
  bool json = false;
};
struct BrokerArguments {
  std::string data = "data/broker";
  std::string listen = "127.0.0.1:9092";
  std::optional<std::string> advertised;
  bool insecure = false;
  std::vector<std::string> set;  // NAME=VALUE
  std::optional<std::string> metrics;
  bool verify = false;
  bool json = false;
};
struct AuditReportArguments {
  std::string config;
  std::string evidence;  // empty: none is written
  bool json = false;
};
struct AuditVerifyArguments {
  std::string file;
  std::string digest;  // empty: any
  bool json = false;
};
struct InspectArguments {
  std::string what;  // log, spool, checkpoint, evidence
  std::string path;
  uint64_t frames = 10;
  bool json = false;
};
/// Which failure records are meant.
struct FailuresChosen {
  std::string config;
  std::vector<std::string> ids;  // TOPIC/PARTITION/OFFSET
  std::string topic;             // empty: all of the configuration
  std::string cause, key, pipeline, since, until;
  bool all = false;
};
struct FailuresListArguments {
  FailuresChosen chosen;
  uint64_t limit = 100;
  bool json = false;
};
struct FailuresExportArguments {
  FailuresChosen chosen;
};
struct FailuresReplayArguments {
  FailuresChosen chosen;
  bool json = false;
};
struct FailuresDropArguments {
  FailuresChosen chosen;
  std::string who, why;
  bool yes = false;
};
struct FailuresShowArguments {
  std::string config;
  std::string id;  // TOPIC/PARTITION/OFFSET, as `list` prints it
  bool json = false;
};
struct RepairArguments {
  std::string config;
  bool once = false;
  std::string schedule;  // as cron has it; empty: none
  bool on_health = false;
  bool dry_run = false;
  double rate = 0;
  size_t concurrency = 1'024;
  std::string since;
  std::string pipeline;
  uint64_t max = 0;  // 0: all
  int32_t attempts = 5;
  bool json = false;
};
struct DemoArguments {
  std::string story = "flights";  // or "datacentres"
  std::string input;
  std::string folder = "demo-data";
  std::optional<uint64_t> seed;
  int64_t kills = 3;
  int64_t orders = 60'000;
  bool json = false;
};
struct VersionArguments {
  bool json = false;
};
struct NoArguments {};  // no verb: the tour

using Arguments =
    std::variant<NoArguments, RunArguments, CheckArguments, BrokerArguments, AuditReportArguments,
                 AuditVerifyArguments, InspectArguments, FailuresListArguments,
                 FailuresShowArguments, FailuresExportArguments, FailuresReplayArguments,
                 FailuresDropArguments, RepairArguments, DemoArguments, VersionArguments>;

/// The arguments, or the exit code when there is nothing left to do: help was printed, or the
/// command line is wrong (and that was said).
std::variant<Arguments, int> parse_arguments(int argc, char** argv);

}  // namespace holdfast::cli
