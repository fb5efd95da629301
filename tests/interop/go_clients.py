"""franz-go against the broker: codecs and times, idempotence over kill -9, a group that grows, transactions and their fencing."""
import os
import pathlib
import subprocess
import sys

from serving import SKIPPED, expect, main, need, run

HERE = pathlib.Path(__file__).resolve().parent / "go"


def built():
    """The program of ours with the library; Go keeps what it has downloaded and compiled."""
    cache = pathlib.Path(os.environ.get("HOLDFAST_CACHE") or pathlib.Path.home() / ".cache" / "holdfast")
    cache.mkdir(parents=True, exist_ok=True)
    program = cache / "interop-go"
    made = subprocess.run(["go", "build", "-o", program, "."], cwd=HERE, capture_output=True, text=True, timeout=400, check=False)
    if made.returncode != 0 and "client.go" in made.stderr:
        raise AssertionError(made.stderr)
    if made.returncode != 0:
        print(f"skipped: no franz-go here: {made.stderr}")
        sys.exit(SKIPPED)
    return program


def codecs_headers_nulls_large_records_and_times(served):
    run([PROGRAM, served.address, "codecs"])


def idempotence_over_kill_9(served):
    with subprocess.Popen([PROGRAM, served.address, "many"], stdout=subprocess.PIPE, text=True) as writer:
        expect("it writes", writer.stdout.readline(), "begun\n")
        kills = 0
        while writer.poll() is None and kills < 3:
            served.kill()
            served.start()
            kills += 1
        expect("status", writer.wait(100), 0)


def a_group_grows(served):
    run([PROGRAM, served.address, "groups"])


def transactions_and_fencing(served):
    run([PROGRAM, served.address, "transactions"])


need("go")
PROGRAM = built()
main([codecs_headers_nulls_large_records_and_times, idempotence_over_kill_9, a_group_grows, transactions_and_fencing])
