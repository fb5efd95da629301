"""The same requests to a real Apache Kafka and to our broker: the answers are equal but for ids, times, words, and what
docs/reference/differences.md lists with its reason. Every entry of that list must be needed.

  differential.py HOLDFAST [--only AREA]... [--show STEP]      exit status 77: there is no Kafka here"""
import argparse
import contextlib
import fnmatch
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

import client_areas
import cluster_areas
import crossed_areas
import group_areas
import record_areas
import topic_areas
from schema import Schemas
from target import Target

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SKIPPED, START_SECONDS = 77, 120
AREAS = [topic_areas.versions, topic_areas.topics, topic_areas.configs, record_areas.produce, record_areas.idempotence,
         record_areas.fetch, record_areas.fetch_sessions, record_areas.offsets, record_areas.records_deleted,
         group_areas.groups, group_areas.group_offsets, group_areas.transactions, cluster_areas.cluster,
         cluster_areas.admin, cluster_areas.framing, client_areas.ids, client_areas.special_times, client_areas.members,
         client_areas.sideways, client_areas.refused, *crossed_areas.AREAS]


@contextlib.contextmanager
def serving(folder, program):
    """Both brokers; answers their addresses: ours, Kafka's."""
    port_file = folder / "port"
    ours = subprocess.Popen([program, "broker", "--data", folder / "ours", "--listen", "127.0.0.1:0",
                             "--set", "group.initial.rebalance.delay.ms=0",
                             "--set", "holdfast.replication.factor.clamp=false", "--set", "log.retention.ms=-1"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    kafka = subprocess.Popen([sys.executable, ROOT / "tools/kafka/run", "--data", folder / "kafka", "--port-file",
                              port_file, "--quick", "--property", "log.retention.ms=-1"], stdout=subprocess.DEVNULL)
    try:
        address = ours.stdout.readline().split()[1]
        end = time.monotonic() + START_SECONDS
        while not port_file.exists():
            if kafka.poll() is not None or time.monotonic() > end:
                sys.exit("Apache Kafka does not start")
            time.sleep(0.05)
        yield address, port_file.read_text().strip()
    finally:
        for process in (ours, kafka):
            process.terminate()
        for process in (ours, kafka):
            process.wait(60)


def run(target, areas):
    for area in areas:
        target.links.clear()
        try:
            area(target)
        except Exception as error:  # one area's end is a difference, and the others go on
            target.answers.append((f"{area.__name__}/broke off", repr(error)))


KEYS = ("ApiKey", "Name", "ConfigName", "GroupId", "TopicName", "Topic", "BrokerId", "NodeId", "PartitionIndex",
        "Partition", "Index", "ResourceName", "TransactionalId")


def key_of(each):
    return next((str(each[key]) for key in KEYS if each.get(key) is not None), None) if isinstance(each, dict) else None


def by_key(items):
    """A list as a dict, if its items have keys of their own."""
    keys = [key_of(each) for each in items]
    return dict(zip(keys, items)) if None not in keys and len(set(keys)) == len(keys) else None


def compare(path, kafka, ours):
    """(path, Kafka's, ours) of each difference; of a list's items that only one has, one each."""
    if isinstance(kafka, list) and isinstance(ours, list):
        keyed = by_key(kafka), by_key(ours)
        if None in keyed:
            if len(kafka) != len(ours):
                yield f"{path}.count", len(kafka), len(ours)
            for mine, theirs in zip(kafka, ours):
                yield from compare(path, mine, theirs)
            return
        kafka, ours = keyed
    if isinstance(kafka, dict) and isinstance(ours, dict):
        for name in dict.fromkeys([*kafka, *ours]):
            inner = f"{path}.{name}" if path else name
            if name not in kafka or name not in ours:
                yield inner, kafka.get(name, "absent"), ours.get(name, "absent")
            else:
                yield from compare(inner, kafka[name], ours[name])
    elif kafka != ours:
        yield path or "answer", kafka, ours


def differences(kafka, ours):
    """(step, path, Kafka's, ours)"""
    kafka, ours = dict(kafka), dict(ours)
    for title in dict.fromkeys([*kafka, *ours]):
        if title not in kafka or title not in ours:
            yield title, "step", kafka.get(title, "not there"), ours.get(title, "not there")
            continue
        for path, theirs, mine in compare("", kafka[title], ours[title]):
            yield title, path, theirs, mine


class Allowed:
    """The rows of the document's table: | step | field | why |, both as shell patterns between back quotes."""

    def __init__(self, path):
        self.rows = [(step, field) for step, field in re.findall(r"^\| `([^`]+)` \| `([^`]+)` \|", path.read_text(), re.M)
                     if not step.startswith("tools/")]  # those are tools.py's
        self.used = set()

    def has(self, step, field):
        found = {row for row in self.rows if fnmatch.fnmatchcase(step, row[0]) and fnmatch.fnmatchcase(field, row[1])}
        self.used |= found
        return bool(found)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--show", default="", help="print both answers to steps like this")
    options = parser.parse_args()
    try:
        libs = subprocess.run([ROOT / "tools/kafka/fetch"], capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"skipped: no Apache Kafka: {getattr(error, 'stderr', error)}")
        sys.exit(SKIPPED)
    areas = [area for area in AREAS if not options.only or area.__name__ in options.only]
    folder = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-differential-"))
    try:
        with serving(folder, options.program) as (ours_at, kafka_at):
            schemas = Schemas(libs)
            ours, kafka = Target(schemas, ours_at, "holdfast"), Target(schemas, kafka_at, "Kafka")
            threads = [threading.Thread(target=run, args=(target, areas)) for target in (ours, kafka)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    for title, answer in kafka.answers:
        if options.show and fnmatch.fnmatchcase(title, options.show):
            print(title, "\n  Kafka", json.dumps(answer), "\n  ours ", json.dumps(dict(ours.answers).get(title)))
    allowed = Allowed(ROOT / "docs/reference/differences.md")
    bad = [each for each in differences(kafka.answers, ours.answers) if not allowed.has(each[0], each[1])]
    for title, path, theirs, mine in bad:
        print(f"{title}: {path}: Kafka {str(theirs)[:300]!r}, ours {str(mine)[:300]!r}")
    idle = [] if options.only else [row for row in allowed.rows if row not in allowed.used]
    for step, field in idle:
        print(f"not needed any more: {step} {field}")
    print(f"{len(kafka.answers)} steps, {len(bad)} differences that are not allowed, {len(allowed.rows)} that are")
    sys.exit(1 if bad or idle else 0)


if __name__ == "__main__":
    main()
