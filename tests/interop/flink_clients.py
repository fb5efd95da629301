"""Apache Flink: a job from KafkaSource to KafkaSink, exactly once, over kill -9 of the job and of the broker: every record is there once."""
import collections
import contextlib
import pathlib
import re
import subprocess
import sys
import tempfile
import time

from java_tools import HERE, TOOLS, Started, called, create, tool
from serving import SKIPPED, eventually, expect, main

CONSOLE = "org.apache.kafka.tools.consumer.ConsoleConsumer"
OPENED = [f"--add-opens=java.base/{name}=ALL-UNNAMED" for name in ("java.lang", "java.util", "java.util.concurrent", "java.net", "java.time")]


def flink():
    fetched = subprocess.run([TOOLS / "kafka" / "fetch", "flink"], stdout=subprocess.PIPE, text=True, check=False)
    if fetched.returncode != 0:
        print("skipped: Apache Flink cannot be had here")
        sys.exit(SKIPPED)
    return ["java", "-Xmx768m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Dorg.slf4j.simpleLogger.defaultLogLevel=error", *OPENED,
            "-cp", f"{fetched.stdout.strip()}/*", str(HERE / "java" / "FlinkCopy.java")]


def newest(checkpoints):
    """The newest whole checkpoint, as who starts the job again finds it."""
    whole = [path.parent for path in checkpoints.glob("*/chk-*/_metadata")]
    return max(whole, key=lambda path: path.stat().st_mtime, default=None)


def committed(served):
    """How often a reader of committed records sees each, at the moment."""
    _, out, _ = called(served, CONSOLE, "--topic", "to", "--from-beginning", "--timeout-ms", "2000", "--command-property", "isolation.level=read_committed")
    return collections.Counter(re.findall(r"^k\d \d+$", out, re.M))


def copied_with(naming):
    def scenario(served):
        create(served, "from", 3)
        create(served, "to", 3)
        written = collections.Counter()
        command = flink()

        def write(count):
            lines = [f"k{number % 7} {number}" for number in range(len(written), len(written) + count)]
            written.update(lines)
            tool(served, "ConsoleProducer", "--topic", "from", text="".join(f"{line}\n" for line in lines))

        with tempfile.TemporaryDirectory(prefix="holdfast-flink-") as name, contextlib.ExitStack() as stack:
            folder = pathlib.Path(name)

            def start():
                last = newest(folder)
                job = Started([*command, served.address, "from", "to", str(folder), naming, *([str(last)] if last else [])])
                stack.callback(job.kill)
                expect("the job", job.line(120), "begins\n")
                return job

            def some(more_than):
                until = time.monotonic() + 120
                while sum(committed(served).values()) <= more_than:
                    expect("the job is still running", job.process.poll(), None)
                    if time.monotonic() > until:
                        raise AssertionError(f"not more than {more_than} records within two minutes")

            write(2000)
            job = start()
            some(0)
            write(2000)
            job.kill()
            write(2000)
            job = start()
            some(2000)
            write(2000)
            served.kill()
            served.start()
            write(2000)
            eventually("records, each once", lambda: committed(served), written, 120)
            expect("the job is still running", job.process.poll(), None)
            eventually("offsets that its group has committed", lambda: sum(map(int, re.findall(r"^flink-copy\s+from\s+\d\s+(\d+)", tool(
                served, "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand", "--describe", "--group", "flink-copy", "--offsets"), re.M))), 10_000)
    scenario.__name__ = f"a_job_that_names_its_transactions_by_{naming.lower()}_is_killed"
    return scenario


main([copied_with("INCREMENTING"), copied_with("POOLING")])
