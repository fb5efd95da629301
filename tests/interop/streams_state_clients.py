"""Kafka Streams with state: repartition and changelog topics, tables, windows, joins, standbys; instances come, are killed, lose their state folders."""
import collections
import contextlib
import re
import shutil
import tempfile

from java_tools import Started, called, create, java, tool
from serving import eventually, expect, main

CONSOLE = "org.apache.kafka.tools.consumer.ConsoleConsumer"
CUSTOMERS = [f"c{number}" for number in range(12)]


def last_values(served, topic, deserializer="String"):
    """The last value of each key, as a reader of committed records sees it at the moment."""
    ends = sum(int(end) for end in re.findall(rf"^{topic}:\d+:(\d+)$", tool(served, "GetOffsetShell", "--topic", topic), re.M))
    if not ends:
        return {}
    _, out, _ = called(served, CONSOLE, "--topic", topic, "--from-beginning", "--timeout-ms", "1500", "--command-property", "isolation.level=read_committed",
                       "--formatter-property", "print.key=true", "--formatter-property",
                       f"value.deserializer=org.apache.kafka.common.serialization.{deserializer}Deserializer")
    return dict(re.findall(r"^(\w+)\t(\S+)$", out, re.M))


def run_with(served, guarantee, standbys):
    for topic, partitions in (("orders", 4), ("names", 4), ("sums", 4), ("windows", 4), ("pairs", 4)):
        create(served, topic, partitions, *(("--config", "cleanup.policy=compact") if topic == "names" else ()))
    sums, counts = collections.Counter(), collections.Counter()

    def write(orders):
        text = []
        for number in range(orders):
            customer = CUSTOMERS[number % len(CUSTOMERS)]
            sums[customer] += number
            counts[customer] += 1
            text.append(f"k{number}:{customer}:{number}\n")
        tool(served, "ConsoleProducer", "--topic", "orders", "--reader-property", "parse.key=true", "--reader-property", "key.separator=:", text="".join(text))

    def wanted():
        return {customer: f"name-{customer}={sums[customer]}" for customer in CUSTOMERS}, {customer: str(counts[customer]) for customer in CUSTOMERS}

    def check(what):
        eventually(what, lambda: (last_values(served, "sums"), last_values(served, "windows", "Long")), wanted(), 120)

    tool(served, "ConsoleProducer", "--topic", "names", "--reader-property", "parse.key=true", "--reader-property", "key.separator=:",
         text="".join(f"{customer}:name-{customer}\n" for customer in CUSTOMERS))
    with tempfile.TemporaryDirectory(prefix="holdfast-streams-") as folder, contextlib.ExitStack() as stack:
        def start(number):
            program = Started(java("Stateful.java", served.address, f"{folder}/{number}", guarantee, standbys))
            stack.callback(program.kill)
            while program.line(120) != "state RUNNING\n":
                pass
            return program

        first = start(1)
        write(600)
        check("sums of one instance")
        second = start(2)
        write(600)
        check("sums of two instances")
        first.kill()
        shutil.rmtree(f"{folder}/1")  # its state has to come back out of the changelogs
        write(600)
        served.kill()
        served.start()
        first = start(1)
        write(600)
        check("sums once one was killed, with its state, and the broker")
        second.process.terminate()
        second.process.wait(60)
        write(600)
        check("sums after an orderly end")
        topics = tool(served, "TopicCommand", "--list").split()
        expect("topics of its own", sorted(name for name in topics if name.startswith("stateful-")), sorted(
            f"stateful-{name}" for name in ("by-customer-repartition", "names-store-changelog", "sums-store-changelog", "windows-store-changelog",
                                            "pairs-this-join-store-changelog", "pairs-other-join-store-changelog")))
        groups = tool(served, "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand", "--describe", "--group", "stateful", "--state")
        expect("group", "Stable" in groups, True)
    reset = tool(served, "StreamsResetter", "--application-id", "stateful", "--input-topics", "orders,names", "--force")
    expect("reset", [name for name in tool(served, "TopicCommand", "--list").split() if name.startswith("stateful-")], [])
    expect("it names its topics", "stateful-sums-store-changelog" in reset, True)


def exactly_once_with_standbys(served):
    run_with(served, "exactly_once_v2", 1)


main([exactly_once_with_standbys])
