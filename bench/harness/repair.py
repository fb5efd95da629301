"""Repair of a data center that was away: re-apply at EACH_QUORUM, read back there, mark; one row a message, and five tables a message.
Beside it the Java driver's plain inserts at EACH_QUORUM, without any reading back."""
import json
import os
import resource
import shutil
import subprocess
import time

from . import process
from .servers import BUILD, Holdfast

TABLES = 5
PYTHON_UTILITY = 5_909 / 60  # messages a second of the utility that this replaces, as published


def tables(two, cluster, count, name):
    names = [f"{name}_{i}" for i in range(count)]
    cluster.cql(*[f"CREATE TABLE bench.{table} ({two.COLUMNS})" for table in names])
    return ", ".join(f"{{table: {table}}}" for table in names)


def both(cluster, made):
    stores = ", ".join(f"{{datacenter: {dc}, cassandra: {{contact_points: '{cluster.address[dc]}', datacenter: {dc}, keyspace: bench, "
                       f"tables: [{made}]}}}}" for dc in cluster.address)
    return f"replicated: {{one_cluster: yes, stores: [{stores}]}}"


def missed_and_repaired(two, cluster, folder, env, config, events):
    """Everything is missed by frankfurt; then it is back and repaired. Messages a second."""
    cluster.kill("frankfurt")
    two.drain(folder, config, env, events)
    cluster.start()
    cluster.warm_up(("frankfurt",))  # which coordinates the repair
    before = {dc: process.cpu_seconds(cluster.pid(dc)) for dc in cluster.address}
    own = resource.getrusage(resource.RUSAGE_CHILDREN)
    begun = time.monotonic()
    done = subprocess.run([str(BUILD / "holdfast"), "repair", "run", str(folder / "config.yaml"), "--json"], env=env,
                          capture_output=True, text=True)
    seconds = time.monotonic() - begun
    if done.returncode != 0:
        raise RuntimeError(f"the repair ended with {done.returncode}: {done.stderr[-500:]}")
    counts = [dc["repaired"] + dc["superseded"] for dc in json.loads(done.stdout)["datacenters"] if dc["datacenter"] == "frankfurt"]
    if sum(counts) < events:
        raise RuntimeError(f"{sum(counts)} of {events} records were repaired")
    cpu = {f"cpu_us_{dc}": round((process.cpu_seconds(cluster.pid(dc)) - before[dc]) * 1e6 / events) for dc in before}
    now = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu["cpu_us_holdfast"] = round((now.ru_utime + now.ru_stime - own.ru_utime - own.ru_stime) * 1e6 / events)
    return {"messages_per_second": round(sum(counts) / seconds), "seconds": round(seconds, 1)} | cpu


def driver(two, report, options, cluster, events):
    """What the Java driver reaches with plain inserts at EACH_QUORUM: the rate to aim for."""
    for number in range(options.rounds):
        made = f"driver{number}"
        cluster.cql(f"CREATE TABLE bench.{made} ({two.COLUMNS})")
        report.sample("repair", "plain inserts", "java", two.java_inserts(cluster, made, events, 64, "EACH_QUORUM"))
    return report.median("repair", "plain inserts", "java", "rows_per_second")


def repair(options, report):
    from . import cassandra as two
    events = 60_000 // options.scale
    folder = options.work / "repair"
    (folder / "nodes").mkdir(parents=True)
    cluster, broker = two.Cluster(folder / "nodes"), Holdfast(folder / "broker-alone")
    try:
        cluster.start()
        broker.start()
        env = os.environ | {"HOLDFAST_BROKER": broker.bootstrap}
        two.write_events(folder / "input.jsonl", events)
        cluster.cql(two.KEYSPACE)
        cluster.warm_up()
        made = {count: tables(two, cluster, count, f"fan{count}") for count in (1, TABLES)}
        fill = two.holdfast(folder, two.config_text(folder, cluster, "fill", "events", both(cluster, made[1])), env, "--only", "sources",
                            "--once")
        if fill.wait() != 0:
            raise RuntimeError("the topic was not filled")
        # Once while all is well: the ledger's tables cannot be made while a data center is dead.
        two.drain(folder, two.config_text(folder, cluster, "well", "events", both(cluster, tables(two, cluster, 1, "well"))), env, events)
        plain = driver(two, report, options, cluster, events)
        for count in made:
            config = two.config_text(folder, cluster, f"fan{count}", "events", both(cluster, made[count]))
            report.sample("repair", f"{count} rows a message", "holdfast", missed_and_repaired(two, cluster, folder, env, config, events))
            rate = report.median("repair", f"{count} rows a message", "holdfast", "messages_per_second")
            target = PYTHON_UTILITY * (20 if count == 1 else 10)
            report.row(f"repair at EACH_QUORUM with read-back, {count} row(s) a message (beside: the Java driver's plain inserts)",
                       f"{target:,.0f}/s", rate >= target, ours=f"{rate:,}/s", kafka=f"{plain:,}/s" if count == 1 else "")
    finally:
        broker.destroy()
        cluster.destroy()
        shutil.rmtree(folder, ignore_errors=True)
