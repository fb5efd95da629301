"""Transactions: how long a small one takes to commit, and how fast a producer is that commits all the time."""
import json
import subprocess

from . import clients
from .benches import Subjects, at_least, at_most, ceiling_row, thousands, warm_up
from .servers import BUILD


def commit(options, report):
    """One transaction after the other by librdkafka: ten records of 100 B to one partition, then commit."""
    subprocess.run(["cmake", "--build", BUILD, "--target", "bench_commit"], check=True, stdout=subprocess.DEVNULL)
    count = 2000 // options.scale
    with Subjects(options) as subjects:
        for number, server in subjects.turns(options.rounds):
            topic = f"commit-{number}-{len(server.topic_settings)}"
            clients.create_topic(server, topic, 1)
            command = [BUILD / "bench_commit", server.bootstrap, topic, count, 10, 100]
            report.sample("commit", "librdkafka", server.name, clients.with_cpu(server, lambda: json.loads(clients.run(command))))
            clients.delete_topic(server, topic)
    names = [("ours", "holdfast"), ("kafka", "kafka"), ("flush", "kafka flush.messages=1")]
    value = lambda name, key: report.median("commit", "librdkafka", name, key)  # noqa: E731
    for part, what in (("commit", "commit of a small transaction"), ("whole", "the same from its beginning")):
        shown = {key: value(name, f"{part}_p50_ms") and f"{value(name, f'{part}_p50_ms')} / {value(name, f'{part}_p99_ms')} ms"
                 for key, name in names}
        counts = part == "commit"
        report.row(f"{what}, librdkafka, p50 / p99", "p50 3 ms" if counts else "",
                   at_most(value("holdfast", "commit_p50_ms"), 3.0) if counts else None, **shown)


def transactional(options, report):
    """ProducerPerformance that commits every 100 ms."""
    records = 1_000_000 // options.scale
    with Subjects(options, ("holdfast", "ceiling", "kafka")) as subjects:
        warm_up(subjects, options)
        for partitions in (1, 16):
            case = f"1 KB, {partitions} partition{'s' if partitions > 1 else ''}"
            for number, server in subjects.turns(options.rounds):
                topic = f"transactional-{partitions}-{number}"
                clients.create_topic(server, topic, partitions)
                report.sample("transactional", case, server.name, clients.with_cpu(
                    server, lambda: clients.produce(server, topic, records, 1024, transaction_ms=100)))
                clients.delete_topic(server, topic)
            rate = {name: report.median("transactional", case, name, "records_per_second") for name in ("holdfast", "kafka")}
            cpu = {name: report.median("transactional", case, name, "broker_cpu_s") for name in ("holdfast", "kafka")}
            report.row(f"transactional produce {case}, a commit each 100 ms", "1.5x Kafka unsynced",
                       at_least(rate["holdfast"], rate["kafka"] and 1.5 * rate["kafka"]),
                       ours=thousands(rate["holdfast"]), kafka=thousands(rate["kafka"]))
            ceiling_row(report, "transactional", case)
            report.row(f"broker CPU for that ({records:,} records)", "", None,
                       **{key: cpu[name] and f"{cpu[name]:.2f} s" for key, name in (("ours", "holdfast"), ("kafka", "kafka"))})
