#include "cli/arguments.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fmt/format.h>

#include "cli/cli.h"
#include "settings/suggest.h"

// The only file that knows CLI11.

namespace holdfast::cli {
namespace {

constexpr const char* about =
    "Carries events through Kafka into stores, exactly once in effect, and proves it id by id.";

constexpr const char* exit_codes =
    "Exit codes: 0 done; 1 it failed; 2 it was done and found something wrong (lost or doubled "
    "events,\n"
    "damage, a forged file); 64 the command line is wrong; 78 the configuration is wrong.";

/// A verb: its place among CLI11's subcommands, and what to answer when it was the one given.
struct Verb {
  CLI::App* app;
  std::function<Arguments()> result;
};

class CommandLine {
 public:
  CommandLine() : app_(about, "holdfast") {
    app_.footer(exit_codes);
    app_.set_version_flag("--version", std::string("holdfast ") + HOLDFAST_VERSION);
    app_.allow_extras();
    app_.get_formatter()->column_width(34);
    app_.get_formatter()->label("SUBCOMMAND", "VERB");
    app_.get_formatter()->label("Positionals", "Arguments");
    add_run();
    add_check();
    add_broker();
    add_audit();
    add_inspect();
    add_failures();
    add_repair();
    add_demo();
    add_version();
  }

  std::variant<Arguments, int> parse(int argc, char** argv) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::Success& asked) {  // --help, --version
      return app_.exit(asked);
    } catch (const CLI::ParseError& error) {
      return wrong(error.what());
    }
    for (const Verb& verb : verbs_) {
      if (!verb.app->parsed()) continue;
      const std::vector<std::string> extras = verb.app->remaining();
      if (!extras.empty()) return unknown(*verb.app, extras.front());
      return verb.result();
    }
    for (CLI::App* group : groups_) {
      if (!group->parsed()) continue;
      const std::vector<std::string> extras = group->remaining();
      if (!extras.empty()) return unknown(*group, extras.front());
      fmt::print("{}", group->help());
      return exit_usage;
    }
    const std::vector<std::string> extras = app_.remaining(true);
    if (!extras.empty()) return unknown(app_, extras.front());
    return NoArguments{};
  }

 private:
  CLI::App* verb(CLI::App& parent, const char* name, const char* what,
                 std::function<Arguments()> result) {
    CLI::App* added = parent.add_subcommand(name, what)->group("Verbs");
    added->allow_extras();
    added->fallthrough(false);
    verbs_.push_back({added, std::move(result)});
    return added;
  }

  /// A verb that only groups others: alone it prints its help.
  CLI::App* group(const char* name, const char* what) {
    CLI::App* added = app_.add_subcommand(name, what)->group("Verbs");
    added->allow_extras();
    groups_.push_back(added);
    return added;
  }

  /// How help calls the value of an option: not by its type and its checks, which answer for
  /// themselves. Its default, if it was captured, stands behind it.
  static CLI::Option* shown(const std::string& what, CLI::Option* option) {
    const std::string usual = option->get_default_str();
    return option->option_text(usual.empty() ? what : what + " (" + usual + ")");
  }
  static void add_config(CLI::App* app, std::string& config) {
    shown("FILE", app->add_option("config", config, "The configuration")->required());
  }
  static void example(CLI::App* app, const std::string& lines) {
    app->footer("For example:\n" + lines + "\n" + exit_codes);
  }

  static void add_json(CLI::App* app, bool& flag) {
    app->add_flag("--json", flag, "Print the report as JSON");
  }

  void add_run() {
    auto* app = verb(app_, "run", "Run what a configuration says, until it is stopped",
                     [this] { return run_; });
    add_config(app, run_.config);
    shown("sources|pipelines", app->add_option("--only", run_.only, "Run only one half")
                                   ->check(CLI::IsMember({"sources", "pipelines"})));
    app->add_flag("--once", run_.once, "Stop when everything that is there now has been carried");
    app->add_flag("--progress-json", run_.progress_json,
                  "Print counters as one JSON line about every 25 ms");
    example(app,
            "  holdfast run orders.yaml              until Ctrl-C; a start after kill -9 goes on\n"
            "  holdfast run orders.yaml --once       what is there now\n");
  }

  void add_check() {
    auto* app = verb(app_, "check", "Report every fault of a configuration, at line and column",
                     [this] { return check_; });
    shown("FILE ...", app->add_option("config", check_.configs, "Configurations"));
    app->add_flag("--connect", check_.connect,
                  "Also try each file, store and broker that it names");
    app->add_flag("--schema", check_.schema,
                  "Print the JSON Schema of configurations, for editors");
    app->add_flag("--reference", check_.reference,
                  "Print the reference of all settings, as Markdown");
    add_json(app, check_.json);
  }

  void add_broker() {
    auto* app =
        verb(app_, "broker", "Run the broker alone; prints `ready HOST:PORT` when it serves",
             [this] { return broker_; });
    shown("DIR", app->add_option("--data", broker_.data, "The folder of its log; made if missing")
                     ->capture_default_str());
    shown("HOST:PORT",
          app->add_option("--listen", broker_.listen, "Where to serve; port 0 is any free one")
              ->capture_default_str());
    shown("HOST:PORT", app->add_option("--advertised", broker_.advertised,
                                       "What clients are told; by default where it listens"));
    app->add_flag("--insecure", broker_.insecure,
                  "Allow other machines, although nobody is authenticated");
    shown("NAME=VALUE", app->add_option("--set", broker_.set,
                                        "A setting by Kafka's name; may be given several times")
                            ->allow_extra_args(false));
    shown("HOST:PORT", app->add_option("--metrics", broker_.metrics,
                                       "Serve /metrics (Prometheus) and /ready there, by HTTP"));
    app->add_flag("--verify", broker_.verify, "Check the data folder, read only, and exit");
    add_json(app, broker_.json);
    example(
        app,
        "  holdfast broker --data data/broker --set num.partitions=4 --metrics 127.0.0.1:9100\n");
  }

  void add_audit() {
    auto* audit = group("audit", "Prove what arrived: lost, doubled and unknown events by id");
    auto* report =
        verb(*audit, "report", "Read topics and stores, compare, name every id that is wrong",
             [this] { return audit_report_; });
    add_config(report, audit_report_.config);
    shown("FILE", report->add_option("--evidence", audit_report_.evidence,
                                     "Write down what was seen, for `audit verify`"));
    add_json(report, audit_report_.json);
    auto* verify = verb(*audit, "verify", "Check that an evidence file is whole and unchanged",
                        [this] { return audit_verify_; });
    shown("FILE", verify->add_option("file", audit_verify_.file, "The evidence")->required());
    shown("HEX", verify->add_option("--digest", audit_verify_.digest,
                                    "As it was noted elsewhere; any other file is rejected"));
    add_json(verify, audit_verify_.json);
  }

  void add_inspect() {
    auto* app = verb(app_, "inspect", "Look into a file or folder of ours, read only",
                     [this] { return inspect_; });
    shown("log|spool|checkpoint|evidence",
          app->add_option("what", inspect_.what, "What it is")
              ->required()
              ->check(CLI::IsMember({"log", "spool", "checkpoint", "evidence"})));
    shown("PATH", app->add_option("path", inspect_.path, "The folder or file")->required());
    shown("N", app->add_option("--frames", inspect_.frames, "How many frames or lines to list")
                   ->capture_default_str());
    add_json(app, inspect_.json);
  }

  void add_failures() {
    auto* failures = group("failures", "The events that a store or a source did not take");
    auto* list = verb(*failures, "list", "One line for each refused event: where it is, and why",
                      [this] { return list_; });
    add_chosen(list, list_.chosen);
    list->add_flag("--all", list_.chosen.all, "Also what is repaired, superseded or dropped");
    shown("N", list->add_option("--limit", list_.limit, "At most so many")->capture_default_str());
    add_json(list, list_.json);
    auto* show = verb(*failures, "show", "Everything that is known of one refused event",
                      [this] { return show_; });
    add_config(show, show_.config);
    shown("TOPIC/PARTITION/OFFSET",
          show->add_option("id", show_.id, "As `list` prints it")->required());
    add_json(show, show_.json);
    auto* out = verb(*failures, "export", "Whole records, one JSON object a line",
                     [this] { return export_; });
    add_chosen(out, export_.chosen);
    out->add_flag("--all", export_.chosen.all, "Also what is repaired, superseded or dropped");
    auto* replay =
        verb(*failures, "replay", "Apply them once more, rejected and quarantined ones too",
             [this] { return replay_; });
    add_chosen(replay, replay_.chosen);
    replay->add_flag("--all", replay_.chosen.all, "Everything that is not settled");
    add_json(replay, replay_.json);
    auto* drop = verb(*failures, "drop", "Mark them as never to be applied, with who and why",
                      [this] { return drop_; });
    add_chosen(drop, drop_.chosen);
    drop->add_flag("--all", drop_.chosen.all, "Everything that is not settled");
    shown("TEXT", drop->add_option("--why", drop_.why, "The reason, kept with them; must be given")
                      ->required());
    shown("NAME", drop->add_option("--who", drop_.who, "Who decides; by default the user's name"));
    drop->add_flag("--yes", drop_.yes, "Do not ask");
    example(drop, "  holdfast failures drop orders.yaml --cause payload --why 'test data'\n");
    example(replay, "  holdfast failures replay orders.yaml orders.failures/0/17\n");
  }

  static void add_chosen(CLI::App* app, FailuresChosen& chosen) {
    add_config(app, chosen.config);
    shown("TOPIC/PARTITION/OFFSET ...",
          app->add_option("id", chosen.ids, "Only these, as `list` prints them"));
    shown("TOPIC", app->add_option("--topic", chosen.topic, "Only this failure queue"));
    shown("TEXT",
          app->add_option("--cause", chosen.cause, "The code of the cause, or a part of its text"));
    shown("TEXT", app->add_option("--key", chosen.key, "Only events with this key"));
    shown("NAME", app->add_option("--pipeline", chosen.pipeline, "Only of this pipeline"));
    shown("TIME", app->add_option("--since", chosen.since,
                                  "Failed then or later: 2026-11-21T08:00:00Z, or 2h ago"));
    shown("TIME", app->add_option("--until", chosen.until, "Failed then or before"));
  }

  void add_repair() {
    auto* repair = group("repair", "Bring what a data center missed to it");
    auto* app = verb(*repair, "run", "Re-apply, read back there, mark done; tell how many",
                     [this] { return repair_; });
    add_config(app, repair_.config);
    auto* once = app->add_flag("--once", repair_.once, "What waits now, then end (the default)");
    auto* schedule = shown("CRON", app->add_option("--schedule", repair_.schedule,
                                                   "Stay, and repair when cron would, in UTC"));
    auto* health = app->add_flag("--on-health", repair_.on_health,
                                 "Stay, and repair as soon as a store is back");
    once->excludes(schedule)->excludes(health);
    schedule->excludes(health);
    once->option_text(" ");  // which others it excludes is said when they are given together
    health->option_text(" ");
    app->add_flag("--dry-run", repair_.dry_run, "Only count what waits, by cause");
    shown("N", app->add_option("--rate", repair_.rate, "Records a second, at most")
                   ->check(CLI::PositiveNumber));
    shown("N", app->add_option("--concurrency", repair_.concurrency, "Records under way at a time")
                   ->check(CLI::Range(1, 100'000))
                   ->capture_default_str());
    shown("TIME", app->add_option("--since", repair_.since,
                                  "Only what failed then or later: a time, or 2h ago"));
    shown("NAME", app->add_option("--pipeline", repair_.pipeline, "Only of this pipeline"));
    shown("N", app->add_option("--max", repair_.max, "At most so many of each data center"));
    shown("N",
          app->add_option("--attempts", repair_.attempts, "After so many a record is quarantined")
              ->check(CLI::Range(1, 1'000))
              ->capture_default_str());
    example(app,
            "  holdfast repair run shop.yaml --dry-run\n"
            "  holdfast repair run shop.yaml --schedule '0 * * * *'\n");
    add_json(app, repair_.json);
  }

  void add_demo() {
    auto* app = verb(app_, "demo", "The main job on real flights, killed at will, then proven",
                     [this] { return demo_; });
    shown(
        "flights|datacentres",
        app->add_option("story", demo_.story,
                        "Three tables into a warehouse; or two data centers, of which one is away")
            ->check(CLI::IsMember({"flights", "datacentres"})));
    shown("DIR", app->add_option("--input", demo_.input,
                                 "flights: flights.csv and airlines.csv (tools/demo/fetch)"));
    shown("N", app->add_option("--orders", demo_.orders, "datacentres: how many")
                   ->check(CLI::Range(300, 10'000'000))
                   ->capture_default_str());
    shown("DIR", app->add_option("--folder", demo_.folder, "Where it works and leaves its results")
                     ->capture_default_str());
    shown("N", app->add_option("--kills", demo_.kills, "Kills of each process, at least")
                   ->check(CLI::Range(0, 20))
                   ->capture_default_str());
    shown("N", app->add_option("--seed", demo_.seed, "Repeat the draws of an earlier run"));
    add_json(app, demo_.json);
  }

  void add_version() {
    auto* app = verb(app_, "version", "What this program is, and what it is built with",
                     [this] { return version_; });
    add_json(app, version_.json);
  }

  int wrong(const std::string& what) {
    fmt::print(stderr, "holdfast: {}\nTry `holdfast {}--help`.\n", what, given_verbs());
    return exit_usage;
  }

  std::string given_verbs() const {
    std::string path;
    for (const CLI::App* at = &app_; !at->get_subcommands().empty();) {
      at = at->get_subcommands().front();
      path += at->get_name() + " ";
    }
    return path;
  }

  /// Something that no verb knows; with the nearest thing that it does know.
  int unknown(const CLI::App& app, const std::string& given) {
    std::vector<std::string> known;
    const bool option = given.starts_with('-');
    if (option) {
      for (const CLI::Option* known_option : app.get_options()) {
        for (const std::string& name : known_option->get_lnames()) known.push_back("--" + name);
      }
    } else {
      for (const CLI::App* verb : app.get_subcommands({})) known.push_back(verb->get_name());
    }
    const std::string name = given.substr(0, given.find('='));
    return wrong(fmt::format("unknown {} \"{}\"{}",
                             option          ? "option"
                             : known.empty() ? "argument"
                                             : "verb",
                             given, settings::suggestion(name, known)));
  }

  CLI::App app_;
  std::vector<Verb> verbs_;
  std::vector<CLI::App*> groups_;
  RunArguments run_;
  CheckArguments check_;
  BrokerArguments broker_;
  AuditReportArguments audit_report_;
  AuditVerifyArguments audit_verify_;
  InspectArguments inspect_;
  FailuresListArguments list_;
  FailuresShowArguments show_;
  FailuresExportArguments export_;
  FailuresReplayArguments replay_;
  FailuresDropArguments drop_;
  RepairArguments repair_;
  DemoArguments demo_;
  VersionArguments version_;
};

}  // namespace

std::variant<Arguments, int> parse_arguments(int argc, char** argv) {
  return CommandLine().parse(argc, argv);
}

}  // namespace holdfast::cli
