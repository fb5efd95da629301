"""The load: Kafka's own tools and two small clients of ours, run as processes; each call returns what the tool printed."""
import json
import re
import resource
import subprocess

from . import process
from .servers import BUILD, ROOT, java

TOOLS = "org.apache.kafka.tools"
SUMMARY = re.compile(r"(\d+) records sent, ([\d.]+) records/sec.*?, ([\d.]+) ms avg latency, ([\d.]+) ms max latency, "
                     r"(\d+) ms 50th, (\d+) ms 95th, (\d+) ms 99th, (\d+) ms 99.9th")


class Failed(RuntimeError):
    """The client did not do its work; the text is what it said."""


def run(command, timeout_s=300):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=timeout_s)
    if done.returncode != 0:
        raise Failed(f"{command[0]} ended with {done.returncode}: {(done.stderr or done.stdout)[-600:]}")
    return done.stdout


def create_topic(server, topic, partitions):
    settings = [part for key, value in server.topic_settings.items() for part in ("--config", f"{key}={value}")]
    run(java(f"{TOOLS}.TopicCommand", "--bootstrap-server", server.bootstrap, "--create", "--topic", topic,
             "--partitions", partitions, "--replication-factor", 1, *settings))


def delete_topic(server, topic):
    run(java(f"{TOOLS}.TopicCommand", "--bootstrap-server", server.bootstrap, "--delete", "--topic", topic))


def clients_cpu_s():
    """Of all that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def with_cpu(server, work):
    """Runs `work` and adds the CPU seconds that the broker used meanwhile, in all and without the kernel's part, and the client's."""
    before, of_clients = process.cpu_parts(server.pid), clients_cpu_s()
    result = work()
    user, kernel = (now - then for now, then in zip(process.cpu_parts(server.pid), before))
    result["client_cpu_s"] = round(clients_cpu_s() - of_clients, 2)
    result["broker_cpu_s"], result["broker_user_s"] = round(user + kernel, 2), round(user, 2)
    return result


def produce(server, topic, records, size, throughput=-1, warmup=0, transaction_ms=0):
    """ProducerPerformance, acks=all, linger 5 ms, batches of 64 KiB. With a warm-up the figures are those after it."""
    command = java(f"{TOOLS}.ProducerPerformance", "--bootstrap-server", server.bootstrap, "--topic", topic,
                   "--num-records", records, "--record-size", size, "--throughput", throughput,
                   *(["--warmup-records", warmup] if warmup else []),
                   *(["--transactional-id", topic, "--transaction-duration-ms", transaction_ms] if transaction_ms else []),
                   "--command-property", "acks=all", "linger.ms=5", "batch.size=65536")
    summaries = SUMMARY.findall(with_retries_shown(command))
    if not summaries:
        raise Failed("ProducerPerformance printed no summary")
    sent, rate, average, _, p50, p95, p99, p999 = summaries[-1]
    return {"records": int(sent), "records_per_second": float(rate), "average_ms": float(average), "p50_ms": int(p50),
            "p95_ms": int(p95), "p99_ms": int(p99), "p999_ms": int(p999)}


def with_retries_shown(command):
    output = run(command)
    if "Exception" in output:
        raise Failed(output[-600:])
    return output


def consume(server, topic, partitions, records):
    return json.loads(run(java(ROOT / "bench" / "clients" / "Consume.java", server.bootstrap, topic, partitions, records)))


def paced_latency(server, topic, rate, seconds, size):
    """The librdkafka client at linger 0, open loop."""
    return json.loads(run([BUILD / "bench_latency", server.bootstrap, topic, rate, seconds, size]))
