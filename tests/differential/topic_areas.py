"""Versions, topics, their settings. A step's title is its name in docs/reference/differences.md."""
from asking import NO_ID, WRONG_ID, topic, make, settle, gone


def versions(k):
    for version in range(5):
        k.step(f"versions/{version}", "ApiVersions", version, ClientSoftwareName="diff", ClientSoftwareVersion="1")
    k.step("versions/wrong software name", "ApiVersions", 3, ClientSoftwareName="", ClientSoftwareVersion="1")


def topics(k):
    k.step("topics/created", "CreateTopics", 7, Topics=[topic("t.one", 2)], timeoutMs=10_000)
    settle(k, "t.one")
    wrong = {
        "exists": topic("t.one"), "no partitions": topic("t.none", 0), "negative partitions": topic("t.none", -2),
        "no replicas": topic("t.none", 1, 0), "negative replicas": topic("t.none", 1, -2),
        "empty name": topic(""), "dot": topic("."), "dots": topic(".."), "slash": topic("a/b"), "space": topic("a b"),
        "long": topic("x" * 250), "longest": topic("x" * 249), "collision": topic("t_one"),
        "internal": topic("__consumer_offsets"), "metadata": topic("__cluster_metadata"),
        "unknown setting": topic("t.none", configs=[("no.such.setting", "1")]),
        "wrong value": topic("t.none", configs=[("retention.ms", "soon")]),
        "low value": topic("t.none", configs=[("max.message.bytes", "-1")]),
        "wrong policy": topic("t.none", configs=[("cleanup.policy", "shred")]),
        "null value": topic("t.none", configs=[("retention.ms", None)]),
        "setting twice": topic("t.twice", configs=[("retention.ms", "1000"), ("retention.ms", "2000")]),
        "assigned": topic("t.assigned", -1, -1, assignments=[(0, [1]), (1, [1])]),
        "assigned and counted": topic("t.none", 2, 1, assignments=[(0, [1]), (1, [1])]),
        "assigned elsewhere": topic("t.none", -1, -1, assignments=[(0, [7])]),
        "assigned with a gap": topic("t.none", -1, -1, assignments=[(0, [1]), (2, [1])]),
        "assigned twice": topic("t.none", -1, -1, assignments=[(0, [1]), (0, [1])]),
        "assigned to none": topic("t.none", -1, -1, assignments=[(0, [])]),
        "assigned to one twice": topic("t.none", -1, -1, assignments=[(0, [1, 1])]),
        "defaults": topic("t.defaults", -1, -1),
        "configured": topic("t.configured", 1, configs=[("cleanup.policy", "compact"), ("retention.ms", "1000"),
                                                        ("compression.type", "lz4"), ("segment.bytes", "1048576")]),
    }
    for title, each in wrong.items():
        k.step(f"topics/create: {title}", "CreateTopics", 7, Topics=[each], timeoutMs=10_000)
    settle(k, "t.assigned", "t.defaults", "t.configured")
    k.step("topics/create: only validate", "CreateTopics", 7, Topics=[topic("t.tried", 3)], timeoutMs=10_000,
           validateOnly=True)
    k.step("topics/create: only validate a wrong one", "CreateTopics", 7, Topics=[topic("t.one")], timeoutMs=10_000,
           validateOnly=True)
    k.step("topics/create: twice in a request", "CreateTopics", 7, Topics=[topic("t.same"), topic("t.same")],
           timeoutMs=10_000)
    k.step("topics/create: none", "CreateTopics", 7, timeoutMs=10_000)
    for version in range(2, 7):
        k.step(f"topics/create: version {version}", "CreateTopics", version, Topics=[topic(f"t.v{version}", 1)],
               timeoutMs=10_000)
        settle(k, f"t.v{version}")
    for version in range(14):
        asked = {"AllowAutoTopicCreation": False} if version >= 4 else {}
        k.step(f"topics/metadata: version {version}", "Metadata", version, Topics=[{"Name": "t.one"}], **asked)
        k.step(f"topics/metadata: unknown, version {version}", "Metadata", version, Topics=[{"Name": "nope!"}], **asked)
    k.step("topics/metadata: none", "Metadata", 12, Topics=[])
    k.step("topics/metadata: unknown", "Metadata", 12, Topics=[{"Name": "t.nowhere"}], AllowAutoTopicCreation=False)
    k.step("topics/metadata: empty name", "Metadata", 12, Topics=[{"Name": ""}], AllowAutoTopicCreation=False)
    k.step("topics/metadata: wrong id", "Metadata", 12, Topics=[{"Name": None, "TopicId": WRONG_ID}],
           AllowAutoTopicCreation=False)
    k.step("topics/metadata: no id", "Metadata", 12, Topics=[{"Name": None, "TopicId": NO_ID}],
           AllowAutoTopicCreation=False)
    k.step("topics/metadata: operations", "Metadata", 12, Topics=[{"Name": "t.one"}], AllowAutoTopicCreation=False,
           IncludeTopicAuthorizedOperations=True)
    k.step("topics/metadata: cluster operations", "Metadata", 10, Topics=[], IncludeClusterAuthorizedOperations=True)
    k.step("topics/metadata: made by asking", "Metadata", 12, Topics=[{"Name": "t.auto"}], AllowAutoTopicCreation=True)
    settle(k, "t.auto")
    k.step("topics/metadata: collision made by asking", "Metadata", 12, Topics=[{"Name": "t_auto"}],
           AllowAutoTopicCreation=True)
    for title, count, names in [("more", 4, []), ("fewer", 2, []), ("as many", 4, []), ("none", 0, []),
                                ("assigned", 5, [[1]]), ("assigned too many", 6, [[1], [1]]),
                                ("assigned elsewhere", 6, [[9]])]:
        wanted = {"Name": "t.one", "Count": count, "Assignments": [{"BrokerIds": ids} for ids in names] or None}
        k.step(f"topics/partitions: {title}", "CreatePartitions", 3, Topics=[wanted], TimeoutMs=10_000)
    k.step("topics/partitions: unknown", "CreatePartitions", 3, TimeoutMs=10_000,
           Topics=[{"Name": "t.nowhere", "Count": 4, "Assignments": None}])
    k.step("topics/partitions: only validate", "CreatePartitions", 3, TimeoutMs=10_000, ValidateOnly=True,
           Topics=[{"Name": "t.one", "Count": 9, "Assignments": None}])
    k.step("topics/partitions: twice", "CreatePartitions", 3, TimeoutMs=10_000,
           Topics=[{"Name": "t.one", "Count": 9, "Assignments": None}] * 2)
    k.until(lambda answer: len(answer["Topics"][0]["Partitions"]) == 5, "Metadata", 9, Topics=[{"Name": "t.one"}],
            AllowAutoTopicCreation=False)
    first = {"Topics": [{"Name": "t.one"}, {"Name": "t.nowhere"}], "ResponsePartitionLimit": 3}
    k.step("topics/described", "DescribeTopicPartitions", 0, **first)
    k.step("topics/described: further", "DescribeTopicPartitions", 0, **first,
           Cursor={"TopicName": "t.one", "PartitionIndex": 3})
    k.step("topics/described: wrong name", "DescribeTopicPartitions", 0, Topics=[{"Name": "a/b"}])
    for version in range(1, 6):
        k.step(f"topics/deleted: version {version}", "DeleteTopics", version, TopicNames=[f"t.v{version + 1}"],
               TimeoutMs=10_000)
    gone(k, *[f"t.v{version + 1}" for version in range(1, 6)])
    found = k.ask("Metadata", 12, Topics=[{"Name": "t.auto"}], AllowAutoTopicCreation=False)["Topics"][0]["TopicId"]
    for title, each in [("unknown", {"Name": "t.nowhere"}), ("wrong id", {"Name": None, "TopicId": WRONG_ID}),
                        ("name and id", {"Name": "t.auto", "TopicId": found}), ("nothing", {"Name": None}),
                        ("by id", {"Name": None, "TopicId": found}), ("empty name", {"Name": ""})]:
        k.step(f"topics/deleted: {title}", "DeleteTopics", 6, Topics=[each], TimeoutMs=10_000)
    gone(k, "t.auto")
    k.step("topics/deleted: twice in a request", "DeleteTopics", 6, Topics=[{"Name": "t.one"}, {"Name": "t.one"}],
           TimeoutMs=10_000)
    k.step("topics/metadata: of a deleted id", "Metadata", 12, Topics=[{"Name": None, "TopicId": found}],
           AllowAutoTopicCreation=False)


def configs(k):
    make(k, topic("c.t", configs=[("retention.ms", "5000")]))
    every = {"ConfigurationKeys": None}
    for title, version, asked in [
            ("topic", 4, [{"ResourceType": 2, "ResourceName": "c.t", **every}]),
            ("topic, version 1", 1, [{"ResourceType": 2, "ResourceName": "c.t", "ConfigurationKeys": ["retention.ms"]}]),
            ("some keys", 4, [{"ResourceType": 2, "ResourceName": "c.t",
                               "ConfigurationKeys": ["retention.ms", "cleanup.policy", "no.such"]}]),
            ("no keys", 4, [{"ResourceType": 2, "ResourceName": "c.t", "ConfigurationKeys": []}]),
            ("unknown topic", 4, [{"ResourceType": 2, "ResourceName": "c.none", **every}]),
            ("wrong topic", 4, [{"ResourceType": 2, "ResourceName": "a/b", **every}]),
            ("empty topic", 4, [{"ResourceType": 2, "ResourceName": "", **every}]),
            ("broker", 4, [{"ResourceType": 4, "ResourceName": "1", "ConfigurationKeys": [
                "num.partitions", "default.replication.factor", "message.max.bytes", "log.retention.ms",
                "auto.create.topics.enable", "compression.type", "log.cleanup.policy", "delete.topic.enable",
                "min.insync.replicas", "log.message.timestamp.type", "offsets.retention.minutes"]}]),
            ("all brokers", 4, [{"ResourceType": 4, "ResourceName": "", **every}]),
            ("other broker", 4, [{"ResourceType": 4, "ResourceName": "7", **every}]),
            ("no broker", 4, [{"ResourceType": 4, "ResourceName": "x", **every}]),
            ("logger of another", 4, [{"ResourceType": 8, "ResourceName": "7", **every}]),
            ("group", 4, [{"ResourceType": 32, "ResourceName": "c.g", **every}]),
            ("empty group", 4, [{"ResourceType": 32, "ResourceName": "", **every}]),
            ("client metrics", 4, [{"ResourceType": 16, "ResourceName": "c.m", **every}]),
            ("unknown type", 4, [{"ResourceType": 3, "ResourceName": "x", **every}])]:
        k.step(f"configs/{title}", "DescribeConfigs", version, Resources=asked)
    k.step("configs/synonyms", "DescribeConfigs", 4, IncludeSynonyms=True, IncludeDocumentation=True, Resources=[
        {"ResourceType": 2, "ResourceName": "c.t", "ConfigurationKeys": [
            "retention.ms", "max.message.bytes", "cleanup.policy", "compression.type", "segment.bytes",
            "min.insync.replicas", "message.timestamp.type", "delete.retention.ms", "preallocate"]}])

    def change(title, changes, kind=2, name="c.t", **more):
        k.step(f"configs/changed: {title}", "IncrementalAlterConfigs", 1, Resources=[
            {"ResourceType": kind, "ResourceName": name, "Configs": [
                {"Name": key, "ConfigOperation": operation, "Value": value} for key, operation, value in changes]}],
               **more)

    change("set", [("retention.ms", 0, "7000")])
    change("only validated", [("retention.ms", 0, "9000")], ValidateOnly=True)
    change("wrong value", [("retention.ms", 0, "soon")])
    change("too low", [("retention.ms", 0, "-2")])
    change("unknown", [("no.such.setting", 0, "1")])
    change("unknown taken back", [("no.such.setting", 1, None)])
    change("twice", [("retention.ms", 0, "1"), ("retention.ms", 0, "2")])
    change("null", [("retention.ms", 0, None)])
    change("no list", [("retention.ms", 2, "1")])
    change("append", [("cleanup.policy", 2, "compact")])
    change("append what is there", [("cleanup.policy", 2, "compact")])
    change("subtract", [("cleanup.policy", 3, "delete")])
    change("subtract what is not there", [("cleanup.policy", 3, "delete")])
    change("wrong word", [("cleanup.policy", 2, "shred")])
    change("unknown operation", [("retention.ms", 9, "1")])
    change("unknown topic", [("retention.ms", 0, "1")], name="c.none")
    change("wrong topic", [("retention.ms", 0, "1")], name="a/b")
    change("nothing", [])
    change("codec", [("compression.type", 0, "zstd"), ("compression.zstd.level", 0, "5")])
    change("wrong level", [("compression.gzip.level", 0, "77")])
    change("broker", [("message.max.bytes", 0, "900000")], kind=4, name="1")
    change("broker, read only", [("node.id", 0, "5")], kind=4, name="1")
    change("broker, unknown", [("no.such", 0, "5")], kind=4, name="1")
    change("all brokers", [("log.retention.ms", 0, "800000")], kind=4, name="")
    change("other broker", [("message.max.bytes", 0, "900000")], kind=4, name="7")
    change("no broker", [("message.max.bytes", 0, "900000")], kind=4, name="x")
    change("unknown type", [("message.max.bytes", 0, "900000")], kind=3, name="x")

    def has(name, value, key="c.t", kind=2):
        k.until(lambda answer: answer["Results"][0]["Configs"][0]["Value"] == value, "DescribeConfigs", 4,
                Resources=[{"ResourceType": kind, "ResourceName": key, "ConfigurationKeys": [name]}])

    has("compression.zstd.level", "5")
    has("log.retention.ms", "800000", "1", 4)
    k.step("configs/after the changes", "DescribeConfigs", 4, IncludeSynonyms=True, Resources=[
        {"ResourceType": 2, "ResourceName": "c.t", "ConfigurationKeys": [
            "retention.ms", "cleanup.policy", "compression.type", "max.message.bytes"]},
        {"ResourceType": 4, "ResourceName": "1", "ConfigurationKeys": ["message.max.bytes", "log.retention.ms"]}])
    change("taken back", [("retention.ms", 1, None)])
    has("retention.ms", "800000")
    change("broker's taken back", [("message.max.bytes", 1, None)], kind=4, name="1")
    change("all brokers' taken back", [("log.retention.ms", 1, None)], kind=4, name="")
    has("retention.ms", "-1")
    for title, kind, name, settings in [("set", 2, "c.t", [("max.message.bytes", "5000")]), ("wrong", 2, "c.t", [("x", "1")]),
                                        ("null", 2, "c.t", [("retention.ms", None)]), ("none", 2, "c.none", []),
                                        ("cleared", 2, "c.t", [])]:
        k.step(f"configs/replaced: {title}", "AlterConfigs", 2, Resources=[
            {"ResourceType": kind, "ResourceName": name,
             "Configs": [{"Name": key, "Value": value} for key, value in settings]}])
