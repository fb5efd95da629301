"""Groups and transactions as Apache Kafka's own tools and verifiable consumers see them."""
import json
import re

from java_tools import called, create, started, tool
from serving import eventually, expect, main

GROUPS = "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand"
CONSOLE = "org.apache.kafka.tools.consumer.ConsoleConsumer"


def events(process, name):
    """The next event of the name that the tool prints, with all that came before it."""
    seen = []
    while not seen or seen[-1].get("name") != name:
        seen.append(json.loads(process.line()))
    return seen


def assigned(process, count):
    """Waits until the consumer has just been given so many partitions; answers all records that it reported until then."""
    seen = []
    while not (seen and seen[-1]["name"] == "partitions_assigned" and len(seen[-1]["partitions"]) == count):
        seen += events(process, "partitions_assigned")
    return seen


def consumed_until(process, count):
    """Reads events until `count` records were consumed; answers (partition, offset) of each and the offsets last committed."""
    records, committed = [], {}
    while len(records) < count:
        event = json.loads(process.line())
        if event["name"] == "record_data":
            records.append((event["partition"], event["offset"]))
        if event["name"] == "offsets_committed":
            expect("commit", event["success"], True)
            committed |= {one["partition"]: one["offset"] for one in event["offsets"]}
    return records, committed


def produce(served, topic, count):
    out = tool(served, "VerifiableProducer", "--topic", topic, "--max-messages", str(count), "--throughput", "-1", "--acks", "-1",
               "--repeating-keys", "64")
    acks = [json.loads(line) for line in out.splitlines() if '"producer_send_success"' in line]
    return sorted((ack["partition"], ack["offset"]) for ack in acks)


def rows_of(text, columns):
    """The table that a group command prints, each line as a dictionary."""
    lines = [line for line in text.splitlines() if line.strip()]
    head = next(i for i, line in enumerate(lines) if line.split()[0] in columns)
    return [dict(zip(lines[head].split(), line.split())) for line in lines[head + 1:]]


def describe(served, group):
    rows = rows_of(tool(served, GROUPS, "--describe", "--group", group), ["GROUP"])
    return {int(row["PARTITION"]): (row["CURRENT-OFFSET"], row["LAG"]) for row in rows}


def members_share_rebalance_and_take_over_from_the_killed(served):
    create(served, "shared", 4)
    written = produce(served, "shared", 4000)
    common = ("--topic", "shared", "--group-id", "vg", "--session-timeout", "6000", "--reset-policy", "earliest", "--verbose")
    with started(served, "VerifiableConsumer", *common) as first:
        assigned(first, 4)
        records, _ = consumed_until(first, 4000)
        expect("every record once", sorted(records), written)
        with started(served, "VerifiableConsumer", *common) as second:
            assigned(second, 2)
            first_has = {one["partition"] for one in assigned(first, 2)[-1]["partitions"]}
            more = produce(served, "shared", 2000)
            halves = [[one for one in more if one[0] in part] for part in ((0, 1), (2, 3))]  # range assignment
            if halves[0][0][0] not in first_has:
                halves.reverse()
            for member, half in zip((first, second), halves):
                expect("its half", sorted(consumed_until(member, len(half))[0]), half)
            members = rows_of(tool(served, GROUPS, "--describe", "--group", "vg", "--members"), ["GROUP"])
            expect("members", sorted(row["#PARTITIONS"] for row in members), ["2", "2"])
            state = tool(served, GROUPS, "--describe", "--group", "vg", "--state")
            expect("state", "Stable" in state and "range" in state, True)
            second.kill()
        assigned(first, 4)
        eventually("all committed", lambda: [lag for _, lag in describe(served, "vg").values()], ["0"] * 4)


def a_static_member_comes_back_to_its_partitions(served):
    create(served, "static", 2)
    produce(served, "static", 10)
    common = ("--topic", "static", "--group-id", "sg", "--session-timeout", "30000", "--verbose")
    with started(served, "VerifiableConsumer", *common, "--group-instance-id", "i1") as other:
        assigned(other, 2)
        for _ in range(2):
            with started(served, "VerifiableConsumer", *common, "--group-instance-id", "i2") as member:
                assigned(member, 1)
                member.kill()  # it says no word of leaving; its partition waits for it
        members = rows_of(tool(served, GROUPS, "--describe", "--group", "sg", "--members"), ["GROUP"])
        expect("instances", sorted(row["CONSUMER-ID"].split("-")[0] for row in members), ["i1", "i2"])


def offsets_are_listed_reset_deleted_and_survive_kill_9(served):
    create(served, "kept", 2)
    written = produce(served, "kept", 100)
    ends = {partition: max(o for p, o in written if p == partition) + 1 for partition in (0, 1)}
    out = tool(served, CONSOLE, "--topic", "kept", "--group", "cg", "--from-beginning", "--max-messages", "100",
               "--timeout-ms", "30000")
    expect("records", sorted(map(int, out.split())), list(range(100)))
    expect("groups", tool(served, GROUPS, "--list").split(), ["cg"])
    served.kill()
    served.start()
    expect("after kill -9", describe(served, "cg"), {p: (str(end), "0") for p, end in ends.items()})
    tool(served, GROUPS, "--group", "cg", "--topic", "kept:0", "--reset-offsets", "--to-offset", "7", "--execute")
    expect("reset", describe(served, "cg")[0], ("7", str(ends[0] - 7)))
    tool(served, GROUPS, "--group", "cg", "--topic", "kept:0", "--delete-offsets")
    expect("deleted offset", 0 in {p for p, (at, _) in describe(served, "cg").items() if at != "-"}, False)
    expect("kept offset", describe(served, "cg")[1], (str(ends[1]), "0"))
    tool(served, GROUPS, "--group", "cg", "--delete")
    expect("no group", tool(served, GROUPS, "--list").split(), [])


def transactions_are_listed_described_and_terminated(served):
    create(served, "tx", 1)
    command = ("ProducerPerformance", "--topic", "tx", "--num-records", "100000", "--record-size", "10", "--throughput", "20",
               "--transactional-id", "slow", "--transaction-duration-ms", "50000")
    with started(served, *command):
        def state():
            rows = rows_of(tool(served, "TransactionsCommand", "list"), ["TransactionalId"])
            return [(row["TransactionalId"], row["TransactionState"]) for row in rows]
        eventually("listed", state, [("slow", "Ongoing")])
        row = rows_of(tool(served, "TransactionsCommand", "describe", "--transactional-id", "slow"), ["CoordinatorId"])[0]
        expect("described", (row["TransactionState"], row["TopicPartitions"]), ("Ongoing", "tx-0"))
        producers = rows_of(tool(served, "TransactionsCommand", "describe-producers", "--topic", "tx", "--partition", "0"),
                            ["ProducerId"])
        expect("producer", [one["ProducerId"] for one in producers], [row["ProducerId"]])
        expect("it has an open transaction", producers[0]["CurrentTransactionStartOffset"], "0")
        hanging = tool(served, "TransactionsCommand", "find-hanging", "--broker-id", "1")
        expect("hanging", rows_of(hanging, ["Topic"]), [])
        expect("hidden", read_committed(served, "tx"), 0)
        tool(served, "TransactionsCommand", "forceTerminateTransaction", "--transactionalId", "slow")
    eventually("aborted, and a new epoch waits for its owner", lambda: state()[0][1], "Empty")
    expect("still hidden", read_committed(served, "tx"), 0)


def read_committed(served, topic):
    """How many committed records there are; the reader ends with an error when no more come."""
    return len(called(served, CONSOLE, "--topic", topic, "--from-beginning", "--timeout-ms", "3000", "--command-property",
                      "isolation.level=read_committed")[1].split())


def the_client_compatibility_test_passes(served):
    create(served, "compatible")
    out = tool(served, "ClientCompatibilityTest", "--topic", "compatible", *re.split(r"[ =]", " ".join(
        f"--{name}-supported=true" for name in ("offsets-for-times", "cluster-id", "create-topics", "describe-acls",
                                                "describe-configs", "idempotent-producer"))),
               "--expect-record-too-large-exception", "false", "--num-cluster-nodes", "1")
    expect("result", "SUCCESS." in out, True)


main([members_share_rebalance_and_take_over_from_the_killed, a_static_member_comes_back_to_its_partitions,
      offsets_are_listed_reset_deleted_and_survive_kill_9,
      transactions_are_listed_described_and_terminated, the_client_compatibility_test_passes])
