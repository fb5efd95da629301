"""From a topic into Apache Cassandra of two data centers, beside the Java driver's plain inserts at the same concurrency; what the
handling of failures costs while nothing fails; and what the loss of a data center costs the writing."""
import json
import os
import shutil
import signal
import statistics
import subprocess
import time

from . import process
from .servers import BUILD, CACHE, ROOT, Holdfast

DATACENTERS = ("amsterdam", "frankfurt")
COLUMNS = "id bigint PRIMARY KEY, body text, ce_source text, ce_epoch bigint, ce_sequence bigint"
VALUE_BYTES = 200
WARM_UP_ROWS = 100_000
KEYSPACE = "CREATE KEYSPACE bench WITH replication = {'class': 'NetworkTopologyStrategy', 'amsterdam': 1, 'frankfurt': 1}"


def driver_classpath():
    libs = CACHE / "cassandra-driver-4.19.0" / "libs"
    if not (libs / ".complete").exists():
        subprocess.run([ROOT / "tools" / "cassandra" / "fetch", "--driver"], check=True, stdout=subprocess.DEVNULL)
    return f"{libs}/*"


class Cluster:
    """Both nodes, with the settings that are for figures."""

    def __init__(self, folder):
        self.folder, self.nodes, self.address = folder, {}, {}

    def start(self):
        fresh = [dc for dc in DATACENTERS if dc not in self.nodes]
        for dc in fresh:
            self.nodes[dc] = subprocess.Popen(
                [ROOT / "tools" / "cassandra" / "run", "--cluster", self.folder, "--dc", dc, "--port-file", self.folder / f"{dc}.port",
                 "--pid-file", self.folder / f"{dc}.pid", "--fast", "--heap", "800m"], stdout=subprocess.PIPE, text=True)
        for dc in fresh:
            word, _, self.address[dc] = self.nodes[dc].stdout.readline().strip().partition(" ")
            if word != "ready":
                raise RuntimeError(f"Cassandra of {dc} did not start")

    def pid(self, dc):
        return int((self.folder / f"{dc}.pid").read_text())

    def kill(self, dc):
        os.kill(self.pid(dc), signal.SIGKILL)
        self.nodes.pop(dc).wait()

    def freeze(self, dc):
        """It stands still, and every connection to it stays open."""
        os.kill(self.pid(dc), signal.SIGSTOP)

    def thaw(self, dc):
        os.kill(self.pid(dc), signal.SIGCONT)

    def warm_up(self, through=("amsterdam",)):
        """Java compiles itself while it works: a server that has just been started is three times as slow, and so is one that has not
        been asked by clients yet. And after an outage, until both data centers take writes again."""
        self.cql(f"CREATE TABLE IF NOT EXISTS bench.warm ({COLUMNS})")
        for dc in through:
            for level in ("LOCAL_QUORUM", "EACH_QUORUM"):
                until = time.monotonic() + 180
                while java_inserts(self, "warm", WARM_UP_ROWS, 256, level, dc)["failed"] > 0:
                    if time.monotonic() > until:
                        raise RuntimeError(f"the cluster does not take writes at {level}")

    def destroy(self):
        for dc in list(self.nodes):
            self.kill(dc)

    def cql(self, *statements):
        subprocess.run(["java", "-cp", driver_classpath(), ROOT / "bench" / "clients" / "Cql.java",
                        *self.address["amsterdam"].split(":"), "amsterdam", *statements], check=True)


def config_text(folder, cluster, name, topic, sink):
    return "\n".join([
        "kafka: {bootstrap_servers: '${HOLDFAST_BROKER}'}", f"spool: {{path: {folder}/spool}}",
        "datacenters: [{name: amsterdam}, {name: frankfurt}]", "sources:",
        f"  - {{name: bench, topic: {topic}, file: {{path: {folder}/input.jsonl, format: jsonl, mode: once}}}}", "pipelines:",
        f"  - name: {name}", f"    from: [{topic}]",
        "    transform: {sql: 'SELECT id, body FROM events', columns: {id: BIGINT, body: VARCHAR}}",
        f"    to: [{sink}]", "    failures: {topic: refused}"]) + "\n"


def one_store(cluster, dc, table, level, in_flight):
    return (f"cassandra: {{contact_points: '{cluster.address[dc]}', datacenter: {dc}, keyspace: bench, consistency: {level}, "
            f"in_flight: {in_flight}, tables: [{{table: {table}}}]}}")


def write_events(path, count):
    value = "v" * VALUE_BYTES
    with open(path, "w") as file:
        for i in range(count):
            file.write(f'{{"id":{i},"body":"{value}"}}\n')


def holdfast(folder, config, env, *words):
    path = folder / "config.yaml"
    path.write_text(config)
    return subprocess.Popen([str(BUILD / "holdfast"), "run", str(path), *words], env=env, stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL, text=True)


def delivered(line):
    return sum(entry["delivered"] for entry in json.loads(line)["pipelines"])


def drain(folder, config, env, events):
    """Runs the pipeline over the whole topic; from its first delivered batch to its last, or from its start if one was all."""
    begun = (time.monotonic(), 0, 0.0)
    child = holdfast(folder, config, env, "--only", "pipelines", "--progress-json")
    seen = []
    try:
        for line in child.stdout:
            if not line.startswith("{"):
                continue
            done = delivered(line)
            if done > 0:
                seen.append((time.monotonic(), done, process.cpu_seconds(child.pid)))
            if done >= events:
                break
    finally:
        child.terminate()
        child.communicate()
    (t0, first, cpu0), (t1, last, cpu1) = seen[0] if len(seen) > 1 else begun, seen[-1] if seen else begun
    if last < events:
        raise RuntimeError(f"only {last} of {events} events were delivered")
    rows = last - first
    return {"rows_per_second": round(rows / (t1 - t0)), "cpu_us_per_row": round((cpu1 - cpu0) * 1e6 / rows, 2)}


def java_inserts(cluster, table, rows, in_flight, level, dc="amsterdam"):
    host, port = cluster.address[dc].split(":")
    done = subprocess.run(
        ["java", "-Xmx512m", "-cp", driver_classpath(), str(ROOT / "bench" / "clients" / "Insert.java"), host, port, dc,
         f"bench.{table}", str(rows), str(max(20_000, rows // 2)), str(in_flight), level, str(VALUE_BYTES)],
        check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def rates(options, report, cluster, folder, env, events):
    for in_flight in (64, 1024):
        for level in ("LOCAL_QUORUM", "EACH_QUORUM"):
            case = f"{level}, {in_flight} in flight"
            for number in range(options.rounds):
                table = f"t{in_flight}_{level}_{number}".lower()
                for subject in (("java", "holdfast"), ("holdfast", "java"))[number % 2]:
                    name = f"{table}_{subject}"
                    cluster.cql(f"CREATE TABLE bench.{name} ({COLUMNS})")
                    if subject == "java":
                        report.sample("cassandra", case, "java", java_inserts(cluster, name, events, in_flight, level))
                    else:
                        config = config_text(folder, cluster, name, "events", one_store(cluster, "amsterdam", name, level, in_flight))
                        report.sample("cassandra", case, "holdfast", drain(folder, config, env, events))
            ours, theirs = (report.median("cassandra", case, who, "rows_per_second") for who in ("holdfast", "java"))
            cpu, their_cpu = (report.median("cassandra", case, who, "cpu_us_per_row") for who in ("holdfast", "java"))
            report.row(f"topic -> Cassandra, {case}, 200 B rows (beside: the Java driver's inserts)", "1.0x", ours >= theirs,
                       ours=f"{ours / 1000:.1f}k/s", kafka=f"{theirs / 1000:.1f}k/s")
            report.row(f"CPU of the client for a row, {case}", "0.5x", cpu <= their_cpu / 2, ours=f"{cpu:g} us", kafka=f"{their_cpu:g} us")


def both_stores(cluster, table):
    stores = ", ".join(f"{{datacenter: {dc}, {one_store(cluster, dc, table, 'LOCAL_QUORUM', 1024)}}}" for dc in DATACENTERS)
    return f"replicated: {{one_cluster: yes, stores: [{stores}]}}"


def without_one(cluster, folder, env, name, table, events, lose):
    """Both data centers at once, and `lose` takes one of them away in the middle: rows a second from 3 s after that on, and the
    longest time between two batches."""
    config = config_text(folder, cluster, name, "events", both_stores(cluster, table))
    child = holdfast(folder, config, env, "--only", "pipelines", "--progress-json")
    lost, seen, longest = None, [], 0.0
    try:
        for line in child.stdout:
            if not line.startswith("{"):
                continue
            now, total = time.monotonic(), delivered(line)
            if lost is None and total >= events // 5:
                lose()
                lost = time.monotonic()
                seen = [(lost, total)]
            elif lost is not None and total > seen[-1][1]:
                longest = max(longest, now - seen[-1][0])
                seen.append((now, total))
            if total >= events:
                break
    finally:
        child.terminate()
        child.communicate()
    # What was there at three seconds: a pause that goes on counts.
    begun = [total for at, total in seen if at <= lost + 3][-1] if lost else events
    if not seen or seen[-1][1] < events or events - begun < events // 3:
        raise RuntimeError("too few events were left three seconds after the data center was lost")
    return {"rows_per_second": round((events - begun) / (seen[-1][0] - lost - 3)), "longest_pause_s": round(longest, 2)}


def outage(options, report, cluster, folder, env, events):
    """LOCAL_QUORUM with both there; then both at once, and one of them is killed, or stands still with its connections open."""
    kinds = {"killed": (lambda: cluster.kill("frankfurt"), cluster.start),
             "silent": (lambda: cluster.freeze("frankfurt"), lambda: cluster.thaw("frankfurt"))}
    for number in range(options.rounds):
        for kind, (lose, bring_back) in kinds.items():
            tables = {name: f"{kind}_{name}_{number}" for name in ("before", "down")}
            cluster.cql(*[f"CREATE TABLE bench.{table} ({COLUMNS})" for table in tables.values()])
            alone = one_store(cluster, "amsterdam", tables["before"], "LOCAL_QUORUM", 1024)
            config = config_text(folder, cluster, tables["before"], "events", alone)
            report.sample("cassandra", f"outage, {kind}", "before", drain(folder, config, env, events))
            try:
                report.sample("cassandra", f"outage, {kind}", "down",
                              without_one(cluster, folder, env, tables["down"], tables["down"], events, lose))
            finally:
                bring_back()
            cluster.warm_up()
    for kind, what in (("killed", "its death (kill -9)"), ("silent", "it stood still, its connections open")):
        before, down = (report.median("cassandra", f"outage, {kind}", who, "rows_per_second") for who in ("before", "down"))
        pause = report.median("cassandra", f"outage, {kind}", "down", "longest_pause_s")
        report.row(f"writing without a data center, from 3 s after {what}; longest pause {pause} s (beside: LOCAL_QUORUM before)", "0.8x",
                   down >= 0.8 * before, ours=f"{down / 1000:.1f}k/s", kafka=f"{before / 1000:.1f}k/s")


def overhead(options, report, cluster, folder, env, events):
    """What the handling of failures costs while nothing fails: both data centers as `one_cluster`, beside one plain store at
    EACH_QUORUM. The servers drift by more than that, so each round takes both twice, in the order a b b a, and what counts is the
    median of the rounds' ratios."""
    keys = ("rows_per_second", "cpu_us_per_row")
    ratios = {key: [] for key in keys}
    for number in range(2 * options.rounds):
        seen = {"plain": [], "handled": []}
        for turn, subject in enumerate(("plain", "handled", "handled", "plain")):
            table = f"over_{number}_{turn}"
            cluster.cql(f"CREATE TABLE bench.{table} ({COLUMNS})")
            sink = one_store(cluster, "amsterdam", table, "EACH_QUORUM", 64) if subject == "plain" else both_stores(cluster, table)
            config = config_text(folder, cluster, table, "events", sink.replace("in_flight: 1024", "in_flight: 64"))
            seen[subject].append(drain(folder, config, env, events))
            report.sample("cassandra", "overhead", subject, seen[subject][-1])
        for key in keys:
            handled, plain = (sum(values[key] for values in seen[subject]) for subject in ("handled", "plain"))
            ratios[key].append(handled / plain)
    for key, what, unit in (("rows_per_second", "rate", "/s"), ("cpu_us_per_row", "our CPU for a row", " us")):
        ours, plain = (report.median("cassandra", "overhead", who, key) for who in ("handled", "plain"))
        ratio = statistics.median(ratios[key])
        shown = ", ".join(f"{one:.2f}" for one in sorted(ratios[key]))
        report.row(f"handling of failures while nothing fails, {what} (beside: plain EACH_QUORUM; rounds: {shown})", "3 %",
                   ratio >= 0.97 if key == "rows_per_second" else ratio <= 1.03, ours=f"{ours:,}{unit}", kafka=f"{plain:,}{unit}")


def run(options, report, *cases):
    events = max(60_000, 200_000 // options.scale)  # fewer would be written before a dead node counts
    folder = options.work / "cassandra"
    (folder / "nodes").mkdir(parents=True)
    cluster, broker = Cluster(folder / "nodes"), Holdfast(folder / "broker-alone")
    try:
        cluster.start()
        broker.start()
        env = os.environ | {"HOLDFAST_BROKER": broker.bootstrap}
        write_events(folder / "input.jsonl", events)
        cluster.cql(KEYSPACE)
        cluster.warm_up()
        fill = holdfast(folder, config_text(folder, cluster, "fill", "events", one_store(cluster, "amsterdam", "warm", "ONE", 64)), env,
                        "--only", "sources", "--once")
        if fill.wait() != 0:
            raise RuntimeError("the topic was not filled")
        for case in cases:
            case(options, report, cluster, folder, env, events)
    finally:
        broker.destroy()
        cluster.destroy()
        shutil.rmtree(folder, ignore_errors=True)
