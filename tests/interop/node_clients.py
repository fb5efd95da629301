"""kafkajs against the broker: a group of two members with a rebalance; transactions with their offsets; what records keep; kill -9."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from serving import SKIPPED, expect, main, run

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


def records_times_pauses_and_deletion(served):
    node(served, "records_times_pauses_and_deletion")


def idempotence_over_kill_9(served):
    """Each time the writer asks for it, the broker is killed under a batch that is on its way."""
    program = pathlib.Path(__file__).resolve().parent / "node" / "client.js"
    with subprocess.Popen(["node", program, library(), served.address, "idempotence_over_kill_9"], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True) as writer:
        kills = 0
        for _ in writer.stdout:
            writer.stdin.write("go on\n")
            writer.stdin.flush()
            served.kill()
            served.start()
            kills += 1
        expect("kills and status", (kills, writer.wait(60)), (5, 0))


if shutil.which("node") is None or shutil.which("npm") is None:
    print("skipped: there is no Node here; tools/setup installs one into the cache, which `make test` has on its PATH")
    sys.exit(SKIPPED)
if __name__ == "__main__":
    main([groups_share_and_rebalance, transactions_commit_abort_and_carry_offsets, records_times_pauses_and_deletion,
          idempotence_over_kill_9])
