"""@platformatic/kafka against the broker, a JavaScript client with a protocol of its own: codecs, a group, transactions, administration."""
import os
import pathlib
import shutil
import subprocess
import sys

from serving import SKIPPED, main, need, run

HERE = pathlib.Path(__file__).resolve().parent / "node" / "platformatic"


def installed():
    """Our program beside its packages, as the lock file names them; no script of theirs is run."""
    cache = pathlib.Path(os.environ.get("HOLDFAST_CACHE") or pathlib.Path.home() / ".cache" / "holdfast")
    folder = cache / "interop-node-platformatic"
    have = folder / "package-lock.json"
    fresh = not have.exists() or have.read_bytes() != (HERE / "package-lock.json").read_bytes()
    shutil.copytree(HERE, folder, dirs_exist_ok=True)
    if fresh:
        got = subprocess.run(["npm", "ci", "--ignore-scripts", "--omit=optional", "--silent"], cwd=folder, capture_output=True,
                             text=True, timeout=300, check=False)
        if got.returncode != 0:
            have.unlink()
            print(f"skipped: @platformatic/kafka cannot be had here: {got.stderr}")
            sys.exit(SKIPPED)
    return folder / "client.mjs"


def every_codec_and_a_group_of_two(served):
    run(["node", PROGRAM, served.address, "every_codec_and_a_group_of_two"])


def transactions(served):
    run(["node", PROGRAM, served.address, "transactions"])


def administration(served):
    run(["node", PROGRAM, served.address, "administration"])


need("node")
need("npm")
PROGRAM = installed()
main([every_codec_and_a_group_of_two, transactions, administration])
