"""What Apache Kafka's administration commands see of a cluster of one node, and how they are refused. Each was tried on Kafka 4.3.1 too."""
import json
import re
import sys

from java_tools import called, create, java, started, tool
from serving import expect, main, run

GROUPS = "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand"
CONFIGS = "kafka.admin.ConfigCommand"
CONSOLE = "org.apache.kafka.tools.consumer.ConsoleConsumer"


def refused(served, error, name, *arguments):
    """The command has to fail with this error of Kafka's."""
    status, printed, complained = called(served, name, *arguments)
    expect(f"{error} in the answer to {name} {' '.join(arguments)}: {printed}{complained}", error in printed + complained, True)
    return status


def rows(text):
    """The table that a group command prints: its lines below the heading, as words."""
    lines = [line.split() for line in text.splitlines() if line.strip()]
    head = next(i for i, line in enumerate(lines) if line[0] in ("GROUP", "TOPIC"))
    return lines[head + 1:]


def fill(served, topic, count):
    tool(served, "ConsoleProducer", "--topic", topic, text="".join(f"line {number}\n" for number in range(count)))


def read_as(served, group, topic, count):
    tool(served, CONSOLE, "--topic", topic, "--group", group, "--from-beginning", "--max-messages", str(count), "--timeout-ms", "20000")


def the_cluster_is_described(served):
    create(served, "one", 1)
    fill(served, "one", 100)
    status = tool(served, "MetadataQuorumCommand", "describe", "--status")
    expect("leader", re.search(r"LeaderId: +(\d+)", status).group(1), "1")
    replicas = tool(served, "MetadataQuorumCommand", "describe", "--replication").splitlines()[1:]
    expect("quorum", [(line.split()[0], line.split()[-1]) for line in replicas if line.strip()], [("1", "Leader")])
    features = tool(served, "FeatureCommand", "describe")
    expect("transactions", re.search(r"transaction.version.*FinalizedVersionLevel: (\d+)", features).group(1), "2")
    folders = json.loads(tool(served, "LogDirsCommand", "--describe", "--topic-list", "one").splitlines()[-1])
    (folder,) = folders["brokers"][0]["logDirs"]
    expect("folder", (folder["error"], [one["partition"] for one in folder["partitions"]]), (None, ["one-0"]))
    expect("its size", folder["partitions"][0]["size"] >= 500, True)
    expect("election", "already elected" in tool(served, "LeaderElectionCommand", "--election-type", "preferred", "--topic", "one",
                                                 "--partition", "0"), True)
    moves = tool(served, "org.apache.kafka.tools.reassign.ReassignPartitionsCommand", "--list")
    expect("moves", moves.strip(), "No partition reassignments found.")
    refused(served, "SecurityDisabledException", "AclCommand", "--list")
    for command in ("ClientMetricsCommand", "GroupsCommand"):
        tool(served, command, "--list")
    for what in (("brokers", "--entity-default"), ("broker-loggers", "--entity-name", "1"), ("users",), ("clients",), ("ips",),
                 ("topics",), ("groups",), ("client-metrics",), ("groups", "--entity-name", "nobody")):
        tool(served, CONFIGS, "--describe", "--entity-type", *what)


def topics_are_refused_as_kafka_refuses_them(served):
    topics = "TopicCommand"
    create(served, "there", 2)
    refused(served, "TopicExistsException", topics, "--create", "--topic", "there")
    tool(served, topics, "--create", "--topic", "there", "--if-not-exists")
    refused(served, "InvalidPartitionsException", topics, "--alter", "--topic", "there", "--partitions", "1")
    refused(served, "InvalidTopicException", topics, "--create", "--topic", "bad/name")
    for command in ("--delete", "--describe"):
        refused(served, "does not exist", topics, command, "--topic", "nowhere")
    tool(served, topics, "--create", "--topic", "placed", "--replica-assignment", "1,1")
    if sys.argv[1] != "kafka":  # which has no one to hold the others
        tool(served, topics, "--create", "--topic", "tripled", "--replication-factor", "3")
    for what in ("under-replicated", "unavailable", "under-min-isr"):
        expect(f"{what} partitions", tool(served, topics, "--describe", f"--{what}-partitions").strip(), "")
    refused(served, "InvalidConfigurationException", CONFIGS, "--alter", "--entity-type", "topics", "--entity-name", "there",
            "--add-config", "nosuch=1")
    refused(served, "UnknownTopicOrPartitionException", CONFIGS, "--alter", "--entity-type", "topics", "--entity-name", "nowhere",
            "--add-config", "retention.ms=1")


def offsets_are_told_for_every_kind_of_time(served):
    create(served, "timed", 1)
    fill(served, "timed", 10)
    expect("offsets", [tool(served, "GetOffsetShell", "--topic", "timed", "--time", time).strip()
                       for time in ("earliest", "latest", "earliest-local", "1", "9999999999999")],
           ["timed:0:0", "timed:0:10", "timed:0:0", "timed:0:0", ""])
    newest = tool(served, "GetOffsetShell", "--topic", "timed", "--time", "max-timestamp").strip()
    expect("the newest is one of them", int(newest.removeprefix("timed:0:")) in range(10), True)
    expect("by partition", tool(served, "GetOffsetShell", "--topic-partitions", "timed:0").strip(), "timed:0:10")


def reset(served, *how):
    return rows(tool(served, GROUPS, "--reset-offsets", "--group", "g", *how))


def groups_are_described_reset_and_deleted(served):
    create(served, "t", 1)
    fill(served, "t", 100)
    read_as(served, "g", "t", 100)
    expect("list", [rows(tool(served, GROUPS, "--list", *more)) for more in (("--state",), ("--state", "Stable"), ("--type",))],
           [[["g", "Empty"]], [], [["g", "Classic"]]])
    expect("types", tool(served, "GroupsCommand", "--list").split()[3:], ["g", "Classic", "consumer"])
    expect("all", [row[:6] for row in rows(tool(served, GROUPS, "--describe", "--all-groups"))], [["g", "t", "0", "100", "100", "0"]])
    expect("reset", [reset(served, "--topic", "t", *how)[0][3] for how in (
        ("--to-earliest", "--dry-run"), ("--shift-by", "-5", "--execute"), ("--to-datetime", "2020-01-01T00:00:00.000", "--execute"),
        ("--to-offset", "17", "--execute"), ("--to-current", "--execute"), ("--by-duration", "PT1H", "--execute"),
        ("--to-latest", "--execute"))], ["0", "95", "0", "17", "17", "0", "100"])
    expect("exported", tool(served, GROUPS, "--reset-offsets", "--group", "g", "--all-topics", "--to-earliest", "--dry-run",
                            "--export").strip(), "t,0,0")
    refused(served, "GroupIdNotFoundException", GROUPS, "--describe", "--group", "nobody")
    refused(served, "GroupIdNotFoundException", GROUPS, "--delete", "--group", "nobody")
    with started(served, "VerifiableConsumer", "--topic", "t", "--group-id", "g") as member:
        while "partitions_assigned" not in member.line():
            pass
        refused(served, "GroupNotEmptyException", GROUPS, "--delete", "--group", "g")
        refused(served, "GroupSubscribedToTopicException", GROUPS, "--delete-offsets", "--group", "g", "--topic", "t")
        refused(served, "only be reset if the group 'g' is inactive", GROUPS, "--reset-offsets", "--group", "g", "--all-topics",
                "--to-earliest", "--execute")
        state = rows(tool(served, GROUPS, "--describe", "--group", "g", "--state"))[0]
        expect("state", state[-3:], ["range", "Stable", "1"])
        expect("its partitions", rows(tool(served, GROUPS, "--describe", "--group", "g", "--members", "--verbose"))[0][4], "1")
    expect("reset of no group makes one", [row[:4] for row in rows(tool(
        served, GROUPS, "--reset-offsets", "--group", "made", "--topic", "t", "--to-offset", "3", "--execute"))], [["made", "t", "0", "3"]])
    expect("deleted", "successful" in tool(served, GROUPS, "--delete", "--group", "made"), True)


def younger_group_protocols_are_refused_at_once(served):
    """Groups by KIP-848 and share groups: a client that asks for them is told that they are not served, and does not try for ever."""
    create(served, "t", 1)
    said = run(java("NewProtocols.java", served.address))
    expect("what came of them", said.split(), ["share", "UnsupportedVersionException", "consumer", "UnsupportedVersionException"])


main([the_cluster_is_described, topics_are_refused_as_kafka_refuses_them, offsets_are_told_for_every_kind_of_time,
      groups_are_described_reset_and_deleted, younger_group_protocols_are_refused_at_once])
