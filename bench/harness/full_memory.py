"""Memory that is in use already, as on a server that has been up for a while: a memory cgroup, its page cache full of a file. Whoever
writes or reads in it gets pages that something else gave up, not pages that nobody has touched yet; the latter cost a virtual machine
many times as much (`machine` says how much) and would hide what the brokers themselves take."""
import os
import pathlib

STEP = 1 << 20


def group_folder(name):
    """The folder of a memory cgroup and the name of its limit, in either version of cgroups."""
    mounted = pathlib.Path("/sys/fs/cgroup")
    if (mounted / "memory").is_dir():
        return mounted / "memory" / name, "memory.limit_in_bytes"
    return mounted / name, "memory.max"


class FullMemory:
    """Within it, this process and those that it starts live in `gigabytes`; in what the machine has, if that is None."""

    def __init__(self, folder, gigabytes):
        self.size = (gigabytes or 0) << 30
        self.file = pathlib.Path(folder) / "whatever-was-there-before"
        self.group, self.limit = group_folder(f"holdfast-bench-{os.getpid()}")

    def __enter__(self):
        if not self.size:
            return self
        try:
            self.group.mkdir()
            (self.group / self.limit).write_text(str(self.size))
            (self.group / "cgroup.procs").write_text(str(os.getpid()))
        except OSError as error:
            raise SystemExit(f"--memory: no memory cgroup can be had here ({error}); root may, or leave the option out") from error
        block = os.urandom(STEP)
        with open(self.file, "wb", buffering=0) as file:
            for _ in range(self.size // STEP):
                file.write(block)
            os.fsync(file.fileno())
        return self

    def fill(self):
        """Until there is nothing free in the group."""
        if not self.size:
            return
        into = bytearray(STEP)
        with open(self.file, "rb", buffering=0) as file:
            while file.readinto(into):
                pass

    def __exit__(self, *_):
        if self.size:
            (self.group.parent / "cgroup.procs").write_text(str(os.getpid()))
            self.group.rmdir()
