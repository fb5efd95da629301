"""Groups and scale: how fast a dead member's work goes on, and what many partitions and connections cost."""
import resource
import subprocess
import time

from . import process, raw
from .servers import BUILD, Holdfast

SESSION_MS = 6000


def first_record_ns(member):
    line = member.stdout.readline()
    if not line:
        raise RuntimeError("the member ended before its first record")
    return int(line)


def takeover(options, report):
    """A member that owns everything is killed; another joins at once. Its JoinGroup waits until the session of the dead one is
    over; what lies between that and its first record is ours."""
    subprocess.run(["cmake", "--build", BUILD, "--target", "bench_member"], check=True, stdout=subprocess.DEVNULL)
    server = Holdfast(options.work / "takeover")
    server.start()
    client = raw.Connection(server.port)
    client.create_topics(["takeover"], 4)
    client.produce("takeover", 4, raw.record_batch(b"value"))
    try:
        for number in range(options.rounds):
            command = [BUILD / "bench_member", server.bootstrap, f"group-{number}", "takeover", str(SESSION_MS)]
            dead = subprocess.Popen(command, stdout=subprocess.PIPE)
            first_record_ns(dead)
            time.sleep(1.5)  # it heartbeats
            dead.kill()
            dead.wait()
            began = time.monotonic_ns()
            heir = subprocess.Popen(command, stdout=subprocess.PIPE)
            took_ms = (first_record_ns(heir) - began) / 1e6
            heir.kill()
            heir.wait()
            report.sample("takeover", "killed", server.name, {"ms": round(took_ms, 1), "beyond_session_ms": round(took_ms - SESSION_MS, 1)})
    finally:
        server.destroy()
    worst = max(r["ms"] for r in report.raw if r["bench"] == "takeover")
    report.row("JoinGroup to first record after a member was killed, worst", f"session ({SESSION_MS} ms) + 100 ms",
               worst <= SESSION_MS + 100, ours=f"{worst:.0f} ms")


def scale(options, report):
    """10,000 partitions with a record each and 5,000 connections that say nothing more."""
    topics, partitions, connections = 100, 100, 5000
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    server = Holdfast(options.work / "scale")
    server.start()
    try:
        client = raw.Connection(server.port)
        names = [f"scale-{i}" for i in range(topics)]
        client.create_topics(names, partitions)
        batch = raw.record_batch(b"v" * 100)
        for name in names:
            client.produce(name, partitions, batch)
        topics_mb = process.rss_mb(server.pid)
        idle = [raw.Connection(server.port) for _ in range(connections)]
        for connection in idle:
            connection.api_versions()
        time.sleep(6)  # the allocator gives back what was only needed for a moment
        own, mapped = process.rss_parts_mb(server.pid)
        report.sample("scale", "memory", server.name, {
            "rss_mb": round(process.rss_mb(server.pid), 1), "own_mb": round(own, 1), "mapped_mb": round(mapped, 1),
            "before_connections_mb": round(topics_mb, 1)})
        for connection in idle:
            connection.close()
        server.child.kill()
        server.child.wait()
        for _ in range(options.rounds):
            report.sample("scale", "restart", server.name, {"ms": round(server.start() * 1000, 1)})
            server.child.kill()
            server.child.wait()
    finally:
        server.destroy()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    rss, restart = report.median("scale", "memory", server.name, "rss_mb"), report.median("scale", "restart", server.name, "ms")
    report.row("memory with 10,000 partitions and 5,000 idle connections", "150 MB", rss <= 150, ours=f"{rss:g} MB")
    report.row("restart after kill -9 with them, to the first answer", "2 s", restart <= 2000, ours=f"{restart:.0f} ms")
