"""What the kernel says about a process: CPU seconds, memory, wake-ups. Nothing is asked of the process itself."""
import os
import pathlib

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_parts(pid):
    """Seconds in the program itself and in the kernel on its behalf."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) / TICKS, int(fields[12]) / TICKS


def cpu_seconds(pid):
    return sum(cpu_parts(pid))


def status_kb(pid, key):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(key + ":"):
            return int(line.split()[1])
    raise KeyError(key)


def rss_mb(pid):
    return status_kb(pid, "VmRSS") / 1024


def rss_parts_mb(pid):
    """Memory of its own (anonymous) and pages of mapped files, which the kernel takes back when it needs them."""
    return status_kb(pid, "RssAnon") / 1024, status_kb(pid, "RssFile") / 1024


def peak_rss_mb(pid):
    return status_kb(pid, "VmHWM") / 1024


def wakeups(pid):
    """Voluntary context switches of all threads: each is one sleep that ended."""
    total = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        for line in (task / "status").read_text().splitlines():
            if line.startswith("voluntary_ctxt_switches:"):
                total += int(line.split()[1])
    return total
