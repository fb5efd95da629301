"""The virtual environment with the Python clients, made once, in the cache."""
import fcntl
import os
import pathlib
import subprocess
import sys

PACKAGES = ["kafka-python==2.2.15", "confluent-kafka==2.11.1", "aiokafka==0.12.0",
            "cramjam==2.14.0", "lz4==4.4.5", "python-snappy==0.7.3", "zstandard==0.25.0"]  # codecs of the pure ones


def enter_environment():
    """Runs this script again inside a virtual environment that has the clients; made once, in the cache."""
    cache = pathlib.Path(os.environ.get("HOLDFAST_CACHE") or pathlib.Path.home() / ".cache" / "holdfast")
    folder = cache / "interop-python"
    python = folder / "bin" / "python"
    if pathlib.Path(sys.prefix).resolve() == folder.resolve():
        return
    complete = folder / ".complete"
    wanted = "\n".join(PACKAGES)
    cache.mkdir(parents=True, exist_ok=True)
    lock = open(cache / "interop-python.lock", "w")  # several tests begin at once; released by the exec below
    fcntl.flock(lock, fcntl.LOCK_EX)
    if not complete.exists() or complete.read_text() != wanted:
        made = subprocess.run([sys.executable, "-m", "venv", str(folder)], capture_output=True, text=True)
        if made.returncode == 0:
            made = subprocess.run([str(python), "-m", "pip", "install", "-q", *PACKAGES], capture_output=True, text=True)
        if made.returncode != 0:
            print(f"skipped: no environment with {wanted.split()}: {made.stdout}{made.stderr}")
            sys.exit(77)
        complete.write_text(wanted)
    os.execv(python, [str(python), *sys.argv])
