"""From a topic into PostgreSQL: rows of 200 bytes, positions in the same transaction, default settings of the server (synced)."""
import os
import shutil
import subprocess

from .cassandra import config_text, drain, holdfast, write_events
from .servers import ROOT, Holdfast


def run(options, report):
    events = 2_000_000 // options.scale
    folder = options.work / "postgres"
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    options.work.chmod(0o755)  # the server runs as a user of its own
    broker = Holdfast(folder / "broker-alone")
    server = subprocess.Popen([ROOT / "tools" / "postgres" / "run", "--data", folder / "pg"], stdout=subprocess.PIPE, text=True)
    try:
        word, _, address = server.stdout.readline().strip().partition(" ")
        if word != "ready":
            raise RuntimeError("PostgreSQL did not start")
        host, port = address.split(":")
        broker.start()
        env = os.environ | {"HOLDFAST_BROKER": broker.bootstrap}
        write_events(folder / "input.jsonl", events)

        def config(name, key):
            sink = f"postgres: {{host: {host}, port: {port}, database: holdfast, user: holdfast, table: {name}{key}}}"
            return config_text(folder, None, name, "events", sink)

        if holdfast(folder, config("fill", ""), env, "--only", "sources", "--once").wait() != 0:
            raise RuntimeError("the topic was not filled")
        for case, key in (("no key", ""), ("with a key", ", key: [id]")):
            for number in range(options.rounds):
                name = f"rows_{'key' if key else 'plain'}_{number}"
                report.sample("postgres", case, "holdfast", drain(folder, config(name, key), env, events))
            rate, cpu = (report.median("postgres", case, "holdfast", what) for what in ("rows_per_second", "cpu_us_per_row"))
            report.row(f"topic -> PostgreSQL, {case}, 200 B rows, positions in the transaction ({cpu:g} us of our CPU a row)", "180k/s",
                       rate >= 180_000, ours=f"{rate / 1000:.0f}k/s")
    finally:
        broker.destroy()
        server.terminate()
        server.wait()
        shutil.rmtree(folder, ignore_errors=True)
