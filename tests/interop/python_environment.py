"""The virtual environments with the Python clients, made once, in the cache: those of a year ago, and the newest."""
import fcntl
import os
import pathlib
import subprocess
import sys

CODECS = ["cramjam==2.14.0", "lz4==4.4.5", "python-snappy==0.7.3", "zstandard==0.25.0"]  # of the pure ones
PACKAGES = {"": ["kafka-python==2.2.15", "confluent-kafka==2.11.1", "aiokafka==0.12.0", *CODECS],
            "newest": ["kafka-python==3.0.12", "confluent-kafka==2.16.1", "aiokafka==0.14.0", *CODECS]}


def enter_environment():
    """Runs this script again inside a virtual environment that has the clients; made once, in the cache."""
    cache = pathlib.Path(os.environ.get("HOLDFAST_CACHE") or pathlib.Path.home() / ".cache" / "holdfast")
    which = os.environ.get("HOLDFAST_PYTHON_CLIENTS", "")
    packages, folder = PACKAGES[which], cache / "-".join(["interop-python", *filter(None, [which])])
    python = folder / "bin" / "python"
    if pathlib.Path(sys.prefix).resolve() == folder.resolve():
        return
    complete = folder / ".complete"
    wanted = "\n".join(packages)
    cache.mkdir(parents=True, exist_ok=True)
    lock = open(f"{folder}.lock", "w")  # several tests begin at once; released by the exec below
    fcntl.flock(lock, fcntl.LOCK_EX)
    if not complete.exists() or complete.read_text() != wanted:
        made = subprocess.run([sys.executable, "-m", "venv", str(folder)], capture_output=True, text=True)
        if made.returncode == 0:
            made = subprocess.run([str(python), "-m", "pip", "install", "-q", *packages], capture_output=True, text=True)
        if made.returncode != 0:
            print(f"skipped: no environment with {wanted.split()}: {made.stdout}{made.stderr}")
            sys.exit(77)
        complete.write_text(wanted)
    os.execv(python, [str(python), *sys.argv])
