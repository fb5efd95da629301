#include <array>
#include <fmt/format.h>

#include "base/json_writer.h"
#include "base/log_line.h"
#include "base/os/files.h"
#include "base/os/random.h"
#include "base/os/signals.h"
#include "cli/cli.h"
#include "cli/demo/chaos.h"
#include "cli/demo/datacentres.h"
#include "cli/demo/example.h"
#include "cli/demo/folder.h"
#include "cli/demo/input.h"
#include "cli/demo/proof.h"
#include "cli/demo/screen.h"
#include "cli/output.h"
#include "cli/verbs.h"
#include "control/query.h"

namespace holdfast::cli {
namespace {

using namespace demo;

constexpr const char* answer_sql =
    "SELECT string_agg(format('  {:<28}{:>9}{:>18.1f}', airline, n, delay), chr(10) ORDER BY n "
    "DESC) FROM ("
    "SELECT airline, count(*) AS n, avg(dep_delay) AS delay FROM flights GROUP BY airline)";

constexpr std::string_view leavings[] = {"broker",
                                         "spool",
                                         "input",
                                         "logs",
                                         "warehouse.duckdb",
                                         "warehouse.duckdb.wal",
                                         "evidence.jsonl",
                                         "evidence.jsonl.changed",
                                         "report.json"};

uint64_t random_seed() {
  std::array<std::byte, 8> bytes;
  os::random_bytes(bytes);
  return load_le<uint64_t>(bytes.data()) % 1'000'000;
}

std::string report_json(const Proof& proof, const Chaos::Kills& kills, uint64_t seed,
                        int64_t warehouse_rows, const std::string& elapsed) {
  JsonWriter json;
  json.begin_object().member("good", proof.good()).key("sources").begin_object();
  for (const Proven& table : proof.tables) {
    json.key(table.table.source).begin_object().member("rows_in_file", table.table.rows);
    json.member("captured", table.captured)
        .member("delivered", table.delivered)
        .member("lost", table.lost);
    json.member("doubled", table.doubled).member("unknown", table.unknown);
    json.member("doubled_in_topics", table.doubled_in_topics).end_object();
  }
  json.end_object()
      .key("kills")
      .begin_object()
      .member("broker", kills.broker)
      .member("source", kills.source);
  json.member("pipeline", kills.pipeline).end_object().member("warehouse_rows", warehouse_rows);
  json.key("evidence")
      .begin_object()
      .member("file", proof.evidence_file)
      .member("digest", proof.digest);
  json.member("accepted", proof.evidence_accepted)
      .member("changed_byte_rejected", proof.changed_byte_rejected)
      .end_object();
  return json.member("seed", seed).member("took", elapsed).end_object().take() + "\n";
}

class Demo {
 public:
  explicit Demo(const DemoArguments& arguments, const control::Kinds& kinds)
      : arguments_(arguments),
        kinds_(kinds),
        seed_(arguments.seed ? *arguments.seed : random_seed()),
        draw_(seed_),
        screen_(arguments.json) {}

  Status run() {
    HOLDFAST_CHECKED(prepare_folder(arguments_.folder, leavings));
    HOLDFAST_CHECKED(write_config(arguments_.folder, "flights.yaml", std::string(example_config),
                                  "${DEMO:-demo-data}"));
    HOLDFAST_CHECKED(os::real_files().create_directories(arguments_.folder + "/logs"));
    const std::vector<Table> tables =
        HOLDFAST_TRY(split_flights(arguments_.input, arguments_.folder + "/input"));
    int64_t rows = 0;
    std::string each;
    for (const Table& table : tables) {
      rows += table.rows;
      each += fmt::format("{}{} {}", each.empty() ? "" : ", ", table.airport, grouped(table.rows));
    }
    screen_.say(fmt::format("{} flights as three tables ({}) -> spool -> broker -> SQL -> DuckDB.",
                            grouped(rows), each));
    screen_.say(fmt::format("Seed {}: repeat the draws with --seed {}.", seed_, seed_));
    Chaos chaos(arguments_.folder, rows, arguments_.kills, draw_, screen_, stop_);
    HOLDFAST_CHECKED(chaos.run());
    screen_.say(fmt::format("  {:>7}  everything is carried; now the proof", screen_.elapsed()));
    const Proof proof = HOLDFAST_TRY(prove(arguments_.folder + "/flights.yaml", chaos.environment(),
                                           tables, kinds_, arguments_.folder, draw_));
    HOLDFAST_CHECKED(chaos.stop_broker());
    return conclude(proof, chaos.kills(), rows);
  }

 private:
  Status conclude(const Proof& proof, const Chaos::Kills& kills, int64_t rows) {
    const std::string warehouse = arguments_.folder + "/warehouse.duckdb";
    const std::string count =
        HOLDFAST_TRY(control::query_text(warehouse, "SELECT count(*)::VARCHAR FROM flights"));
    const std::string report =
        report_json(proof, kills, seed_, std::stoll(count), screen_.elapsed());
    HOLDFAST_CHECKED(
        os::replace_file(os::real_files(), arguments_.folder + "/report.json", as_bytes(report)));
    if (arguments_.json) print(report);
    screen_.say("\n" + proof.report_text);
    screen_.say(fmt::format("Killed with -9: broker {}x, source {}x, pipeline {}x.", kills.broker,
                            kills.source, kills.pipeline));
    screen_.say(fmt::format("Evidence {}: {}; with byte {} changed: {}.", proof.evidence_file,
                            proof.evidence_accepted ? "accepted" : "REJECTED", proof.changed_byte,
                            proof.changed_byte_rejected ? "rejected" : "ACCEPTED"));
    if (!proof.good() || std::stoll(count) != rows) {
      return fail(ErrorCode::corrupt,
                  fmt::format("the job was NOT carried out exactly: {} rows in the warehouse of "
                              "{}; see the report above and {}/report.json",
                              count, rows, arguments_.folder));
    }
    screen_.say("\n  airline                       flights  mean delay, min");
    screen_.say(HOLDFAST_TRY(control::query_text(warehouse, answer_sql)));
    tell_what_next();
    return {};
  }

  void tell_what_next() {
    const std::string& folder = arguments_.folder;
    screen_.say(fmt::format(
        "\nDone in {}. What to try next:\n"
        "  build/holdfast audit verify {}/evidence.jsonl\n"
        "  build/holdfast audit report {}/flights.yaml      the proof again, from the topics and "
        "the warehouse\n"
        "  build/holdfast inspect log {}/broker             what is in the broker's log\n"
        "  build/holdfast check {}/flights.yaml             change something in it first\n"
        "  $EDITOR {}/flights.yaml                          then: build/holdfast run "
        "{}/flights.yaml",
        screen_.elapsed(), folder, folder, folder, folder, folder, folder));
  }

  const DemoArguments arguments_;
  const control::Kinds& kinds_;
  os::StopSignal stop_;
  const uint64_t seed_;
  Draw draw_;
  Screen screen_;
};

int run_datacentres(const DemoArguments& arguments) {
  const os::StopSignal stop;
  Screen screen(arguments.json);
  Draw draw(arguments.seed ? *arguments.seed : random_seed());
  Datacentres demo(arguments.folder, arguments.orders, arguments.kills, draw, screen, stop);
  const Status ended = demo.run();
  if (!ended) return failed(ended.error());
  if (arguments.json) print(demo.report());
  return exit_ok;
}

}  // namespace

int run_demo(const DemoArguments& arguments, const control::Kinds& kinds) {
  set_log_level(LogLevel::error);  // the processes have logs of their own
  if (arguments.story == "datacentres") return run_datacentres(arguments);
  if (arguments.input.empty()) {
    complain("demo: --input is needed: the folder with flights.csv (tools/demo/fetch)");
    return exit_usage;
  }
  const Status ended = Demo(arguments, kinds).run();
  if (!ended) return failed(ended.error());
  return exit_ok;
}

}  // namespace holdfast::cli
