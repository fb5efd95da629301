"""Many partitions, and a whole application on top: what they cost beside the plain case."""
import json
import subprocess
import tempfile

from . import clients
from .benches import Subjects, at_least, at_most, thousands, warm_up
from .servers import ROOT, KafkaFlush, java, kafka_classpath


def partitions(options, report):
    """1,000 partitions against 16: batches get no larger than what a client sends to one of them at a time."""
    records, counts = 300_000 // options.scale, (16, 1000)
    with Subjects(options) as subjects:
        warm_up(subjects, options)
        for number, server in subjects.turns(options.rounds):
            for count in counts:
                topic = f"partitions-{count}-{number}-{len(server.topic_settings)}"
                clients.create_topic(server, topic, count)
                report.sample("partitions", str(count), server.name,
                              clients.with_cpu(server, lambda t=topic: clients.produce(server, t, records, 1024)))
                clients.delete_topic(server, topic)
    names = {"ours": "holdfast", "kafka": "kafka", "flush": KafkaFlush.name}
    rate = {count: {key: report.median("partitions", str(count), name, "records_per_second") for key, name in names.items()}
            for count in counts}
    for count in counts:
        ours, few = rate[count]["ours"], rate[16]["ours"]
        report.row(f"produce 1 KB, {count} partitions, acks=all", "0.8x of our own rate with 16" if count > 16 else "",
                   at_least(ours, few and 0.8 * few) if count > 16 else None,
                   **{key: thousands(value) for key, value in rate[count].items()})


def streams(options, report):
    """Kafka Streams, exactly_once_v2, mapValues from 4 partitions to 4."""
    records = 500_000 // options.scale
    more = subprocess.run([ROOT / "tools" / "kafka" / "fetch", "more"], capture_output=True, text=True, check=True).stdout.strip()
    with Subjects(options, ("holdfast", "kafka")) as subjects:
        warm_up(subjects, options)
        for number, server in subjects.turns(options.rounds):
            source, target = f"streams-in-{number}", f"streams-out-{number}"
            for topic in (source, target):
                clients.create_topic(server, topic, 4)
            clients.produce(server, source, records, 100)
            with tempfile.TemporaryDirectory(dir=options.work) as state:
                command = java(ROOT / "bench" / "clients" / "MapValues.java", server.bootstrap, source, target, records, state)
                command[command.index("-cp") + 1] = f"{kafka_classpath()}:{more}/*"
                report.sample("streams", "mapValues", server.name, clients.with_cpu(server, lambda: json.loads(clients.run(command))))
            for topic in (source, target):
                clients.delete_topic(server, topic)
    rate, cpu = ({name: report.median("streams", "mapValues", name, key) for name in ("holdfast", "kafka")}
                 for key in ("records_per_second", "broker_cpu_s"))
    report.row(f"Kafka Streams exactly_once_v2, mapValues, 4 partitions, {records:,} x 100 B", "Kafka's rate",
               at_least(rate["holdfast"], rate["kafka"]), ours=thousands(rate["holdfast"]), kafka=thousands(rate["kafka"]))
    report.row("broker CPU for that", "half of Kafka's", at_most(cpu["holdfast"], cpu["kafka"] and cpu["kafka"] / 2),
               ours=cpu["holdfast"] and f"{cpu['holdfast']:.2f} s", kafka=cpu["kafka"] and f"{cpu['kafka']:.2f} s")
