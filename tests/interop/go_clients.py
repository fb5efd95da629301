"""Go against the broker: franz-go, Sarama and segmentio's kafka-go, each with codecs, times, groups that grow, transactions where it has them."""
import os
import pathlib
import subprocess
import sys

from serving import SKIPPED, expect, main, need, run

HERE = pathlib.Path(__file__).resolve().parent / "go"


def built(name):
    """A program of ours with its library; Go keeps what it has downloaded and compiled. Nothing if the library cannot be had."""
    cache = pathlib.Path(os.environ.get("HOLDFAST_CACHE") or pathlib.Path.home() / ".cache" / "holdfast")
    cache.mkdir(parents=True, exist_ok=True)
    program = cache / f"interop-go-{name}"
    made = subprocess.run(["go", "build", "-o", program, "."], cwd=HERE / name, capture_output=True, text=True, timeout=400, check=False)
    if made.returncode != 0 and "client.go" in made.stderr:
        raise AssertionError(made.stderr)
    if made.returncode != 0:
        print(f"left out: no {name} here: {made.stderr}")
    return program if made.returncode == 0 else None


def scenario(name, program, part):
    def run_it(served):
        run([program, served.address, part])
    run_it.__name__ = f"{name}_{part}"
    return run_it


def idempotence_over_kill_9(program):
    def franz_idempotence_over_kill_9(served):
        with subprocess.Popen([program, served.address, "many"], stdout=subprocess.PIPE, text=True) as writer:
            expect("it writes", writer.stdout.readline(), "begun\n")
            kills = 0
            while writer.poll() is None and kills < 3:
                served.kill()
                served.start()
                kills += 1
            expect("status", writer.wait(100), 0)
    return franz_idempotence_over_kill_9


def all_scenarios():
    found = []
    for name, parts in (("franz", ["codecs", "groups", "transactions"]), ("sarama", ["codecs", "groups", "transactions", "administration"]),
                        ("segmentio", ["codecs", "groups", "administration"])):
        program = built(name)
        found += [scenario(name, program, part) for part in parts if program]
        if program and name == "franz":
            found.append(idempotence_over_kill_9(program))
    return found


need("go")
SCENARIOS = all_scenarios()
if not SCENARIOS:
    print("skipped: none of the libraries can be had")
    sys.exit(SKIPPED)
main(SCENARIOS)
