"""Starts the program's broker for a test, and ends it whatever happens. Also the few checks that the scripts share."""
import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

SKIPPED = 77


class Broker:
    """`holdfast broker` as a process, on a data folder that outlives its restarts."""

    def __init__(self, program, folder, settings=()):
        self.program, self.folder, self.process, self.address = program, folder, None, None
        self.settings = [word for setting in settings for word in ("--set", setting)]

    def start(self):
        # The first start takes any free port; later ones take the same again, so that clients find it.
        listen = self.address or "127.0.0.1:0"
        self.process = subprocess.Popen([self.program, "broker", "--data", self.folder, "--listen", listen, *self.settings],
                                        stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline().split()
        if len(line) != 2 or line[0] != "ready":
            raise AssertionError(f"the broker did not start: {line}")
        self.address = line[1]

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        expect("exit status of the broker", self.process.wait(30), 0)


class Kafka:
    """A real Apache Kafka with the same face: a script that fails against ours is tried on this one, to see who is wrong."""

    def __init__(self, folder, settings=()):
        self.folder, self.process, self.address = folder, None, None
        self.settings = [word for setting in settings for word in ("--property", setting)]

    def start(self):
        run_kafka = pathlib.Path(__file__).resolve().parents[2] / "tools" / "kafka" / "run"
        self.process = subprocess.Popen([run_kafka, "--data", self.folder, "--port-file", f"{self.folder}/port", "--pid-file",
                                         f"{self.folder}/pid", "--quick", "--heap", "512m", *self.settings],
                                        stdout=subprocess.PIPE, text=True)
        self.address = self.process.stdout.readline().split()[1]

    def kill(self):
        os.kill(int(pathlib.Path(self.folder, "pid").read_text()), signal.SIGKILL)
        self.process.wait()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)


@contextlib.contextmanager
def broker(program, settings=()):
    folder = tempfile.mkdtemp(prefix="holdfast-interop-")
    served = Kafka(folder, settings) if program == "kafka" else Broker(program, folder, settings)
    try:
        served.start()
        yield served
    finally:
        if served.process and served.process.poll() is None:
            served.kill()
        shutil.rmtree(folder, ignore_errors=True)


def expect(what, found, wanted):
    """Fails with the first difference."""
    if found == wanted:
        return
    if isinstance(found, list) and isinstance(wanted, list):
        at = next((i for i, (a, b) in enumerate(zip(found, wanted)) if a != b), min(len(found), len(wanted)))
        raise AssertionError(f"{what}: {len(found)} and not {len(wanted)}; differ at {at}: "
                             f"{found[at:at + 3]} and not {wanted[at:at + 3]}")
    raise AssertionError(f"{what}: {found!r} and not {wanted!r}")


def run(command, text=None, seconds=120):
    """Runs to the end; answers standard output; a bad exit status fails the test."""
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=seconds)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}: exit status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def need(tool):
    if shutil.which(tool) is None:
        print(f"skipped: there is no {tool} here")
        sys.exit(SKIPPED)


def eventually(what, probe, wanted, seconds=60):
    """Asks until the answer is the wanted one; each question takes its time, so there is no sleep of its own beyond a breath."""
    until = time.monotonic() + seconds
    while True:
        found = probe()
        if found == wanted or time.monotonic() > until:
            expect(what, found, wanted)
            return
        time.sleep(0.1)


def main(scenarios, settings=()):
    """Runs every scenario against a broker of its own: `SCRIPT PROGRAM [NAME...]`; `kafka` as program is a real Apache Kafka."""
    program = sys.argv[1] if sys.argv[1] == "kafka" else str(pathlib.Path(sys.argv[1]).resolve())
    for scenario in scenarios:
        if sys.argv[2:] and scenario.__name__ not in sys.argv[2:]:
            continue
        with broker(program, settings) as served:
            scenario(served)
            served.stop()
        print(f"ok {scenario.__name__}", flush=True)
