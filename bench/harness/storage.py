"""What the log costs over time: written through a retention again and again, and read back at once, or long after it was written.
`--gigabytes` makes both smaller, to see whether they work: the log's fixed parts (segments of 64 MiB) then weigh more."""
import ctypes
import json
import mmap
import os
import pathlib
import shutil
import threading
import time

from . import clients, process
from .benches import Subjects, at_least, at_most, thousands
from .servers import Holdfast

GB = 1_000_000_000
MIB = 1 << 20
RECORD = 1000
SEGMENT = 64 * MIB
PACED = 40_000  # records a second at which latency is compared: well below what the machine can do


def gigabytes(options, otherwise):
    return options.gigabytes or max(1, otherwise // options.scale)


def need_space(folder, wanted):
    free = shutil.disk_usage(folder).free
    if free < wanted * 1.1:
        raise RuntimeError(f"{wanted / GB:.0f} GB are needed below {folder}, {free / GB:.0f} GB are free; see --gigabytes and --work")


def used_bytes(folder):
    """Of the files' blocks, as du counts."""
    total = 0
    for path in pathlib.Path(folder).iterdir():
        try:
            total += path.stat().st_blocks * 512
        except FileNotFoundError:
            pass  # removed meanwhile
    return total


class Watcher:
    """Looks at a broker's memory and folder twice a second."""

    def __init__(self, server):
        self.server, self.seen, self.over = server, [], threading.Event()
        self.written = 0  # told by the bench: so much was sent before the present slice
        self.thread = threading.Thread(target=self.run)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()

    def run(self):
        while not self.over.wait(0.5):
            own, mapped = process.rss_parts_mb(self.server.pid)
            self.seen.append((self.written, own, mapped, used_bytes(self.server.folder)))

    def most(self, value, least_written=0, below=float("inf")):
        return max((value(sample) for sample in self.seen if least_written <= sample[0] < below), default=0)


def retention(options, report):
    """So many gigabytes through a retention of a twelfth of them, 16 partitions, as fast as the client can. The last slices take turns
    with the same slice into an empty log, also at a pace at which latency means something."""
    total = gigabytes(options, 24)
    kept = total * GB // 12
    partitions, count = 16, 24
    slice_records = total * GB // RECORD // count
    need_space(options.work, 3 * kept + 8 * SEGMENT)

    def write_slice(server, pace):
        return clients.with_cpu(server, lambda: clients.produce(
            server, "kept", slice_records, RECORD, throughput=PACED if pace == "paced" else -1, warmup=slice_records // 4))

    def started(name):
        server = Holdfast(options.work / name)
        server.start()
        server.topic_settings = {"retention.bytes": str(kept // partitions)}
        clients.create_topic(server, "kept", partitions)
        return server

    server = started("retention")
    try:
        with Watcher(server) as watcher:
            for number in range(count):
                pace = "full" if number < count - 3 else "paced"
                values = write_slice(server, pace)
                watcher.written += slice_records * RECORD
                own, mapped = process.rss_parts_mb(server.pid)
                compared = number >= count - 8
                report.sample("retention", f"{pace}, full log" if compared else f"slice {number + 1} of {count}", server.name, {
                    **values, "own_mb": round(own, 1), "mapped_mb": round(mapped, 1), "disk_mb": round(used_bytes(server.folder) / 1e6)})
                if compared:
                    fresh = started(f"empty-{number}")
                    try:
                        report.sample("retention", f"{pace}, empty log", server.name, write_slice(fresh, pace))
                    finally:
                        fresh.destroy()
        judge_retention(report, watcher, total, kept)
    finally:
        server.destroy()


def judge_retention(report, watcher, total, kept):
    # Memory once the log has been full twice, against what it was when it first was.
    half = total * GB / 2
    early, late = (watcher.most(lambda s: s[1] + s[2], *bounds) for bounds in ((kept, half), (half,)))
    own, mapped = watcher.most(lambda s: s[1]), watcher.most(lambda s: s[2])
    disk = watcher.most(lambda s: s[3])
    report.sample("retention", "whole run", "holdfast", {
        "early_rss_mb": round(early, 1), "late_rss_mb": round(late, 1), "own_peak_mb": round(own, 1), "mapped_peak_mb": round(mapped, 1),
        "disk_peak_mb": round(disk / 1e6), "kept_mb": round(kept / 1e6)})
    what = f"{total} GB through a retention of {kept / GB:.3g} GB"
    report.row(f"{what}: memory (own and mapped) in the second half against the first", "within 10 %", at_most(late, early and early * 1.1),
               ours=f"{late:.0f} MB / {early:.0f} MB; peak own {own:.0f} MB, mapped {mapped:.0f} MB")
    report.row(f"{what}: disk, peak", "1.5x retention", at_most(disk, 1.5 * kept), ours=f"{disk / 1e6:,.0f} MB = {disk / kept:.2f}x")
    for pace, shown in (("paced", f"at {PACED:,}/s"), ("full", "at full speed")):
        p99 = {log: report.median("retention", f"{pace}, {log} log", "holdfast", "p99_ms") for log in ("full", "empty")}
        rate = {log: report.median("retention", f"{pace}, {log} log", "holdfast", "records_per_second") for log in ("full", "empty")}
        report.row(f"{what}: produce p99 {shown}, last slices against an empty log in turn", "2x", at_most(p99["full"], 2 * p99["empty"]),
                   ours=f"p99 {p99['full']:g} ms / {p99['empty']:g} ms; {rate['full'] / 1000:.0f}k/s / {rate['empty'] / 1000:.0f}k/s")


def forget_pages(folder):
    """Makes the files of a broker that is stopped cold; answers the share of their pages that is still in memory."""
    libc = ctypes.CDLL(None, use_errno=True)
    os.sync()
    pages = left = 0
    for path in pathlib.Path(folder).iterdir():
        size = path.stat().st_size
        if size == 0:
            continue
        with open(path, "r+b") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            with mmap.mmap(file.fileno(), size) as mapping:
                seen = (ctypes.c_ubyte * ((size + 4095) // 4096))()
                base = ctypes.c_char.from_buffer(mapping)
                libc.mincore(ctypes.c_void_p(ctypes.addressof(base)), ctypes.c_size_t(size), seen)
                del base
                pages += len(seen)
                left += sum(byte & 1 for byte in bytes(seen))
    return left / max(1, pages)


def bytes_read(pid):
    """From the disk, of all that this process has read."""
    for line in pathlib.Path(f"/proc/{pid}/io").read_text().splitlines():
        if line.startswith("read_bytes:"):
            return int(line.split()[1])
    return 0


def unsettled(folder):
    """Segments as they were written, but for the active one."""
    return max(0, sum(1 for path in pathlib.Path(folder).iterdir() if path.suffix == ".seg" and path.name[0].isdigit()) - 1)


def wait_until_settled(server, segments_left, most_s):
    """The cleaner settles four segments at a time, once they are a minute old."""
    until = time.monotonic() + most_s
    began = time.monotonic()
    while unsettled(server.folder) > segments_left:
        if time.monotonic() > until:
            raise RuntimeError(f"{unsettled(server.folder)} segments are not settled after {most_s} s")
        time.sleep(0.5)
    return time.monotonic() - began


def count_of(server, topic, partition):
    ends = clients.run(clients.java(f"{clients.TOOLS}.GetOffsetShell", "--bootstrap-server", server.bootstrap, "--topic-partitions",
                                    f"{topic}:{partition}", "--time", "-1"))
    return int(ends.strip().rpartition(":")[2])


def catchup(options, report):
    """One partition out of a log that 16 share, against the same data in a log of its own; both settled, both cold."""
    total, partitions = gigabytes(options, 16), 16
    need_space(options.work, (total + total // partitions + 1) * GB + total * GB // 8)
    shared, alone = Holdfast(options.work / "shared"), Holdfast(options.work / "alone")
    records = {}
    try:
        for server, count in ((shared, partitions), (alone, 1)):
            server.start()
            clients.create_topic(server, "log", count)
            wanted = total * GB // RECORD if server is shared else records[shared]
            clients.produce(server, "log", wanted, RECORD)
            records[server] = count_of(server, "log", 0)
        for server in (shared, alone):
            waited = wait_until_settled(server, 5, 900)
            report.sample("catchup", "settled" if server is shared else "alone, settled", "holdfast", {
                "waited_s": round(waited), "cpu_s": process.cpu_seconds(server.pid), "disk_mb": round(used_bytes(server.folder) / 1e6)})
            server.stop()
        for number in range(options.rounds):
            for server in ((shared, alone), (alone, shared))[number % 2]:
                case = "one of 16" if server is shared else "log of its own"
                report.sample("catchup", case, "holdfast", read_cold(server, records[server]))
    finally:
        shared.destroy()
        alone.destroy()
    ours, other = (report.median("catchup", case, "holdfast", "mb_per_second") for case in ("one of 16", "log of its own"))
    report.row(f"catch-up of one partition ({records[shared] * RECORD / GB:.2f} GB) out of a {total} GB log that 16 share, cold, "
               "against a log of its own", "0.7x", at_least(ours, other and 0.7 * other),
               ours=f"{ours:.0f} MB/s of {other:.0f} MB/s = {ours / other:.2f}x")


def consume(options, report):
    """The same data again and again, from the page cache: after the cleaner has put it in order, and after one read that nobody counts."""
    records = 1_000_000 // options.scale
    names = ("holdfast", "kafka")
    with Subjects(options, names) as subjects:
        for partitions in (1, 16):
            case = f"1 KB, {partitions} partition{'s' if partitions > 1 else ''}"
            topic = f"consume-{partitions}"

            def read(server, case):
                report.sample("consume", case, server.name,
                              clients.with_cpu(server, lambda: clients.consume(server, topic, partitions, records)))

            def median(case, key):
                return {name: report.median("consume", case, name, key) for name in names}

            for server in subjects.servers:
                clients.create_topic(server, topic, partitions)
                clients.produce(server, topic, records, 1024)
                read(server, f"{case}, first")
                if server.name == "holdfast":
                    before = process.cpu_seconds(server.pid)
                    wait_until_settled(server, 3, 300)
                    report.sample("consume", f"{case}, settled", server.name, {"broker_cpu_s": round(process.cpu_seconds(server.pid) - before, 2)})
                read(server, f"{case}, once more")
            for _, server in subjects.turns(options.rounds):
                read(server, case)
            first = median(f"{case}, first", "records_per_second")
            report.row(f"consume {case}, for the first time (ours from the disk, Kafka's from page cache; one run)", "", None,
                       ours=thousands(first["holdfast"]), kafka=thousands(first["kafka"]))
            settled = median(f"{case}, settled", "broker_cpu_s")["holdfast"]
            report.row("broker CPU a minute later, to settle what was produced (once)", "", None, ours=settled and f"{settled:.2f} s")
            rate, cpu = median(case, "records_per_second"), median(case, "broker_cpu_s")
            report.row(f"consume {case}, from page cache", "at least Kafka's rate", at_least(rate["holdfast"], rate["kafka"]),
                       ours=thousands(rate["holdfast"]), kafka=thousands(rate["kafka"]))
            report.row(f"broker CPU for that ({records:,} records)", "half of Kafka's", at_most(cpu["holdfast"], cpu["kafka"] and cpu["kafka"] / 2),
                       ours=cpu["holdfast"] and f"{cpu['holdfast']:.2f} s", kafka=cpu["kafka"] and f"{cpu['kafka']:.2f} s")


def read_cold(server, records):
    still_there = forget_pages(server.folder)
    server.start()
    try:
        before = bytes_read(server.pid)
        values = clients.with_cpu(server, lambda: clients.consume(server, "log", 1, records))
        return {"mb_per_second": round(values["bytes"] / values["seconds"] / 1e6, 1), "seconds": values["seconds"],
                "broker_cpu_s": values["broker_cpu_s"], "read_from_disk_mb": round((bytes_read(server.pid) - before) / 1e6),
                "records": values["records"], "pages_warm_before": round(still_there, 4)}
    finally:
        server.stop()
