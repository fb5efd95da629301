"""MirrorMaker 2 between two of our brokers: topics, settings, records and the offsets of groups come over, over kill -9 of both."""
import contextlib
import pathlib
import re
import subprocess
import sys
import tempfile

from java_tools import TOOLS, Started, called, create, java, tool
from serving import SKIPPED, broker, eventually, expect, main

CONSOLE = "org.apache.kafka.tools.consumer.ConsoleConsumer"
GROUPS = "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand"


def mirror(*arguments):
    fetched = subprocess.run([TOOLS / "kafka" / "fetch", "mirror"], stdout=subprocess.PIPE, text=True, check=False)
    if fetched.returncode != 0:
        print("skipped: MirrorMaker cannot be had here")
        sys.exit(SKIPPED)
    command = java("org.apache.kafka.connect.mirror.MirrorMaker", *arguments)
    command[command.index("-cp") + 1] += f":{fetched.stdout.strip()}/*"
    return Started(command)


def lines(served, topic, count):
    _, out, _ = called(served, CONSOLE, "--topic", topic, "--from-beginning", "--max-messages", str(count), "--timeout-ms", "2000")
    return sorted(out.splitlines())


def fill(served, topic, begin, end):
    tool(served, "ConsoleProducer", "--topic", topic, text="".join(f"line {number:04}\n" for number in range(begin, end)))


def wanted(count):
    return [f"line {number:04}" for number in range(count)]


def committed(served, group):
    _, out, _ = called(served, GROUPS, "--describe", "--group", group, "--offsets")
    return re.findall(rf"^{group} +(\S+) +(\d+) +(\d+)", out, re.M)


def topics_records_and_groups_come_over(served):
    with broker(sys.argv[1] if sys.argv[1] == "kafka" else str(pathlib.Path(sys.argv[1]).resolve())) as other, \
            tempfile.TemporaryDirectory(prefix="holdfast-mirror-") as folder, contextlib.ExitStack() as stack:
        create(served, "copied", 2, "--config", "retention.ms=123456789")
        fill(served, "copied", 0, 500)
        path = pathlib.Path(folder, "mirror.properties")
        path.write_text(f"""clusters = here, there
here.bootstrap.servers = {served.address}
there.bootstrap.servers = {other.address}
here->there.enabled = true
there->here.enabled = false
topics = copied.*
groups = readers
replication.factor = 1
checkpoints.topic.replication.factor = 1
heartbeats.topic.replication.factor = 1
offset-syncs.topic.replication.factor = 1
offset.storage.replication.factor = 1
status.storage.replication.factor = 1
config.storage.replication.factor = 1
refresh.topics.interval.seconds = 2
refresh.groups.interval.seconds = 2
sync.topic.configs.interval.seconds = 2
emit.checkpoints.interval.seconds = 1
sync.group.offsets.enabled = true
sync.group.offsets.interval.seconds = 1
offset.lag.max = 1
offset.flush.interval.ms = 1000
dedicated.mode.enable.internal.rest = false
exactly.once.source.support = enabled
""")
        running = mirror(path)
        stack.callback(running.kill)
        eventually("the first lines", lambda: lines(other, "here.copied", 500), wanted(500), 120)
        described = tool(other, "TopicCommand", "--describe", "--topic", "here.copied")
        expect("partitions", re.search(r"PartitionCount: (\d+)", described).group(1), "2")
        expect("setting", "retention.ms=123456789" in described, True)
        tool(served, CONSOLE, "--topic", "copied", "--group", "readers", "--from-beginning", "--max-messages", "500", "--timeout-ms", "20000")
        fill(served, "copied", 500, 510)
        eventually("the group's offsets", lambda: {name for name, _, _ in committed(other, "readers")}, {"here.copied"}, 60)
        other.kill()
        other.start()
        served.kill()
        served.start()
        fill(served, "copied", 510, 1000)
        create(served, "copied.later", 1)
        fill(served, "copied.later", 0, 10)
        eventually("all lines, once", lambda: lines(other, "here.copied", 2000), wanted(1000), 120)
        eventually("a topic made later", lambda: lines(other, "here.copied.later", 100), wanted(10), 120)
        expect("it is still running", running.process.poll(), None)


main([topics_records_and_groups_come_over])
