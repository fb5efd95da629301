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
    """This process and those that it starts live in `gigabytes`, until `leave`."""

    def __init__(self, folder, gigabytes):
        self.size = gigabytes << 30
        self.file = pathlib.Path(folder) / "whatever-was-there-before"
        self.group, limit = group_folder(f"holdfast-bench-{os.getpid()}")
        try:
            self.group.mkdir()
            (self.group / limit).write_text(str(self.size))
            (self.group / "cgroup.procs").write_text(str(os.getpid()))
        except OSError as error:
            raise SystemExit(f"--memory: no memory cgroup can be had here ({error}); root may, or leave the option out") from error
        block = os.urandom(STEP)
        with open(self.file, "wb", buffering=0) as file:
            for _ in range(self.size // STEP):
                file.write(block)
            os.fsync(file.fileno())

    def fill(self):
        """Until there is nothing free in the group."""
        into = bytearray(STEP)
        with open(self.file, "rb", buffering=0) as file:
            while file.readinto(into):
                pass

    def leave(self):
        (self.group.parent / "cgroup.procs").write_text(str(os.getpid()))
        self.file.unlink()
        self.group.rmdir()


class WhateverMemory:
    """As the machine has it."""

    def fill(self):
        pass

    def leave(self):
        pass
