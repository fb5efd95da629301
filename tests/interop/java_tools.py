"""How the Java scripts call Apache Kafka's own tools."""
import base64
import contextlib
import os
import pathlib
import queue
import subprocess
import threading

from serving import need, run

HERE = pathlib.Path(__file__).resolve().parent
TOOLS = HERE.parents[1] / "tools"
TOOL = str(TOOLS / "kafka" / "tool")
# A tool lives for a second: less compiling and one collector thread start it sooner.
os.environ.setdefault("KAFKA_OPTS", "-Xmx256m -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xshare:auto")

resident = None

need("java")
need("mvn")


class Resident:
    """One Java process for all the tools of a script (java/Tools.java)."""

    def __init__(self):
        self.process = subprocess.Popen(java("Tools.java"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                        text=True)

    def call(self, name, arguments, text, seconds):
        """(exit status, what it printed, what it printed as errors)"""
        words = [text or "", name if "." in name else f"org.apache.kafka.tools.{name}", *arguments]
        self.process.stdin.write(" ".join("." + base64.b64encode(word.encode()).decode() for word in words) + "\n")
        self.process.stdin.flush()
        alarm = threading.Timer(seconds, self.process.kill)
        alarm.start()
        answer = self.process.stdout.readline().split()
        alarm.cancel()
        if not answer:
            raise AssertionError(f"{name} {' '.join(arguments)}: not done after {seconds} s")
        return int(answer[0]), *(base64.b64decode(word[1:]).decode() for word in answer[1:])


def called(served, name, *arguments, text=None, flag="--bootstrap-server", seconds=120):
    """Runs a tool to its end; answers exit status, output, errors."""
    if name.startswith("Verifiable"):  # finishes its work in a hook of the Java machine's end
        return 0, run([TOOL, name, flag, served.address, *arguments], text, seconds), ""
    global resident
    resident = resident or Resident()
    return resident.call(name, [flag, served.address, *arguments], text, seconds)


def tool(served, name, *arguments, **more):
    """What a tool printed that has to end well."""
    status, printed, complained = called(served, name, *arguments, **more)
    if status != 0:
        raise AssertionError(f"{name} {' '.join(arguments)}: exit status {status}\n{printed}{complained}")
    return printed


def create(served, topic, partitions=1, *more):
    tool(served, "TopicCommand", "--create", "--topic", topic, "--partitions", str(partitions),
         "--replication-factor", "1", *more)


def java(source, *arguments):
    """The command line of a program of ours in java/, with Streams and Connect beside Kafka's own jars."""
    libs, more = (run([TOOLS / "kafka" / "fetch", *what]).strip() for what in ([], ["more"]))
    return ["java", "-Xmx512m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", f"{TOOLS / 'kafka' / 'conf'}:{libs}/*:{more}/*",
            *([str(HERE / "java" / source)] if source.endswith(".java") else [source]), *map(str, arguments)]


class Started:
    """A tool as a process of its own. All that it prints is kept as it comes, so that it never waits for its reader."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                        text=True)
        self.lines = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line)
        self.lines.put(None)

    def line(self, seconds=60):
        """The next line; fails when none comes."""
        try:
            line = self.lines.get(timeout=seconds)
        except queue.Empty:
            raise AssertionError(f"{self.process.args[1]} said nothing for {seconds} s") from None
        if line is None:
            raise AssertionError(f"{self.process.args[1]} ended with status {self.process.wait()}")
        return line

    def kill(self):
        self.process.kill()
        self.process.wait()


def start(served, name, *arguments, flag="--bootstrap-server"):
    return Started([TOOL, name, flag, served.address, *arguments])


@contextlib.contextmanager
def started(served, name, *arguments, flag="--bootstrap-server"):
    """Killed at the end if it is still there."""
    one = start(served, name, *arguments, flag=flag)
    try:
        yield one
    finally:
        one.kill()
