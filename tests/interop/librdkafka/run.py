#!/usr/bin/env python3
"""librdkafka's own tests against our broker, compared with the list in docs/reference/clients-librdkafka.md.

  run.py PROGRAM [NUMBER...] [--lane quick|whole] [--suite VERSION] [--jobs N] [--seconds BUDGET] [--keep DIR]

A test that is listed as `open` is one that does not pass yet: it is run only when its number is given, and fails the run
once it passes, so that the list stays true. One process for each number of the suite (0045 has several tests), some at a time, against one broker with num.partitions=4;
those of the scenario `noautocreate` against a second. A number that fails is run once more, alone: the suite judges times.
With numbers only these are run. Exit status: 0 as listed, 1 not so (the lines say which), 77 the suite cannot be had here.
"""
import argparse
import collections
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path.insert(0, str(HERE.parent))
from serving import SKIPPED, Broker  # noqa: E402

LIST = ROOT / "docs" / "reference" / "clients-librdkafka.md"
ROW = re.compile(r"^\| `(\d{4})(\w*)` \| (passed|not applicable|open) \| (quick|whole|) ?\| (.*) \|$", re.M)
SUMMARY = re.compile(r"^\|\x1b\[\d+m (\d{4}\w*) +\| +(\w+) \| +([\d.]+)s \x1b\[0m\|(?:\x1b\[\d+m ?(.*?)\x1b)?", re.M)
# What the suite takes the broker for. 0109 wants an ACL command from 2.1 on, and tests the same without it below.
VERSION, VERSION_OF = "4.3.1", {"0109": "2.0.1"}
TEST_SECONDS = 480
# The slow ones first, so that the last to start is a short one.
FIRST = ["0113", "0104", "0102", "0118", "0050", "0089", "0091", "0093", "0061", "0033", "0034", "0055", "0081", "0103", "0084"]


class Listed(collections.namedtuple("Listed", "name state lane note")):
    def scenario(self):
        return "noautocreate" if "noautocreate" in self.note else "default"

    def parts(self):
        """Those sub-tests (by a piece of their name) that can be run, each in a process of its own; none: it is run as a whole."""
        named = re.search(r"only `([^`]+)`", self.note)
        return named.group(1).split() if named else [None]


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("numbers", nargs="*")
    parser.add_argument("--lane", choices=["quick", "whole"], default="whole")
    parser.add_argument("--suite", help="of this version of librdkafka only; else of each that the list has a table for")
    parser.add_argument("--jobs", type=int, default=6)
    parser.add_argument("--seconds", type=int, default=2400, help="for all; what has not been run then has failed")
    parser.add_argument("--keep", type=pathlib.Path, help="keep the output of each number here")
    parser.add_argument("--bootstrap", help="another broker than ours, already running (to compare)")
    return parser.parse_args()


def listed_tests():
    """Version of librdkafka -> its table in the list."""
    text = re.split(r"^## The same with librdkafka ([\d.]+)$", LIST.read_text(), flags=re.M)
    tables = {}
    for version, table in zip(["2.0.2", *text[1::2]], text[::2]):
        rows = [Listed(number + rest, state, lane, reason) for number, rest, state, lane, reason in ROW.findall(table)]
        tables[version] = {row.name: row for row in rows}
    if len(tables["2.0.2"]) < 80:
        sys.exit(f"run.py: {LIST} has only {len(tables['2.0.2'])} tests")
    return tables


def fetch(version):
    fetched = subprocess.run([ROOT / "tools" / "librdkafka" / "fetch", version], stdout=subprocess.PIPE, text=True, check=False)
    if fetched.returncode != 0:
        print("skipped: librdkafka's tests cannot be had here")
        sys.exit(SKIPPED)
    return pathlib.Path(fetched.stdout.strip())


class Suite:
    """The suite's runner, on a work folder of its own: it leaves files where it stands."""

    def __init__(self, built, keep, listed):
        self.built, self.keep, self.listed = built, keep, listed
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-librdkafka-"))
        self.work = self.folder / "tests"
        self.work.mkdir()
        (self.folder / "src").symlink_to(built / "src")  # one test reads the schema of the statistics there
        for name in ("interceptor_test", "plugin_test", "fixtures", "java"):
            if (built / "tests" / name).exists():
                (self.work / name).symlink_to(built / "tests" / name)
        (self.work / "Makefile").write_text("java:\n\t@true\n.PHONY: java\n")  # fetch has compiled them
        self.until = None

    def run(self, number, part, address, scenario):
        """One number of the suite, or a part of it; answers {test: (state, seconds, what it said)}."""
        conf = self.work / f"{number}-{part}-{scenario}.conf"
        conf.write_text(f"metadata.broker.list={address}\ntest.topic.random=true\ntest.timeout.multiplier=3\n")
        library = f"{self.built / 'src'}:{self.built / 'src-cpp'}"
        environment = {name: value for name, value in os.environ.items() if name != "CI"}
        environment |= {"LD_LIBRARY_PATH": library, "RDKAFKA_TEST_CONF": str(conf), "TESTS": number + "_", "BROKERS": address,
                        "TEST_KAFKA_VERSION": VERSION_OF.get(number, VERSION), "KAFKA_PATH": str(HERE / "kafka")}
        environment |= {"SUBTESTS": part} if part else {}
        command = ["stdbuf", "-oL", self.built / "tests" / "test-runner", "-p1", "-L", "-s", scenario]
        seconds = max(1, min(TEST_SECONDS, self.until - time.monotonic()))
        try:
            done = subprocess.run(command, cwd=self.work, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, timeout=seconds, check=False)
            said = done.stdout.decode(errors="replace")
        except subprocess.TimeoutExpired as late:
            said = (late.stdout or b"").decode(errors="replace") + f"\nended after {seconds:.0f} s\n"
        if self.keep:
            self.keep.mkdir(parents=True, exist_ok=True)
            (self.keep / f"{number}-{part or 'all'}-{scenario}.log").write_text(said)
        return {name: (state, float(took), why) for name, state, took, why in SUMMARY.findall(said)
                if name.startswith(number) and "negative test flags" not in why
                and (name not in self.listed or self.listed[name].scenario() == scenario)}

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def run_all(suite, numbers, address, scenario, jobs, good):
    """Runs the numbers, some at a time; those of which one test is not good once more, alone. Answers what became of each."""
    printing, found = threading.Lock(), {}

    def one(job):
        number, part = job
        results = suite.run(number, part, address, scenario)
        with printing:
            for name, (state, seconds, why) in sorted(results.items()):
                print(f"{state.lower():8} {seconds:7.1f} s  {name} {part or ''} {why}", flush=True)
            if not results:
                print(f"ended             {number} {part or ''}: no summary", flush=True)
        return job, results

    ordered = [n for n in FIRST if n in numbers] + [n for n in numbers if n not in FIRST]
    parts = {name[:4]: row.parts() for name, row in suite.listed.items() if row.scenario() == scenario and row.parts() != [None]}
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        outcomes = dict(pool.map(one, [(number, part) for number in ordered for part in parts.get(number, [None])]))
    for job, results in outcomes.items():
        if not good(job[0], results):
            print(f"again, alone: {job[0]} {job[1] or ''}", flush=True)
            results = one(job)[1] or {name: ("ENDED", 0, "") for name in suite.listed if name.startswith(job[0])}
        for name, result in results.items():
            if found.get(name, ("PASSED",))[0] == "PASSED":  # the worst of its parts
                found[name] = result
    return found


def run_scenario(options, suite, scenario, settings, numbers, good):
    if not numbers:
        return {}
    if options.bootstrap:
        return run_all(suite, numbers, options.bootstrap, scenario, options.jobs, good)
    broker = Broker(str(options.program.resolve()), str(suite.folder / f"data-{scenario}"), settings)
    broker.start()
    try:
        found = run_all(suite, numbers, broker.address, scenario, options.jobs, good)
        if not options.bootstrap:
            broker.stop()
        return found
    finally:
        if broker.process.poll() is None:
            broker.kill()


def wanted_numbers(options, listed):
    """Scenario -> the numbers to run."""
    rows = [row for row in listed.values() if row.state == "passed" and (options.lane == "whole" or row.lane == "quick")]
    if options.numbers:
        rows = [row for row in listed.values() if row.name[:4] in options.numbers]
    numbers = collections.defaultdict(list)
    for row in rows:
        if row.name[:4] not in numbers[row.scenario()]:
            numbers[row.scenario()].append(row.name[:4])
    return rows, numbers


def run_suite(options, version, listed, until):
    """The tests of one version; answers how many passed, and what is not as listed."""
    rows, numbers = wanted_numbers(options, listed)
    if not rows:
        return 0, []
    suite = Suite(fetch(version), options.keep, listed)
    suite.until = until

    def good(number, results):
        mine = [row.name for row in rows if row.name[:4] == number]
        return any(name in results for name in mine) and all(
            state == "PASSED" or listed[name].state != "passed" for name, (state, _, _) in results.items() if name in listed)

    found = {}
    try:
        for scenario, settings in (("default", ["num.partitions=4"]),
                                   ("noautocreate", ["num.partitions=4", "auto.create.topics.enable=false"])):
            found |= run_scenario(options, suite, scenario, settings, numbers[scenario], good)
    finally:
        suite.close()
    became = {row.name: found[row.name][0].lower() if row.name in found else "not run" for row in rows}
    wrong = [f"{version} {row.name}: listed as {row.state}, {became[row.name]}" for row in rows
             if (row.state == "passed") != (became[row.name] == "passed")]
    wrong += [f"{version} {name}: not in the list" for name, (state, _, _) in found.items() if name not in listed and state != "SKIPPED"]
    return sum(state == "PASSED" for state, _, _ in found.values()), wrong


def main():
    options = parse()
    until, passed, wrong = time.monotonic() + options.seconds, 0, []
    for version, listed in listed_tests().items():
        if options.suite in (None, version):
            good, bad = run_suite(options, version, listed, until)
            passed, wrong = passed + good, wrong + bad
    print("\n".join([*wrong, f"{passed} passed, {len(wrong)} wrong"]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
