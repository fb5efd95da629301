"""Kafka Connect against the broker: a standalone worker; three distributed ones, exactly once, of which one is killed; the file connectors."""
import contextlib
import json
import pathlib
import socket
import tempfile
import time
import urllib.error
import urllib.request

from java_tools import Started, called, create, java
from serving import expect, main

CONVERTERS = """key.converter=org.apache.kafka.connect.storage.StringConverter
value.converter=org.apache.kafka.connect.storage.StringConverter
plugin.discovery=only_scan
"""
SECONDS = 120
CONSOLE = "org.apache.kafka.tools.consumer.ConsoleConsumer"


def written(path, count):
    """Waits for so many lines in the file; answers all that it has."""
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        lines = path.read_text().splitlines() if path.exists() else []
        if len(lines) >= count:
            return lines
        time.sleep(0.1)
    raise AssertionError(f"{path.name} has {len(lines)} lines after {SECONDS} s, not {count}")


def append(path, numbers):
    with path.open("a") as file:
        file.write("".join(f"line {number}\n" for number in numbers))


def connectors(folder, topic):
    source = {"name": "from-file", "connector.class": "FileStreamSource", "tasks.max": "1", "file": str(folder / "in.txt"), "topic": topic}
    sink = {"name": "to-file", "connector.class": "FileStreamSink", "tasks.max": "1", "file": str(folder / "out.txt"), "topics": topic}
    return source, sink


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def properties(path, text):
    path.write_text(text)
    return path


def a_standalone_worker_copies_a_file_over_kill_9_of_the_broker(served):
    with tempfile.TemporaryDirectory(prefix="holdfast-connect-") as name, contextlib.ExitStack() as stack:
        folder = pathlib.Path(name)
        create(served, "alone")
        append(folder / "in.txt", range(100))
        worker = properties(folder / "worker.properties", f"bootstrap.servers={served.address}\noffset.storage.file.filename="
                            f"{folder}/offsets\noffset.flush.interval.ms=1000\nlisteners=http://127.0.0.1:{free_port()}\n" + CONVERTERS)
        files = [properties(folder / f"{one['name']}.properties", "".join(f"{key}={value}\n" for key, value in one.items()))
                 for one in connectors(folder, "alone")]
        process = Started(java("org.apache.kafka.connect.cli.ConnectStandalone", worker, *files))
        stack.callback(process.kill)
        expect("lines", written(folder / "out.txt", 100), [f"line {n}" for n in range(100)])
        served.kill()
        served.start()
        append(folder / "in.txt", range(100, 200))
        expect("lines after kill -9", list(dict.fromkeys(written(folder / "out.txt", 200))), [f"line {n}" for n in range(200)])


def rest(port, path, body=None):
    """One call; nothing while the worker cannot answer it yet."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", method="PUT" if body else "GET",
                                     data=json.dumps(body).encode() if body else None, headers={"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)
    except (urllib.error.URLError, OSError):
        return None


def eventually(what, probe):
    until = time.monotonic() + SECONDS
    while not probe():
        if time.monotonic() > until:
            raise AssertionError(f"not within {SECONDS} s: {what}")
        time.sleep(0.2)


def task_of(port, name):
    """The worker that runs the connector's only task."""
    status = rest(port, f"/connectors/{name}/status")
    return status["tasks"][0]["worker_id"] if status and status["tasks"] else None


def running(port, name):
    status = rest(port, f"/connectors/{name}/status")
    return bool(status) and [task["state"] for task in status["tasks"]] == ["RUNNING"]


def three_distributed_workers_take_over_from_the_killed(served):
    """With source records exactly once: each worker's transactions are fenced when its tasks move."""
    with tempfile.TemporaryDirectory(prefix="holdfast-connect-") as name, contextlib.ExitStack() as stack:
        folder, ports, workers = pathlib.Path(name), [free_port() for _ in range(3)], []
        append(folder / "in.txt", range(100))
        # One replica is what Kafka alone can give; the default of 3 is tried in librdkafka's suite.
        for number, port in enumerate(ports):
            path = properties(folder / f"worker-{number}.properties", f"bootstrap.servers={served.address}\ngroup.id=connect\n" + "".join(
                f"{what}.storage.topic=connect-{what}\n{what}.storage.replication.factor=1\n" for what in ("offset", "config", "status"))
                + f"session.timeout.ms=6000\nheartbeat.interval.ms=1000\nscheduled.rebalance.max.delay.ms=1000\n"
                f"exactly.once.source.support=enabled\noffset.flush.interval.ms=1000\nlisteners=http://127.0.0.1:{port}\n" + CONVERTERS)
            workers.append(Started(java("org.apache.kafka.connect.cli.ConnectDistributed", path)))
            stack.callback(workers[-1].kill)
        for one in connectors(folder, "spread"):
            eventually("a connector is taken", lambda: rest(ports[1], f"/connectors/{one['name']}/config",
                                                            {key: value for key, value in one.items() if key != "name"}))
        expect("lines", list(dict.fromkeys(written(folder / "out.txt", 100))), [f"line {n}" for n in range(100)])
        reading = next((number for number, port in enumerate(ports) if task_of(ports[1], "from-file") == f"127.0.0.1:{port}"), None)
        expect("the source's task is at a worker of ours", reading is not None, True)
        workers[reading].kill()
        left = ports[(reading + 1) % 3]
        eventually("both run on the other workers", lambda: running(left, "from-file") and running(left, "to-file")
                   and task_of(left, "from-file") != f"127.0.0.1:{ports[reading]}")
        append(folder / "in.txt", range(100, 200))
        eventually("all lines once another has taken over",
                   lambda: set((folder / "out.txt").read_text().splitlines()) == {f"line {n}" for n in range(200)})
        committed = called(served, CONSOLE, "--topic", "spread", "--from-beginning", "--timeout-ms", "3000", "--command-property",
                           "isolation.level=read_committed")[1]
        expect("records, each once", committed.splitlines(), [f"line {n}" for n in range(200)])


main([a_standalone_worker_copies_a_file_over_kill_9_of_the_broker, three_distributed_workers_take_over_from_the_killed])
