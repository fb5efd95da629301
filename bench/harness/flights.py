"""The main job from end to end: three tables captured through the spool into topics, joined by SQL, into the warehouse, and
the audit after it. Every log is synced; nothing is killed. Once with the broker in the same process, once with broker,
capture and pipeline as three processes, as the demo runs them."""
import csv
import json
import os
import shutil
import subprocess
import time

from . import process
from .servers import BUILD, ROOT, Holdfast

ORIGINS = ("EWR", "JFK", "LGA")


def write_tables(source, target, times):
    """One file for each origin airport, the whole table `times` over; returns how many events that makes."""
    os.makedirs(target)
    shutil.copy(os.path.join(source, "airlines.csv"), target)
    with open(os.path.join(source, "flights.csv"), newline="") as file:
        lines = file.read().splitlines(keepends=True)
    at = next(csv.reader([lines[0]])).index("origin")
    rows = {origin: [] for origin in ORIGINS}
    for line in lines[1:]:
        rows[line.split(",")[at].strip('"')].append(line)
    for origin in ORIGINS:
        with open(os.path.join(target, origin.lower() + ".csv"), "w", newline="") as file:
            file.write(lines[0])
            for _ in range(times):
                file.writelines(rows[origin])
    return (len(lines) - 1) * times


class Watched:
    """A child whose memory is looked at until it ends."""

    def __init__(self, *arguments, env):
        self.child = subprocess.Popen([str(BUILD / "holdfast"), *arguments], env=env, cwd=ROOT, stdout=subprocess.DEVNULL,
                                      stderr=subprocess.PIPE)
        self.peak_mb, self.cpu_s = 0.0, 0.0

    def look(self):
        """True while it runs."""
        if self.child.poll() is not None:
            return False
        try:
            self.peak_mb = max(self.peak_mb, process.peak_rss_mb(self.child.pid))
            self.cpu_s = process.cpu_seconds(self.child.pid)
        except (KeyError, FileNotFoundError):
            pass
        return True

    def must_be_well(self, what):
        errors = self.child.stderr.read().decode(errors="replace")
        if self.child.wait() != 0:
            raise RuntimeError(f"{what} ended with {self.child.returncode}: {errors[-500:]}")


def run_to_end(commands, env):
    """Runs them side by side to their ends; (seconds, the watched children)."""
    began = time.monotonic()
    children = [Watched(*arguments, env=env) for arguments in commands]
    while any([child.look() for child in children]):
        time.sleep(0.01)
    seconds = time.monotonic() - began
    for child, arguments in zip(children, commands):
        child.must_be_well(" ".join(arguments))
    return seconds, children


def measure(folder, events, separate, config):
    env = os.environ | {"DEMO": str(folder)}
    broker = None
    if separate:
        broker = Holdfast(folder / "broker-alone")
        broker.start()
        env["HOLDFAST_BROKER"] = broker.bootstrap
        commands = [("run", str(config), "--once", "--only", "sources"), ("run", str(config), "--once", "--only", "pipelines")]
    else:
        commands = [("run", str(config), "--once")]
    try:
        if separate:
            # The pipeline ends when it has delivered what is there, so it is told to end only after the sources have.
            seconds, children = run_side_by_side(commands, env, events)
        else:
            seconds, children = run_to_end(commands, env)
        audit_seconds, audit = run_to_end([("audit", "report", str(config), "--evidence", str(folder / "evidence"))], env)
        values = {"events": events, "seconds": round(seconds, 2), "events_per_second": round(events / seconds),
                  "pipeline_peak_mb": round(children[-1].peak_mb), "cpu_s": round(sum(child.cpu_s for child in children), 2),
                  "audit_s": round(audit_seconds, 2), "audit_peak_mb": round(audit[0].peak_mb)}
        if broker:
            values["broker_cpu_s"] = round(process.cpu_seconds(broker.pid), 2)
        return values
    finally:
        if broker:
            broker.destroy()


def run_side_by_side(commands, env, events):
    """Sources with --once and the pipeline without: it is stopped when it has applied all events."""
    began = time.monotonic()
    pipeline = subprocess.Popen([str(BUILD / "holdfast"), *[a for a in commands[1] if a != "--once"], "--progress-json"], env=env, cwd=ROOT,
                                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    sources = Watched(*commands[0], env=env)
    watched = Watched.__new__(Watched)
    watched.child, watched.peak_mb, watched.cpu_s = pipeline, 0.0, 0.0
    seconds = None
    try:
        for line in pipeline.stdout:
            watched.look()
            sources.look()
            done = sum(entry["delivered"] + entry["rejected"] + entry["filtered"] for entry in json.loads(line)["pipelines"])
            if done >= events:
                seconds = time.monotonic() - began
                break
            if time.monotonic() - began > 300:
                raise RuntimeError(f"only {done} of {events} events were delivered in five minutes")
    finally:
        pipeline.terminate()
        pipeline.stdout.read()
        pipeline.wait()
    sources.must_be_well("capture")
    if seconds is None:
        raise RuntimeError("the pipeline ended before it had delivered everything")
    return seconds, [sources, watched]


def run(options, report):
    source = subprocess.run([ROOT / "tools" / "demo" / "fetch"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    times = 1 if options.scale > 1 else 3
    config = ROOT / "examples" / "flights.yaml"
    for separate in (False, True):
        case = "three processes" if separate else "one process"
        for number in range(options.rounds):
            folder = options.work / f"flights-{number}-{separate}"
            events = write_tables(source, folder / "input", times)
            os.sync()
            report.sample("flights", case, "holdfast", measure(folder, events, separate, config))
            shutil.rmtree(folder)
        rate = report.median("flights", case, "holdfast", "events_per_second")
        memory = report.median("flights", case, "holdfast", "pipeline_peak_mb")
        audit = report.median("flights", case, "holdfast", "audit_s")
        report.row(f"flights end to end, {case}, {events:,} events, audit clean (its {audit:g} s not counted)", "150k/s, aim 300k/s", rate >= 150_000,
                   ours=f"{rate / 1000:.0f}k/s")
        report.row(f"peak memory of the pipeline's process, {case}", "400 MB", memory < 400 if separate else None, ours=f"{memory:g} MB")
