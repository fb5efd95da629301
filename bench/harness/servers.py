"""The brokers that are measured: Holdfast and Apache Kafka, each in a folder of its own on the same disk."""
import os
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
CACHE = pathlib.Path(os.environ.get("HOLDFAST_CACHE")
                     or pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "holdfast")
BUILD = ROOT / os.environ.get("HOLDFAST_BUILD", "build")
KAFKA_LIBS = CACHE / "kafka-4.3.1" / "libs"


def kafka_classpath():
    if not any(KAFKA_LIBS.glob("kafka-clients-*.jar")):
        subprocess.run([ROOT / "tools" / "kafka" / "fetch"], check=True)
    return f"{ROOT / 'bench' / 'harness'}:{KAFKA_LIBS}/*"


def java(*arguments, heap="512m"):
    return ["java", f"-Xmx{heap}", "-cp", kafka_classpath(), *map(str, arguments)]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def first_answer(port, deadline_s=30):
    """Asks ApiVersions until somebody answers; the connection is tried every half millisecond."""
    body = struct.pack(">hhih", 18, 0, 1, 5) + b"bench"
    until = time.monotonic() + deadline_s
    while time.monotonic() < until:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
                connection.sendall(struct.pack(">i", len(body)) + body)
                if len(connection.recv(8)) == 8:
                    return
        except OSError:
            pass
        time.sleep(0.0005)
    raise TimeoutError(f"nobody answered on port {port} in {deadline_s} s")


class Server:
    """A child process with a data folder; `bootstrap` says where it serves."""

    name = ""
    topic_settings = {}

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.child = None
        self.port = None

    @property
    def bootstrap(self):
        return f"127.0.0.1:{self.port}"

    @property
    def pid(self):
        return self.child.pid

    def start(self):
        """Starts it; returns the seconds from the start of the process to the first answered request."""
        raise NotImplementedError

    def stop(self):
        if self.child and self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
            try:
                self.child.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()
        self.child = None

    def destroy(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


class Holdfast(Server):
    name = "holdfast"
    program = [str(BUILD / "holdfast")]

    def start(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        errors = open(self.folder.parent / f"{self.folder.name}.log", "ab")
        began = time.monotonic()
        self.child = subprocess.Popen([*self.program, "broker", "--data", str(self.folder), "--listen", f"127.0.0.1:{self.port or 0}"],
                                      stdout=subprocess.PIPE, stderr=errors)
        line = self.child.stdout.readline().decode().split()
        if len(line) != 2 or line[0] != "ready":
            raise RuntimeError(f"holdfast did not say ready: {line}; see {errors.name}")
        self.port = int(line[1].rpartition(":")[2])
        first_answer(self.port)
        return time.monotonic() - began


class Ceiling(Holdfast):
    """Our broker with the bug that it acknowledges before it syncs (tests/negative builds it): what is left is what the client
    and the machine can do, so no broker that keeps its promises can be expected to be faster."""

    name = "ceiling"
    program = [str(BUILD / "holdfast_acknowledge_before_sync")]


class Kafka(Server):
    """One node that is broker and controller. `flush` makes it sync each message, as far as Kafka does."""

    name = "kafka"

    def start(self):
        if not self.port:
            self.port, self.controller_port = free_port(), free_port()
        settings = self.folder.parent / f"{self.folder.name}.properties"
        if not self.folder.exists():
            self.folder.mkdir(parents=True)
            settings.write_text(
                "process.roles=broker,controller\nnode.id=1\n"
                f"controller.quorum.bootstrap.servers=127.0.0.1:{self.controller_port}\n"
                f"listeners=PLAINTEXT://127.0.0.1:{self.port},CONTROLLER://127.0.0.1:{self.controller_port}\n"
                f"controller.listener.names=CONTROLLER\nlog.dirs={self.folder}/log\n"
                "offsets.topic.replication.factor=1\ntransaction.state.log.replication.factor=1\n"
                "transaction.state.log.min.isr=1\ngroup.initial.rebalance.delay.ms=0\n")
            subprocess.run(java("kafka.tools.StorageTool", "format", "--standalone", "-t", "AAAAAAAAQACAAAAAAAAAAQ", "-c", settings),
                           check=True, stdout=subprocess.DEVNULL)
        log = open(self.folder.parent / f"{self.folder.name}.log", "ab")
        began = time.monotonic()
        self.child = subprocess.Popen(java("-Xms1g", "kafka.Kafka", settings, heap="1g"), stdout=log, stderr=log)
        first_answer(self.port, 60)
        return time.monotonic() - began


class KafkaFlush(Kafka):
    """The same broker process as Kafka; its topics carry flush.messages=1."""

    name = "kafka flush.messages=1"
    topic_settings = {"flush.messages": "1"}

    def __init__(self, other):
        super().__init__(other.folder)
        self.other = other

    def start(self):
        raise RuntimeError("it lives in the process of the other one")

    def stop(self):
        pass

    @property
    def port(self):
        return self.other.port

    @port.setter
    def port(self, value):
        pass

    @property
    def pid(self):
        return self.other.pid
