"""Kafka's TransactionalMessageCopier with kill -9 of the broker and of the copiers: nothing lost, nothing twice, in order."""
import os
import random
import re

from java_tools import create, start, tool
from serving import expect, main

GROUPS = "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand"
CONSOLE = "org.apache.kafka.tools.consumer.ConsoleConsumer"
RECORDS, PARTITIONS, KILLS = 6000, 2, 4


def read(served, topic, count):
    """{partition: [(key, value), ...]} as a reader of committed records sees the topic, `count` records or fewer if no more come."""
    out = tool(served, CONSOLE, "--topic", topic, "--from-beginning", "--max-messages", str(count), "--timeout-ms", "10000",
               "--command-property", "isolation.level=read_committed", "--formatter-property", "print.partition=true",
               "--formatter-property", "print.key=true")
    records = {}
    for partition, key, value in re.findall(r"^Partition:(\d+)\t(\S+)\t(\S+)$", out, re.M):
        records.setdefault(int(partition), []).append((key, value))
    return records


def lag(served):
    """Of each partition that has an offset, or a member: in the middle of a rebalance that may be one only."""
    out = tool(served, GROUPS, "--describe", "--group", "copiers")
    return [line.split()[5] for line in out.splitlines() if line.startswith("copiers")]


def copiers_and_broker_are_killed_and_every_record_is_copied_once_in_order(served):
    create(served, "input", PARTITIONS)
    create(served, "output", PARTITIONS)
    tool(served, "VerifiableProducer", "--topic", "input", "--max-messages", str(RECORDS), "--throughput", "-1", "--acks", "-1",
         "--repeating-keys", "50")
    seed = int(os.environ.get("HOLDFAST_SEED") or random.randrange(1 << 32))
    print(f"seed {seed}", flush=True)
    chance = random.Random(seed)

    running = {}

    def start_copiers():
        for number in range(2):
            if number not in running or running[number].process.poll() is not None:
                running[number] = start(served, "TransactionalMessageCopier", "--input-topic", "input", "--input-partition", "0",
                                        "--output-topic", "output", "--consumer-group", "copiers", "--transaction-size", "20",
                                        "--transaction-timeout", "10000", "--transactional-id", f"copier-{number}", "--group-mode",
                                        "--use-group-metadata", "--enable-random-aborts", flag="--broker-list")

    try:
        start_copiers()
        for _ in range(KILLS):
            for one in running.values():  # both have copied something since the last kill, unless they wait for one another
                try:
                    while '"totalProcessed"' in one.line(60) and chance.random() < 0.8:
                        pass
                except AssertionError:
                    if one.process.poll() != 0:  # 0: nothing is left in its partitions
                        raise
            victim = chance.randrange(3)
            print(f"kill {['copier 0', 'copier 1', 'broker'][victim]}", flush=True)
            if victim == 2:
                served.kill()
                served.start()
            else:
                running[victim].kill()
            start_copiers()
        while lag(served) != ["0"] * PARTITIONS:
            start_copiers()
    finally:
        for one in running.values():
            one.kill()
    expect("the copy, partition by partition", read(served, "output", RECORDS + 1), read(served, "input", RECORDS))


main([copiers_and_broker_are_killed_and_every_record_is_copied_once_in_order])
