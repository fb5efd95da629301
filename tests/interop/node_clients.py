"""kafkajs against the broker: a group of two members with a rebalance; transactions with their offsets."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from serving import SKIPPED, main, run

VERSION = "2.2.4"
SHA256 = "c814f61afbb2b42e314a5e17780475e6a15aa47bbd33b126b81123e69b02a6f6"


def library():
    """The folder of kafkajs, fetched once: it is one package without others, and no script of it is run."""
    cache = pathlib.Path(os.environ.get("HOLDFAST_CACHE") or pathlib.Path.home() / ".cache" / "holdfast")
    folder = cache / f"kafkajs-{VERSION}"
    if (folder / "package.json").exists():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as work:
        packed = subprocess.run(["npm", "pack", "--ignore-scripts", "--silent", f"kafkajs@{VERSION}"], cwd=work,
                                capture_output=True, text=True, check=False)
        archive = pathlib.Path(work, f"kafkajs-{VERSION}.tgz")
        if packed.returncode != 0 or not archive.exists():
            print(f"skipped: no kafkajs: {packed.stderr}")
            sys.exit(SKIPPED)
        subprocess.run(["sha256sum", "--check", "--quiet"], input=f"{SHA256}  {archive}\n", text=True, check=True)
        subprocess.run(["tar", "-xzf", archive, "-C", work], check=True)
        try:
            pathlib.Path(work, "package").rename(folder)
        except OSError:  # somebody else was as quick
            pass
    return folder


def node(served, scenario):
    program = pathlib.Path(__file__).resolve().parent / "node" / "client.js"
    run(["node", program, library(), served.address, scenario])


def groups_share_and_rebalance(served):
    node(served, "groups_share_and_rebalance")


def transactions_commit_abort_and_carry_offsets(served):
    node(served, "transactions_commit_abort_and_carry_offsets")


if shutil.which("node") is None or shutil.which("npm") is None:
    print("skipped: there is no Node here; tools/setup installs one into the cache, which `make test` has on its PATH")
    sys.exit(SKIPPED)
if __name__ == "__main__":
    main([groups_share_and_rebalance, transactions_commit_abort_and_carry_offsets])
