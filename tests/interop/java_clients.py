"""Apache Kafka's own command-line tools against the broker."""
import json
import re
import tempfile

from java_tools import create, tool
from serving import expect, main

def end_offsets(served, topic, time="latest"):
    out = tool(served, "GetOffsetShell", "--topic", topic, "--time", time)
    return {int(p): int(o) for p, o in re.findall(rf"^{topic}:(\d+):(\d+)$", out, re.M)}


def console_read(served, topic, partition, count, *more):
    return tool(served, "org.apache.kafka.tools.consumer.ConsoleConsumer", "--topic", topic, "--partition", str(partition), "--offset", "earliest",
                "--max-messages", str(count), "--timeout-ms", "20000", *more).splitlines()


def idempotent_producers_lose_and_double_nothing(served):
    create(served, "numbers", 3)
    out = tool(served, "VerifiableProducer", "--topic", "numbers", "--max-messages", "30000", "--throughput", "-1",
               "--acks", "-1")
    acks = [json.loads(line) for line in out.splitlines() if '"producer_send_success"' in line]
    expect("acknowledged", len(acks), 30_000)
    read = []
    for partition, end in end_offsets(served, "numbers").items():
        values = console_read(served, "numbers", partition, end)
        wanted = [a["value"] for a in sorted(acks, key=lambda a: a["offset"]) if a["partition"] == partition]
        expect(f"partition {partition}, in the order of the offsets", values, wanted)
        read += values
    expect("all of them once", sorted(map(int, read)), list(range(30_000)))


def records_survive_kill_9_after_the_performance_producer(served):
    create(served, "bulk", 4)
    tool(served, "ProducerPerformance", "--topic", "bulk", "--num-records", "100000", "--record-size", "200",
         "--throughput", "-1", "--command-property", "acks=all", "linger.ms=5", "compression.type=lz4")
    before = end_offsets(served, "bulk")
    expect("records", sum(before.values()), 100_000)
    served.kill()
    served.start()
    expect("end offsets after kill -9", end_offsets(served, "bulk"), before)
    expect("readable to the end", len(console_read(served, "bulk", 2, before[2])), before[2])


def topics_are_created_grown_described_and_deleted(served):
    create(served, "alpha", 2, "--config", "max.message.bytes=2000000")
    create(served, "beta")
    expect("list", tool(served, "TopicCommand", "--list").split(), ["alpha", "beta"])
    tool(served, "TopicCommand", "--alter", "--topic", "alpha", "--partitions", "5")
    described = tool(served, "TopicCommand", "--describe", "--topic", "alpha")
    expect("partitions", re.search(r"PartitionCount: (\d+)", described).group(1), "5")
    expect("setting", "max.message.bytes=2000000" in described, True)
    tool(served, "TopicCommand", "--delete", "--topic", "beta")
    expect("list after deletion", tool(served, "TopicCommand", "--list").split(), ["alpha"])


def settings_are_changed_and_told_with_their_source(served):
    create(served, "conf")
    config = "kafka.admin.ConfigCommand"
    topic = ("--entity-type", "topics", "--entity-name", "conf")
    tool(served, config, "--alter", *topic, "--add-config", "retention.ms=60000,cleanup.policy=compact")
    described = tool(served, config, "--describe", *topic)
    expect("source", "DYNAMIC_TOPIC_CONFIG:retention.ms=60000" in described, True)
    tool(served, config, "--alter", *topic, "--delete-config", "retention.ms")
    described = tool(served, config, "--describe", *topic)
    expect("removed", "retention.ms" in described, False)
    expect("kept", "cleanup.policy=compact" in described, True)
    broker = tool(served, config, "--describe", "--all", "--entity-type", "brokers", "--entity-name", "1")
    expect("broker default", "DEFAULT_CONFIG:num.partitions=1" in broker, True)


def deleted_records_are_gone(served):
    create(served, "cut")
    tool(served, "ConsoleProducer", "--topic", "cut", text="".join(f"line {i}\n" for i in range(100)))
    with tempfile.NamedTemporaryFile("w", suffix=".json") as offsets:
        json.dump({"partitions": [{"topic": "cut", "partition": 0, "offset": 90}], "version": 1}, offsets)
        offsets.flush()
        tool(served, "DeleteRecordsCommand", "--offset-json-file", offsets.name)
    expect("beginning", end_offsets(served, "cut", "earliest"), {0: 90})
    expect("what is left", console_read(served, "cut", 0, 10), [f"line {i}" for i in range(90, 100)])


def versions_are_told(served):
    out = tool(served, "BrokerApiVersionsCommand")
    expect("produce", "Produce(0): 0 to 13 [usable: 13]" in out, True)
    expect("fetch", "Fetch(1): 4 to 18 [usable: 18]" in out, True)


main([idempotent_producers_lose_and_double_nothing, records_survive_kill_9_after_the_performance_producer,
      topics_are_created_grown_described_and_deleted, settings_are_changed_and_told_with_their_source,
      deleted_records_are_gone, versions_are_told])
