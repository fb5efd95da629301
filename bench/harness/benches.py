"""The benches, one function each: (options, report). All take several rounds, the subjects in turn within each round, and
sync the disk between two measurements, so that nobody pays for what another left in the page cache."""
import os
import socket
import time

from . import cassandra as cassandra_bench, clients, flights as flights_bench, machine as ceiling, postgres as postgres_bench, process
from .servers import Ceiling, Holdfast, Kafka, KafkaFlush

MIB = 1 << 20


class Subjects:
    """The brokers that were asked for, started once for a bench."""

    def __init__(self, options, names=("holdfast", "kafka", "flush")):
        wanted = [name for name in names if name in options.peers]
        self.servers = []
        self.before_each = options.before_each
        kafka = Kafka(options.work / "kafka") if {"kafka", "flush"} & set(wanted) else None
        if "holdfast" in wanted:
            self.servers.append(Holdfast(options.work / "holdfast"))
        if "ceiling" in wanted:
            self.servers.append(Ceiling(options.work / "ceiling"))
        if "kafka" in wanted:
            self.servers.append(kafka)
        if "flush" in wanted:
            self.servers.append(KafkaFlush(kafka))
        self.owners = [server for server in [*self.servers, kafka] if server and not isinstance(server, KafkaFlush)]
        self.owners = list(dict.fromkeys(self.owners))

    def __enter__(self):
        for server in self.owners:
            server.start()
        return self

    def __exit__(self, *_):
        for server in self.owners:
            server.destroy()

    def turns(self, rounds):
        """(round, server), each round beginning with another one."""
        for number in range(rounds):
            shift = number % len(self.servers)
            for server in self.servers[shift:] + self.servers[:shift]:
                os.sync()
                self.before_each()
                yield number, server


def warm_up(subjects, options):
    """Java brokers compile themselves while they work: let them, before anything counts."""
    for server in subjects.servers:
        clients.create_topic(server, "warm-up", 1)
        for size in (1024, 100):
            clients.produce(server, "warm-up", 200_000 // options.scale, size)
        clients.delete_topic(server, "warm-up")


def thousands(value):
    return None if value is None else f"{value / 1000:.0f}k/s" if value >= 10_000 else f"{value:.0f}/s"


def machine(options, report):
    count = 2000 // options.scale
    for round_number in range(options.rounds):
        values = {}
        for size, label in ((4096, "4k"), (65536, "64k"), (5 * 65536, "320k")):
            for zero, kind in ((False, "growing"), (True, "zero_filled")):
                p50, p99 = ceiling.sync_latency_ms(options.work, size, zero, count)
                values |= {f"{label}_{kind}_p50_ms": p50, f"{label}_{kind}_p99_ms": p99}
            p50, p99 = ceiling.sync_latency_ms(options.work, size, True, count, direct=True)
            values |= {f"{label}_direct_p50_ms": p50, f"{label}_direct_p99_ms": p99}
        values["write_mb_s"] = ceiling.sequential_write_mb_s(options.work, 2048 // options.scale)
        values["fresh_pages_s"], values["used_pages_s"] = ceiling.page_cache_s(options.work, 300)
        values["loopback_mb_s"] = ceiling.loopback_mb_s(4096 // options.scale)
        report.sample("machine", "ceiling", "machine", values)
    median = lambda key: report.median("machine", "ceiling", "machine", key)  # noqa: E731
    for label, name in (("4k", "4 KiB"), ("64k", "64 KiB"), ("320k", "320 KiB")):
        report.row(f"machine: {name} + fdatasync, p50 / p99: growing {median(label + '_growing_p50_ms')} / {median(label + '_growing_p99_ms')} ms; "
                   f"zero-filled {median(label + '_zero_filled_p50_ms')} / {median(label + '_zero_filled_p99_ms')} ms; "
                   f"the same past the page cache {median(label + '_direct_p50_ms')} / {median(label + '_direct_p99_ms')} ms", "", None)
    report.row(f"machine: kernel's CPU for 300 MB into the page cache: {median('fresh_pages_s')} s with fresh pages, "
               f"{median('used_pages_s')} s with pages just freed", "", None)
    report.row(f"machine: sequential write {median('write_mb_s')} MB/s, loopback {median('loopback_mb_s')} MB/s", "", None)


def at_least(ours, *floors):
    known = [floor for floor in floors if floor is not None]
    return None if ours is None or not known else all(ours >= floor for floor in known)


def at_most(ours, *ceilings):
    known = [bound for bound in ceilings if bound is not None]
    return None if ours is None or not known else all(ours <= bound for bound in known)


def ceiling_row(report, bench, case):
    limit = report.median(bench, case, Ceiling.name, "records_per_second")
    if limit:
        report.row(f"the same by a broker that does not wait for the disk: what this client can do here, {thousands(limit)}", "", None)


def produce(options, report):
    cases = [(1024, 300_000, 1), (1024, 300_000, 16), (100, 3_000_000, 1), (100, 3_000_000, 16)]
    with Subjects(options, ("holdfast", "ceiling", "kafka", "flush")) as subjects:
        warm_up(subjects, options)
        for size, records, partitions in cases:
            case = f"{size} B, {partitions} partition{'s' if partitions > 1 else ''}"
            for number, server in subjects.turns(options.rounds):
                topic = f"produce-{size}-{partitions}-{number}-{len(server.topic_settings)}"
                clients.create_topic(server, topic, partitions)
                values = clients.with_cpu(server, lambda: clients.produce(server, topic, records // options.scale, size))
                report.sample("produce", case, server.name, values)
                clients.delete_topic(server, topic)
            rate = [report.median("produce", case, name, "records_per_second") for name in ("holdfast", "kafka", KafkaFlush.name)]
            report.row(f"produce {case}, acks=all", "at least Kafka unsynced, 2x flush",
                       at_least(rate[0], rate[1], rate[2] and 2 * rate[2]),
                       ours=thousands(rate[0]), kafka=thousands(rate[1]), flush=thousands(rate[2]))
            ceiling_row(report, "produce", case)
            cpu = [report.median("produce", case, name, "broker_cpu_s") for name in ("holdfast", "kafka", KafkaFlush.name)]
            target = (size, partitions) == (1024, 1)
            user = [report.median("produce", case, name, "broker_user_s") for name in ("holdfast", "kafka", KafkaFlush.name)]
            report.row(f"broker CPU for {records // options.scale:,} records of {case}, in all / outside the kernel",
                       "half of unsynced Kafka's" if target else "", at_most(cpu[0], cpu[1] and cpu[1] / 2) if target else None,
                       **{key: value and f"{value:.2f} / {own:.2f} s" for key, value, own in zip(("ours", "kafka", "flush"), cpu, user)})


def latency(options, report):
    seconds = max(4, 15 // options.scale)
    with Subjects(options) as subjects:
        warm_up(subjects, options)
        for number, server in subjects.turns(options.rounds):
            topic = f"latency-{number}-{len(server.topic_settings)}"
            clients.create_topic(server, topic, 1)
            report.sample("latency", "java", server.name, clients.with_cpu(server, lambda: clients.produce(
                server, topic, 20_000 * seconds, 1024, throughput=20_000, warmup=20_000 * seconds // 3)))
            report.sample("latency", "librdkafka", server.name, clients.with_cpu(
                server, lambda: clients.paced_latency(server, topic, 20_000, seconds, 1024)))
            clients.delete_topic(server, topic)
    for client, what in (("java", "ProducerPerformance, linger 5 ms"), ("librdkafka", "librdkafka, linger 0")):
        of = {name: [report.median("latency", client, name, key) for key in ("p50_ms", "p99_ms")]
              for name in ("holdfast", "kafka", KafkaFlush.name)}
        ours, theirs = of["holdfast"], of["kafka"]
        shown = {name: None if value[0] is None else f"{value[0]} / {value[1]} ms" for name, value in of.items()}
        reached = None
        if ours[0] is not None:
            reached = ours[0] <= 1.0 if client == "librdkafka" else None if theirs[0] is None else ours[0] <= theirs[0] and ours[1] <= theirs[1]
        report.row(f"20,000 records/s of 1 KB, p50 / p99, {what}", "p50 1 ms" if client == "librdkafka" else "not above unsynced Kafka's",
                   reached, ours=shown["holdfast"], kafka=shown["kafka"], flush=shown[KafkaFlush.name])


def start(options, report):
    """From the start of the process to its first answer; the large log is made of random records of 1 KB."""
    for number in range(options.rounds):
        for make in (Holdfast, Kafka):
            if make.name in options.peers:
                server = make(options.work / f"start-{make.name}-{number}")
                report.sample("start", "empty folder", make.name, {"ms": round(server.start() * 1000, 1)})
                server.destroy()
    large_mb = 10_000 // options.scale
    for make in (Holdfast, Kafka):
        if make.name in options.peers:
            server = make(options.work / f"start-large-{make.name}")
            server.start()
            clients.create_topic(server, "large", 16)
            clients.produce(server, "large", large_mb * 1000, 1000)
            server.stop()
            for _ in range(options.rounds):
                report.sample("start", "large log", make.name, {"ms": round(server.start() * 1000, 1), "rss_mb": round(process.rss_mb(server.pid), 1)})
                server.child.kill()
                server.child.wait()
            server.destroy()
    for case, what, bound in (("empty folder", "empty data folder", 100), ("large log", f"a log of {large_mb / 1000:g} GB, after kill -9", 1000)):
        ours, theirs = (report.median("start", case, name, "ms") for name in ("holdfast", "kafka"))
        report.row(f"start to first answered request, {what}", f"{bound} ms", at_most(ours, bound),
                   ours=ours and f"{ours:.0f} ms", kafka=theirs and f"{theirs:.0f} ms")


def idle(options, report):
    """Thirty seconds of nothing to do, with one topic and one connection that stays open."""
    seconds = max(5, 30 // options.scale)
    with Subjects(options, ("holdfast", "kafka")) as subjects:
        for server in subjects.servers:
            clients.create_topic(server, "idle", 1)
            clients.produce(server, "idle", 1000, 1024)
            with socket.create_connection(("127.0.0.1", server.port)):
                time.sleep(3)
                cpu, wakeups = process.cpu_seconds(server.pid), process.wakeups(server.pid)
                time.sleep(seconds)
                own, mapped = process.rss_parts_mb(server.pid)
                report.sample("idle", "idle", server.name, {
                    "rss_mb": round(process.rss_mb(server.pid), 1), "own_mb": round(own, 1), "mapped_mb": round(mapped, 1),
                    "cpu_percent": round((process.cpu_seconds(server.pid) - cpu) / seconds * 100, 2),
                    "wakeups_per_second": round((process.wakeups(server.pid) - wakeups) / seconds, 2)})
    value = lambda name, key: report.median("idle", "idle", name, key)  # noqa: E731
    for key, what, target, bound, unit in (("rss_mb", "idle memory (resident)", "30 MB", 30, " MB"),
                                           ("cpu_percent", "idle CPU, share of one core", "0.1 %", 0.1, " %"),
                                           ("wakeups_per_second", "idle wake-ups a second", "housekeeping only", None, "")):
        ours, theirs = value("holdfast", key), value("kafka", key)
        report.row(what, target, None if bound is None else at_most(ours, bound),
                   ours=None if ours is None else f"{ours:g}{unit}", kafka=None if theirs is None else f"{theirs:g}{unit}")


def cassandra(options, report):
    cassandra_bench.run(options, report, cassandra_bench.rates, cassandra_bench.outage)


def overhead(options, report):
    cassandra_bench.run(options, report, cassandra_bench.overhead)


def postgres(options, report):
    postgres_bench.run(options, report)


def flights(options, report):
    flights_bench.run(options, report)
