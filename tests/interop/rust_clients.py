"""Rust against the broker: rskafka, a client that shares no code with the others. Records, codecs, times, deletion, topics; kill -9."""
import os
import pathlib
import shutil
import subprocess
import sys

from serving import SKIPPED, expect, main, need, run

HERE = pathlib.Path(__file__).resolve().parent / "rust"


def built():
    """Our program with its library; both are kept among the downloads. Compiling for the first time takes a minute or two."""
    cache = pathlib.Path(os.environ.get("HOLDFAST_CACHE") or pathlib.Path.home() / ".cache" / "holdfast")
    folder = cache / "interop-rust"
    shutil.copytree(HERE, folder, dirs_exist_ok=True)
    made = subprocess.run(["cargo", "build", "--quiet"], cwd=folder, capture_output=True, text=True, timeout=500, check=False)
    if made.returncode != 0 and "client.rs" in made.stderr:
        raise AssertionError(made.stderr)
    if made.returncode != 0:
        print(f"skipped: rskafka cannot be had here: {made.stderr}")
        sys.exit(SKIPPED)
    return folder / "target" / "debug" / "client"


def records(served):
    run([PROGRAM, served.address, "records"])


def what_was_acknowledged_is_there_after_kill_9(served):
    with subprocess.Popen([PROGRAM, served.address, "kills"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:
        for _ in range(3):
            expect("there is something to lose", writer.stdout.readline(), "so far\n")
            served.kill()
            served.start()
        writer.stdin.write("enough\n")
        writer.stdin.flush()
        told = next(line for line in writer.stdout if line != "so far\n").split()
        expect("it ends well", (told[:1], writer.wait(60)), (["acknowledged"], 0))
        expect("something was acknowledged", int(told[1]) > 100, True)


need("cargo")
PROGRAM = built()
main([records, what_was_acknowledged_is_there_after_kill_9])
