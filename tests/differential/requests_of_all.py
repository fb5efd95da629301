"""The requests that both brokers get, area by area. A step's title is its name in docs/reference/differences.md."""
import uuid

from batches import batch

NO_ID = uuid.UUID(int=0)
WRONG_ID = uuid.UUID(int=0x1234)


def all_areas():
    return [versions, topics, configs, produce, idempotence, fetch, fetch_sessions, offsets, records_deleted, groups,
            group_offsets, transactions, cluster, admin, framing]


# Helpers

def topic(name, partitions=1, replicas=1, configs=(), assignments=()):
    return {"Name": name, "NumPartitions": partitions, "ReplicationFactor": replicas,
            "Configs": [{"Name": key, "Value": value} for key, value in configs],
            "Assignments": [{"PartitionIndex": index, "BrokerIds": ids} for index, ids in assignments]}


def make(k, *wanted):
    """Creates topics without comparing, and waits for them."""
    answer = k.ask("CreateTopics", 7, Topics=list(wanted), timeoutMs=10_000)
    for each in answer["Topics"]:
        assert each["ErrorCode"] == 0, each
        k.ids[each["Name"]] = each["TopicId"]
    settle(k, *[each["Name"] for each in wanted])


def settle(k, *names):
    """Kafka tells its brokers of a new topic a little later."""
    def good(answer):
        return all(each["ErrorCode"] == 0 and all(part["ErrorCode"] == 0 for part in each["Partitions"])
                   for each in answer["Topics"])
    k.until(good, "Metadata", 9, Topics=[{"Name": name} for name in names], AllowAutoTopicCreation=False)


def gone(k, *names):
    k.until(lambda answer: all(each["ErrorCode"] == 3 for each in answer["Topics"]), "Metadata", 9,
            Topics=[{"Name": name} for name in names], AllowAutoTopicCreation=False)


def produced(name, data, partition=0, acks=-1, version=9, txn=None, ids=None):
    named = {"TopicId": ids[name]} if version >= 13 else {"Name": name}
    return {"TransactionalId": txn, "Acks": acks, "TimeoutMs": 10_000,
            "TopicData": [named | {"PartitionData": [{"Index": partition, "Records": data}]}]}


def fetched(name, offset=0, partition=0, session=0, epoch=-1, topic_id=None, max_bytes=1 << 20, wait=0, least=0,
            isolation=0, leader_epoch=-1, total=1 << 24):
    named = {"TopicId": topic_id} if topic_id else {"Topic": name}
    return {"ReplicaId": -1, "MaxWaitMs": wait, "MinBytes": least, "MaxBytes": total, "IsolationLevel": isolation,
            "SessionId": session, "SessionEpoch": epoch,
            "Topics": [named | {"Partitions": [{"Partition": partition, "FetchOffset": offset,
                                                "CurrentLeaderEpoch": leader_epoch, "PartitionMaxBytes": max_bytes}]}]}


# Areas

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
    has("retention.ms", "604800000")
    for title, kind, name, settings in [("set", 2, "c.t", [("max.message.bytes", "5000")]), ("wrong", 2, "c.t", [("x", "1")]),
                                        ("null", 2, "c.t", [("retention.ms", None)]), ("none", 2, "c.none", []),
                                        ("cleared", 2, "c.t", [])]:
        k.step(f"configs/replaced: {title}", "AlterConfigs", 2, Resources=[
            {"ResourceType": kind, "ResourceName": name,
             "Configs": [{"Name": key, "Value": value} for key, value in settings]}])


def produce(k):
    make(k, topic("p", 2), topic("p.compact", configs=[("cleanup.policy", "compact")]),
         topic("p.small", configs=[("max.message.bytes", "200")]),
         topic("p.plain", configs=[("compression.type", "uncompressed"), ("max.message.bytes", "400")]),
         topic("p.stamped", configs=[("message.timestamp.type", "LogAppendTime")]),
         topic("p.recent", configs=[("message.timestamp.before.max.ms", "1000")]))
    for version in range(14):
        k.step(f"produce/version {version}", "Produce", version, f"v{version}",
               **produced("p", batch([b"a", b"b"]), version=version, ids=k.ids))
    good = batch([b"a", b"b"])
    cases = {
        "crc": batch([b"a"], bad_crc=True), "magic 0": batch([b"a"], magic=0), "magic 1": batch([b"a"], magic=1),
        "magic 3": batch([b"a"], magic=3), "magic -1": batch([b"a"], magic=-1), "empty": b"", "two batches": good + good,
        "cut short": good[:-3], "header cut short": good[:40], "ten bytes": good[:10], "left over": good + b"abc",
        "base offset": batch([b"a"], base_offset=5), "count low": batch([b"a", b"b"], count=1, last_delta=0),
        "count high": batch([b"a", b"b"], count=3, last_delta=2), "count without delta": batch([b"a"], last_delta=4),
        "no records": batch([]), "control": batch([b"a"], attributes=32), "gaps in deltas": batch([b"a", b"b"], deltas=[0, 3]),
        "count zero": batch([b"a"], count=0), "codec 5": batch([b"a"], attributes=5),
        "no sequence": batch([b"a"], producer=5, epoch=0), "no epoch": batch([b"a"], producer=5, sequence=0),
        "transactional without id": batch([b"a"], attributes=16),
        "compressed": batch([b"a", b"b"], compress=True), "compressed badly": batch([b"a"], attributes=1),
        "stamped by the client": batch([b"a"], attributes=8), "no time": batch([b"a"], timestamp=-1),
        "in 100 years": batch([b"a"], timestamp=4_800_000_000_000), "negative time": batch([b"a"], timestamp=-5),
        "null key": batch([b"a"], keys=[None]), "null value": batch([None]),
    }
    for title, data in cases.items():
        k.step(f"produce/{title}", "Produce", 9, **produced("p", data))
    for title, name, data in [
            ("compact", "p.compact", good), ("compact, null key", "p.compact", batch([b"a", b"b"], keys=[b"k", None])),
            ("compact, tombstone", "p.compact", batch([None])),
            ("compact, null key compressed", "p.compact", batch([b"a"], keys=[None], compress=True)),
            ("too large", "p.small", batch([b"x" * 300])), ("too large, bad crc", "p.small", batch([b"x" * 300], bad_crc=True)),
            ("repacked", "p.plain", batch([b"x" * 50], compress=True)),
            ("too large once repacked", "p.plain", batch([b"x" * 1000], compress=True)),
            ("stamped", "p.stamped", good), ("too old", "p.recent", good),
            ("unknown topic", "p.none", good), ("wrong name", "a/b", good), ("internal", "__consumer_offsets", good)]:
        k.step(f"produce/{title}", "Produce", 9, **produced(name, data))
    k.step("produce/wrong partition", "Produce", 9, **produced("p", good, partition=7))
    k.step("produce/negative partition", "Produce", 9, **produced("p", good, partition=-1))
    k.step("produce/unknown id", "Produce", 13, **produced("x", good, version=13, ids={"x": WRONG_ID}))
    k.step("produce/no id", "Produce", 13, **produced("x", good, version=13, ids={"x": NO_ID}))
    for acks in (1, 2, -2):
        k.step(f"produce/acks {acks}", "Produce", 9, **produced("p", good, acks=acks))
    k.step("produce/nothing", "Produce", 9, Acks=-1, TimeoutMs=1000)
    k.step("produce/negative patience", "Produce", 9, **(produced("p", good) | {"TimeoutMs": -1}))
    k.step("produce/a partition twice", "Produce", 9, Acks=-1, TimeoutMs=10_000, TopicData=[
        {"Name": "p", "PartitionData": [{"Index": 1, "Records": good}, {"Index": 1, "Records": good}]}])
    k.step("produce/one good, one bad", "Produce", 9, Acks=-1, TimeoutMs=10_000, TopicData=[
        {"Name": "p", "PartitionData": [{"Index": 1, "Records": good}, {"Index": 5, "Records": good}]},
        {"Name": "p.none", "PartitionData": [{"Index": 0, "Records": good}]}])
    k.send("Produce", 9, "acks0", **produced("p", good, acks=0))
    k.step("produce/behind acks 0", "Metadata", 12, "acks0", Topics=[])
    k.send("Produce", 9, "acks0", **produced("p.none", good, acks=0))
    k.step("produce/behind a failed acks 0", "Metadata", 12, "acks0", Topics=[])
    for name in ("p", "p.compact", "p.plain", "p.stamped"):
        k.step(f"produce/found in {name}", "Fetch", 12, **fetched(name))


def new_producer(k):
    return k.ask("InitProducerId", 4, TransactionalId=None, TransactionTimeoutMs=60_000)["ProducerId"]


def idempotence(k):
    make(k, topic("i"))
    k.until(lambda answer: answer["ErrorCode"] == 0, "InitProducerId", 4, TransactionalId=None, TransactionTimeoutMs=1000)
    for version in range(6):
        k.step(f"idempotence/id, version {version}", "InitProducerId", version, TransactionalId=None,
               TransactionTimeoutMs=60_000)
    k.step("idempotence/no id, but its own", "InitProducerId", 4, TransactionalId=None, TransactionTimeoutMs=1,
           ProducerId=1234, ProducerEpoch=3)
    one, two = new_producer(k), new_producer(k)

    def send(title, producer, epoch, sequence, values=(b"a", b"b"), name="i"):
        k.step(f"idempotence/{title}", "Produce", 9,
               **produced(name, batch(list(values), producer=producer, epoch=epoch, sequence=sequence)))

    send("first", one, 0, 0)
    send("again", one, 0, 0)
    send("next", one, 0, 2)
    send("gap", one, 0, 10)
    send("part of one", one, 0, 3, (b"a",))
    for i in range(6):
        send(f"further {i}", one, 0, 4 + 2 * i)
    send("far back", one, 0, 0)
    send("last of five", one, 0, 6)
    send("new epoch, not from 0", one, 1, 5)
    send("new epoch", one, 1, 0)
    send("old epoch", one, 0, 16)
    send("not from 0", two, 0, 7)
    send("after that", two, 0, 9)
    send("wraps", two, 0, 2**31 - 1, (b"a",))
    k.step("idempotence/found", "Fetch", 12, **fetched("i"))


def fetch(k):
    make(k, topic("f", 2))
    for i in range(5):
        k.ask("Produce", 9, **produced("f", batch([f"{i}a".encode(), f"{i}b".encode()])))
    for version in range(4, 19):
        wanted = fetched("f", topic_id=k.ids["f"]) if version >= 13 else fetched("f")
        if version >= 15:
            wanted.pop("ReplicaId")
        if version < 7:
            wanted.pop("SessionId"), wanted.pop("SessionEpoch")
        k.step(f"fetch/version {version}", "Fetch", version, **wanted)
    for title, wanted in {
            "in a batch": fetched("f", 3), "end": fetched("f", 10), "behind the end": fetched("f", 11),
            "negative": fetched("f", -1), "far": fetched("f", 10**9), "small": fetched("f", max_bytes=1),
            "no bytes of the partition": fetched("f", max_bytes=0), "no bytes at all": fetched("f", total=0),
            "one batch and a bit": fetched("f", max_bytes=100), "negative bytes": fetched("f", max_bytes=-1),
            "other partition": fetched("f", partition=1), "wrong partition": fetched("f", partition=9),
            "unknown topic": fetched("f.none"), "wrong name": fetched("a/b"), "committed": fetched("f", isolation=1),
            "isolation 7": fetched("f", isolation=7),
            "epoch of ours": fetched("f", leader_epoch=0), "epoch to come": fetched("f", leader_epoch=5),
            "wait for nothing": fetched("f", 10, wait=10, least=1), "empty name": fetched("")}.items():
        k.step(f"fetch/{title}", "Fetch", 12, **wanted)
    k.step("fetch/wrong id", "Fetch", 13, **fetched("", topic_id=WRONG_ID))
    k.step("fetch/no id", "Fetch", 13, **fetched("", topic_id=NO_ID))
    k.step("fetch/nothing", "Fetch", 12, MaxWaitMs=0, SessionEpoch=-1)
    k.step("fetch/as a replica", "Fetch", 12, **(fetched("f") | {"ReplicaId": 5}))
    k.step("fetch/last epoch", "Fetch", 12, **{**fetched("f"), "Topics": [{"Topic": "f", "Partitions": [
        {"Partition": 0, "FetchOffset": 4, "LastFetchedEpoch": 0, "PartitionMaxBytes": 1000}]}]})
    k.step("fetch/a partition twice", "Fetch", 12, **{**fetched("f"), "Topics": [{"Topic": "f", "Partitions": [
        {"Partition": 0, "FetchOffset": 8, "PartitionMaxBytes": 1000}] * 2}]})


def fetch_sessions(k):
    make(k, topic("s", 2))
    k.ask("Produce", 9, **produced("s", batch([b"a"])))
    session = k.step("sessions/begun", "Fetch", 12, **fetched("s", epoch=0)).get("SessionId")
    more = {"MaxWaitMs": 0, "MaxBytes": 1 << 20, "SessionId": session}
    k.step("sessions/nothing new", "Fetch", 12, **more, SessionEpoch=1)
    k.ask("Produce", 9, **produced("s", batch([b"b"])))
    k.step("sessions/news", "Fetch", 12, **more, SessionEpoch=2)
    k.step("sessions/wrong epoch", "Fetch", 12, **more, SessionEpoch=9)
    k.step("sessions/unknown", "Fetch", 12, **(more | {"SessionId": 123456}), SessionEpoch=1)
    k.step("sessions/moved", "Fetch", 12, **fetched("s", 1, session=session, epoch=3))
    k.step("sessions/another partition", "Fetch", 12, **fetched("s", partition=1, session=session, epoch=4))
    k.step("sessions/forgotten", "Fetch", 12, **more, SessionEpoch=5,
           ForgottenTopicsData=[{"Topic": "s", "Partitions": [0]}])
    k.step("sessions/unknown topic", "Fetch", 12, **fetched("s.none", session=session, epoch=6))
    k.step("sessions/unknown topic again", "Fetch", 12, **more, SessionEpoch=7)
    k.step("sessions/by id now", "Fetch", 13, **fetched("", topic_id=k.ids["s"], session=session, epoch=8))
    k.step("sessions/ended", "Fetch", 12, **(more | {"SessionEpoch": -1}))
    k.step("sessions/after its end", "Fetch", 12, **more, SessionEpoch=8)
    k.step("sessions/begun with nothing", "Fetch", 12, MaxWaitMs=0, MaxBytes=1000, SessionId=0, SessionEpoch=0)
    other = k.step("sessions/by id", "Fetch", 13, **fetched("", topic_id=k.ids["s"], epoch=0)).get("SessionId")
    k.step("sessions/wrong id", "Fetch", 13, **fetched("", topic_id=WRONG_ID, session=other, epoch=1))
    k.step("sessions/wrong id again", "Fetch", 13, MaxWaitMs=0, MaxBytes=1000, SessionId=other, SessionEpoch=2)


def offsets(k):
    make(k, topic("o", 2))
    for time in (1000, 3000, 2000):
        k.ask("Produce", 9, **produced("o", batch([b"a"], timestamp=time)))
    for version in range(1, 12):
        k.step(f"offsets/version {version}", "ListOffsets", version, ReplicaId=-1, Topics=[
            {"Name": "o", "Partitions": [{"PartitionIndex": 0, "Timestamp": -1}]}])
    for stamp in (-1, -2, -3, -4, -5, -6, -9, 0, 1000, 1500, 2500, 3000, 3001):
        k.step(f"offsets/at {stamp}", "ListOffsets", 10, ReplicaId=-1, TimeoutMs=1000, Topics=[
            {"Name": "o", "Partitions": [{"PartitionIndex": 0, "Timestamp": stamp}]}])
    for stamp in (-1, -2, -3, 5):
        k.step(f"offsets/of an empty partition at {stamp}", "ListOffsets", 7, ReplicaId=-1, Topics=[
            {"Name": "o", "Partitions": [{"PartitionIndex": 1, "Timestamp": stamp}]}])
    for stamp in (-3, -4, -5):
        k.step(f"offsets/old version at {stamp}", "ListOffsets", 6, ReplicaId=-1, Topics=[
            {"Name": "o", "Partitions": [{"PartitionIndex": 0, "Timestamp": stamp}]}])
    for title, name, part in [
            ("unknown topic", "o.none", {"PartitionIndex": 0, "Timestamp": -1}),
            ("wrong partition", "o", {"PartitionIndex": 9, "Timestamp": -1}),
            ("epoch", "o", {"PartitionIndex": 0, "Timestamp": -1, "CurrentLeaderEpoch": 0}),
            ("epoch to come", "o", {"PartitionIndex": 0, "Timestamp": -1, "CurrentLeaderEpoch": 4})]:
        k.step(f"offsets/{title}", "ListOffsets", 7, ReplicaId=-1, Topics=[{"Name": name, "Partitions": [part]}])
    k.step("offsets/committed", "ListOffsets", 7, ReplicaId=-1, IsolationLevel=1, Topics=[
        {"Name": "o", "Partitions": [{"PartitionIndex": 0, "Timestamp": -1}]}])
    k.step("offsets/a partition twice", "ListOffsets", 7, ReplicaId=-1, Topics=[
        {"Name": "o", "Partitions": [{"PartitionIndex": 0, "Timestamp": -1}] * 2}])
    for version in range(2, 5):
        for title, current, wanted in [("ours", -1, 0), ("to come", -1, 3), ("known", 0, 0), ("wrong", 7, 0), ("none", -1, -1)]:
            k.step(f"offsets/epoch {title}, version {version}", "OffsetForLeaderEpoch", version, Topics=[
                {"Topic": "o", "Partitions": [{"Partition": 0, "CurrentLeaderEpoch": current, "LeaderEpoch": wanted}]}])
    k.step("offsets/epoch of an unknown topic", "OffsetForLeaderEpoch", 4, Topics=[
        {"Topic": "o.none", "Partitions": [{"Partition": 0, "LeaderEpoch": 0}]}])
    k.step("offsets/epoch of a wrong partition", "OffsetForLeaderEpoch", 4, Topics=[
        {"Topic": "o", "Partitions": [{"Partition": 9, "LeaderEpoch": 0}]}])


def records_deleted(k):
    make(k, topic("d", 2), topic("d.compact", configs=[("cleanup.policy", "compact")]))
    for _ in range(4):
        k.ask("Produce", 9, **produced("d", batch([b"a", b"b"])))

    def delete(title, offset, name="d", partition=0, version=2):
        k.step(f"deleted/{title}", "DeleteRecords", version, TimeoutMs=10_000, Topics=[
            {"Name": name, "Partitions": [{"PartitionIndex": partition, "Offset": offset}]}])

    for version in range(3):
        delete(f"version {version}", 1 + version, version=version)
    delete("below the start", 0)
    delete("behind the end", 100)
    delete("negative", -5)
    delete("unknown topic", 0, "d.none")
    delete("wrong partition", 0, partition=9)
    delete("compacted", 0, "d.compact")
    k.step("deleted/fetch below", "Fetch", 12, **fetched("d", 0))
    k.step("deleted/fetch inside a batch", "Fetch", 12, **fetched("d", 3))
    k.step("deleted/start", "ListOffsets", 7, ReplicaId=-1, Topics=[
        {"Name": "d", "Partitions": [{"PartitionIndex": 0, "Timestamp": -2}]}])
    k.step("deleted/by time", "ListOffsets", 7, ReplicaId=-1, Topics=[
        {"Name": "d", "Partitions": [{"PartitionIndex": 0, "Timestamp": 0}]}])
    delete("to the end", -1)
    k.step("deleted/start at the end", "ListOffsets", 7, ReplicaId=-1, Topics=[
        {"Name": "d", "Partitions": [{"PartitionIndex": 0, "Timestamp": -2}]}])
    k.step("deleted/produce", "Produce", 9, **produced("d", batch([b"c"])))


def groups(k):
    k.until(lambda answer: answer["Coordinators"][0]["ErrorCode"] == 0, "FindCoordinator", 4, KeyType=0,
            CoordinatorKeys=["g"])
    for version in range(4):
        k.step(f"groups/coordinator, version {version}", "FindCoordinator", version, Key="g")
    for version in range(4, 7):
        k.step(f"groups/coordinators, version {version}", "FindCoordinator", version, KeyType=0,
               CoordinatorKeys=["g", "g.two"])
    k.step("groups/coordinator of what", "FindCoordinator", 4, KeyType=7, CoordinatorKeys=["g"])
    k.step("groups/coordinator of nobody", "FindCoordinator", 4, KeyType=0, CoordinatorKeys=[])
    k.step("groups/coordinator of an empty name", "FindCoordinator", 4, KeyType=0, CoordinatorKeys=[""])
    k.step("groups/coordinator of shares", "FindCoordinator", 6, KeyType=2, CoordinatorKeys=["g:x:0"])

    def join(title, version=5, member="", group="g", kind="consumer", protocols=("range",), session=10_000,
             rebalance=10_000, instance=None, link="main"):
        asked = {"GroupId": group, "SessionTimeoutMs": session, "MemberId": member, "ProtocolType": kind,
                 "Protocols": [{"Name": each, "Metadata": b"m"} for each in protocols]}
        if version >= 1:
            asked["RebalanceTimeoutMs"] = rebalance
        if version >= 5:
            asked["GroupInstanceId"] = instance
        return k.step(f"groups/join: {title}", "JoinGroup", version, link, **asked)

    join("empty group", group="")
    join("short session", session=10)
    join("long session", session=10_000_000)
    join("no protocol type", kind="")
    join("no protocols", protocols=())
    join("unknown member", member="nobody")
    member = join("first")["MemberId"]
    joined = join("with its id", member=member)
    generation = joined.get("GenerationId", -1)
    me = {"GroupId": "g", "MemberId": member, "GenerationId": generation}
    k.step("groups/heartbeat before sync", "Heartbeat", 4, **me)
    join("other protocol", member="", protocols=("other",))
    k.step("groups/sync: wrong generation", "SyncGroup", 5, **(me | {"GenerationId": 99}), ProtocolType="consumer",
           ProtocolName="range")
    k.step("groups/sync: wrong protocol", "SyncGroup", 5, **me, ProtocolType="consumer", ProtocolName="other")
    k.step("groups/sync: wrong type", "SyncGroup", 5, **me, ProtocolType="connect", ProtocolName="range")
    k.step("groups/sync: nobody", "SyncGroup", 5, **(me | {"MemberId": "x"}), ProtocolType="consumer",
           ProtocolName="range")
    k.step("groups/sync", "SyncGroup", 5, **me, ProtocolType="consumer", ProtocolName="range",
           Assignments=[{"MemberId": member, "Assignment": b"yours"}])
    k.step("groups/sync again", "SyncGroup", 3, **me)
    for version in range(5):
        k.step(f"groups/heartbeat, version {version}", "Heartbeat", version, **me)
    for title, change in [("wrong generation", {"GenerationId": 77}), ("nobody", {"MemberId": "x"}),
                          ("no group", {"GroupId": "g.none"}), ("empty group", {"GroupId": ""})]:
        k.step(f"groups/heartbeat: {title}", "Heartbeat", 4, **(me | change))
    for version in range(7):
        k.step(f"groups/described, version {version}", "DescribeGroups", version, Groups=["g", "g.none", ""])
    k.step("groups/described: operations", "DescribeGroups", 5, Groups=["g"], IncludeAuthorizedOperations=True)
    for version in range(6):
        k.step(f"groups/listed, version {version}", "ListGroups", version)
    k.step("groups/listed: stable", "ListGroups", 5, StatesFilter=["Stable"])
    k.step("groups/listed: by small letters", "ListGroups", 5, StatesFilter=["stable"])
    k.step("groups/listed: unknown state", "ListGroups", 5, StatesFilter=["Sleepy"])
    k.step("groups/listed: classic", "ListGroups", 5, TypesFilter=["classic"])
    k.step("groups/listed: other type", "ListGroups", 5, TypesFilter=["consumer"])
    k.step("groups/deleted: with a member", "DeleteGroups", 2, GroupsNames=["g"])
    k.step("groups/deleted: none", "DeleteGroups", 2, GroupsNames=["g.none", ""])
    k.step("groups/join: another type", "JoinGroup", 5, GroupId="g", SessionTimeoutMs=10_000, RebalanceTimeoutMs=10_000,
           ProtocolType="connect", Protocols=[{"Name": "range", "Metadata": b""}])
    k.step("groups/left: nobody", "LeaveGroup", 5, GroupId="g", Members=[{"MemberId": "x"}])
    k.step("groups/left: no group", "LeaveGroup", 5, GroupId="g.none", Members=[{"MemberId": "x"}])
    k.step("groups/left: no instance", "LeaveGroup", 5, GroupId="g", Members=[{"MemberId": "", "GroupInstanceId": "i"}])
    k.step("groups/left: no members", "LeaveGroup", 5, GroupId="g")
    k.step("groups/left", "LeaveGroup", 5, GroupId="g", Members=[{"MemberId": member}])
    k.step("groups/left: again", "LeaveGroup", 2, GroupId="g", MemberId=member)
    k.step("groups/described: empty", "DescribeGroups", 5, Groups=["g"])
    k.step("groups/deleted", "DeleteGroups", 2, GroupsNames=["g"])
    k.step("groups/described: deleted", "DescribeGroups", 6, Groups=["g"])
    first = join("static", instance="i1", group="g.static")
    again = join("static, again", instance="i1", group="g.static")
    k.step("groups/heartbeat: fenced", "Heartbeat", 4, GroupId="g.static", MemberId=first.get("MemberId", ""),
           GenerationId=again.get("GenerationId", 0), GroupInstanceId="i1")
    k.step("groups/left: static", "LeaveGroup", 4, GroupId="g.static", Members=[{"MemberId": "", "GroupInstanceId": "i1"}])
    for version in range(4):
        join(f"version {version}", version=version, group=f"g.v{version}")
    join("version 9", version=9, group="g.v9")


def group_offsets(k):
    make(k, topic("go", 2))

    def commit(title, version=8, group="go.g", member="", generation=-1, name="go", partition=0, offset=5, metadata="m",
               instance=None):
        asked = {"GroupId": group, "GenerationIdOrMemberEpoch": generation, "MemberId": member}
        named = {"TopicId": k.ids.get(name, WRONG_ID)} if version >= 10 else {"Name": name}
        if version >= 7:
            asked["GroupInstanceId"] = instance
        k.step(f"group offsets/commit: {title}", "OffsetCommit", version, **asked, Topics=[
            named | {"Partitions": [{"PartitionIndex": partition, "CommittedOffset": offset,
                                     "CommittedMetadata": metadata}]}])

    for version in range(2, 11):
        commit(f"version {version}", version, offset=version)
    commit("null metadata", metadata=None)
    commit("long metadata", metadata="m" * 5000)
    commit("unknown topic", name="go.none")
    commit("unknown id", version=10, name="go.none")
    commit("wrong partition", partition=9)
    commit("negative offset", offset=-5)
    commit("with a generation", generation=3, member="x")
    commit("with a member", member="x")
    commit("empty group", group="")
    commit("new group with a generation", group="go.new", generation=3, member="x")
    commit("with an instance", instance="i")
    for version in range(1, 8):
        k.step(f"group offsets/fetch: version {version}", "OffsetFetch", version, GroupId="go.g", Topics=[
            {"Name": "go", "PartitionIndexes": [0, 1, 9]}, {"Name": "go.none", "PartitionIndexes": [0]}])
        if version >= 2:
            k.step(f"group offsets/fetch: all, version {version}", "OffsetFetch", version, GroupId="go.g", Topics=None)
    for version in range(8, 11):
        named = {"TopicId": k.ids["go"]} if version >= 10 else {"Name": "go"}
        k.step(f"group offsets/fetch: version {version}", "OffsetFetch", version, Groups=[
            {"GroupId": "go.g", "Topics": [named | {"PartitionIndexes": [0, 1]}]},
            {"GroupId": "go.none", "Topics": None}])
    k.step("group offsets/fetch: unknown id", "OffsetFetch", 10, Groups=[
        {"GroupId": "go.g", "Topics": [{"TopicId": WRONG_ID, "PartitionIndexes": [0]}]}])
    k.step("group offsets/fetch: stable", "OffsetFetch", 7, GroupId="go.g", RequireStable=True, Topics=None)
    k.step("group offsets/fetch: empty group", "OffsetFetch", 7, GroupId="", Topics=None)
    k.step("group offsets/fetch: as a member", "OffsetFetch", 9, Groups=[
        {"GroupId": "go.g", "MemberId": "x", "MemberEpoch": 3, "Topics": None}])
    k.step("group offsets/described", "DescribeGroups", 5, Groups=["go.g"])
    k.step("group offsets/deleted: one", "OffsetDelete", 0, GroupId="go.g", Topics=[
        {"Name": "go", "Partitions": [{"PartitionIndex": 0}, {"PartitionIndex": 9}]}])
    k.step("group offsets/deleted: unknown topic", "OffsetDelete", 0, GroupId="go.g", Topics=[
        {"Name": "go.none", "Partitions": [{"PartitionIndex": 0}]}])
    k.step("group offsets/deleted: unknown group", "OffsetDelete", 0, GroupId="go.none", Topics=[
        {"Name": "go", "Partitions": [{"PartitionIndex": 0}]}])
    k.step("group offsets/fetch: after that", "OffsetFetch", 7, GroupId="go.g", Topics=None)


def transactions(k):
    make(k, topic("x", 2))
    k.until(lambda answer: answer["Coordinators"][0]["ErrorCode"] == 0, "FindCoordinator", 4, KeyType=1,
            CoordinatorKeys=["x.t"])
    k.step("txn/coordinator", "FindCoordinator", 4, KeyType=1, CoordinatorKeys=["x.t"])

    def init(title, version=4, name="x.t", timeout=60_000, **more):
        return k.step(f"txn/init: {title}", "InitProducerId", version, TransactionalId=name,
                      TransactionTimeoutMs=timeout, **more)

    init("empty id", name="")
    init("no time", timeout=0)
    init("too long", timeout=10**9)
    init("unknown producer", ProducerId=777, ProducerEpoch=0)
    made = init("first")
    made = init("again")
    pid, epoch = made["ProducerId"], made["ProducerEpoch"]
    init("with its own", ProducerId=pid, ProducerEpoch=epoch)
    epoch += 1
    init("with an old epoch", ProducerId=pid, ProducerEpoch=epoch - 2)
    me = {"TransactionalId": "x.t", "ProducerId": pid, "ProducerEpoch": epoch}
    old = {"V3AndBelowTransactionalId": "x.t", "V3AndBelowProducerId": pid, "V3AndBelowProducerEpoch": epoch}

    def add(title, change=None, version=3, name="x", partitions=(0,)):
        k.step(f"txn/add: {title}", "AddPartitionsToTxn", version, **(old | (change or {})),
               V3AndBelowTopics=[{"Name": name, "Partitions": list(partitions)}])

    def send(title, sequence, version=11, txn="x.t", producer_epoch=None, partition=0):
        data = batch([b"a", b"b"], producer=pid, epoch=epoch if producer_epoch is None else producer_epoch,
                     sequence=sequence, transactional=True)
        k.step(f"txn/produce: {title}", "Produce", version, **produced("x", data, txn=txn, version=version, partition=partition))

    k.step("txn/end: nothing begun", "EndTxn", 4, **me, Committed=True)
    send("not added", 0)
    add("nobody", {"V3AndBelowTransactionalId": "x.none"})
    add("other producer", {"V3AndBelowProducerId": 12345})
    add("old epoch", {"V3AndBelowProducerEpoch": epoch - 1})
    add("next epoch", {"V3AndBelowProducerEpoch": epoch + 1})
    add("unknown topic", name="x.none")
    add("one good, one not", partitions=(0, 9))
    add("good")
    add("again", version=0)
    send("added", 0)
    send("again", 0)
    send("other partition", 0, partition=1)
    send("without id", 2, txn=None)
    send("with another id", 2, txn="x.other")
    k.step("txn/produce: not transactional in between", "Produce", 9,
           **produced("x", batch([b"a"], producer=pid, epoch=epoch, sequence=2)))
    k.step("txn/fetch: open", "Fetch", 12, **fetched("x"))
    k.step("txn/fetch: open, committed", "Fetch", 12, **fetched("x", isolation=1))
    k.step("txn/offsets: open", "ListOffsets", 7, ReplicaId=-1, IsolationLevel=1, Topics=[
        {"Name": "x", "Partitions": [{"PartitionIndex": 0, "Timestamp": -1}]}])
    k.step("txn/producers", "DescribeProducers", 0, Topics=[{"Name": "x", "PartitionIndexes": [0, 1, 9]},
                                                            {"Name": "x.none", "PartitionIndexes": [0]}])
    k.step("txn/described", "DescribeTransactions", 0, TransactionalIds=["x.t", "x.none", ""])
    for version in range(3):
        k.step(f"txn/listed, version {version}", "ListTransactions", version)
    k.step("txn/listed: ongoing", "ListTransactions", 1, StateFilters=["Ongoing"])
    k.step("txn/listed: unknown state", "ListTransactions", 1, StateFilters=["Sleepy"])
    k.step("txn/listed: of another", "ListTransactions", 1, ProducerIdFilters=[4711])
    k.step("txn/group added", "AddOffsetsToTxn", 3, **me, GroupId="x.g")
    k.step("txn/group added: empty", "AddOffsetsToTxn", 3, **me, GroupId="")
    k.step("txn/group added: old epoch", "AddOffsetsToTxn", 3, **(me | {"ProducerEpoch": epoch - 1}), GroupId="x.g")

    def offset(title, version=3, group="x.g", name="x", partition=0, **change):
        k.step(f"txn/offset: {title}", "TxnOffsetCommit", version, **(me | change), GroupId=group, Topics=[
            {"Name": name, "Partitions": [{"PartitionIndex": partition, "CommittedOffset": 4, "CommittedMetadata": "m"}]}])

    for version in range(5):
        offset(f"version {version}", version)
    offset("unknown topic", name="x.none")
    offset("wrong partition", partition=9)
    offset("with a generation", GenerationId=5, MemberId="x")
    offset("empty group", group="")
    k.step("txn/offsets fetched: open", "OffsetFetch", 7, GroupId="x.g", Topics=None)
    k.step("txn/offsets fetched: open, stable", "OffsetFetch", 7, GroupId="x.g", Topics=None, RequireStable=True)
    k.step("txn/end: old epoch", "EndTxn", 3, **(me | {"ProducerEpoch": epoch - 1}), Committed=True)
    k.step("txn/end: other producer", "EndTxn", 3, **(me | {"ProducerId": 12345}), Committed=True)
    k.step("txn/end: nobody", "EndTxn", 3, **(me | {"TransactionalId": "x.none"}), Committed=True)
    k.step("txn/end", "EndTxn", 3, **me, Committed=True)
    stable(k, "x", 3)
    k.step("txn/end: again", "EndTxn", 3, **me, Committed=True)
    k.step("txn/end: the other way", "EndTxn", 3, **me, Committed=False)
    k.step("txn/fetch: committed", "Fetch", 12, **fetched("x", isolation=1))
    k.until(lambda answer: answer["ErrorCode"] == 0 and answer["Topics"] and answer["Topics"][0]["Partitions"][0]["ErrorCode"] == 0,
            "OffsetFetch", 7, GroupId="x.g", Topics=None, RequireStable=True)
    k.step("txn/offsets fetched", "OffsetFetch", 7, GroupId="x.g", Topics=None)
    add("second")
    send("second", 2)
    k.step("txn/aborted", "EndTxn", 3, **me, Committed=False)
    stable(k, "x", 6)
    k.step("txn/fetch: aborted", "Fetch", 12, **fetched("x", isolation=1))
    k.step("txn/fetch: aborted, all", "Fetch", 12, **fetched("x"))
    k.step("txn/described: done", "DescribeTransactions", 0, TransactionalIds=["x.t"])
    k.step("txn/producers: done", "DescribeProducers", 0, Topics=[{"Name": "x", "PartitionIndexes": [0]}])
    # KIP-890: the second way, in which partitions join by being written to
    made = init("second way", version=5, name="x.two")
    pid, epoch = made["ProducerId"], made["ProducerEpoch"]
    send("second way", 0, version=12, txn="x.two", partition=1)
    ended = k.step("txn/end: second way", "EndTxn", 5, TransactionalId="x.two", ProducerId=pid, ProducerEpoch=epoch,
                   Committed=True)
    k.step("txn/end: second way, again", "EndTxn", 5, TransactionalId="x.two", ProducerId=pid, ProducerEpoch=epoch,
           Committed=True)
    send("second way, old epoch", 2, version=12, txn="x.two", partition=1)
    epoch = ended.get("ProducerEpoch", 0)
    k.step("txn/end: second way, empty", "EndTxn", 5, TransactionalId="x.two", ProducerId=pid, ProducerEpoch=epoch,
           Committed=True)
    k.step("txn/end: second way, empty, aborted", "EndTxn", 5, TransactionalId="x.two", ProducerId=pid,
           ProducerEpoch=epoch, Committed=False)
    k.step("txn/markers", "WriteTxnMarkers", 1, Markers=[])


def stable(k, name, offset):
    """Kafka writes markers after it has answered."""
    k.until(lambda answer: answer["Topics"][0]["Partitions"][0]["Offset"] == offset, "ListOffsets", 7, ReplicaId=-1,
            IsolationLevel=1, Topics=[{"Name": name, "Partitions": [{"PartitionIndex": 0, "Timestamp": -1}]}])


def cluster(k):
    for version in range(3):
        k.step(f"cluster/described, version {version}", "DescribeCluster", version)
    k.step("cluster/described: operations", "DescribeCluster", 1, IncludeClusterAuthorizedOperations=True)
    k.step("cluster/described: controllers", "DescribeCluster", 1, EndpointType=2)
    k.step("cluster/described: what", "DescribeCluster", 1, EndpointType=7)
    for version in range(3):
        k.step(f"cluster/quorum, version {version}", "DescribeQuorum", version, Topics=[
            {"TopicName": "__cluster_metadata", "Partitions": [{"PartitionIndex": 0}]}])
    k.step("cluster/quorum: other topic", "DescribeQuorum", 2, Topics=[
        {"TopicName": "x", "Partitions": [{"PartitionIndex": 0}]}])
    for version in range(2):
        k.step(f"cluster/resources, version {version}", "ListConfigResources", version)
    k.step("cluster/resources: brokers", "ListConfigResources", 1, ResourceTypes=[4])
    k.step("cluster/resources: what", "ListConfigResources", 1, ResourceTypes=[77])


def admin(k):
    make(k, topic("a", 2))
    pattern = {"PatternTypeFilter": 3, "Operation": 2, "PermissionType": 3}
    for version in range(1, 4):
        k.step(f"admin/acls, version {version}", "DescribeAcls", version, ResourceTypeFilter=2,
               ResourceNameFilter="a", **pattern)
    k.step("admin/acls: any", "DescribeAcls", 3, ResourceTypeFilter=1, ResourceNameFilter=None, PatternTypeFilter=1,
           PrincipalFilter=None, HostFilter=None, Operation=1, PermissionType=1)
    k.step("admin/acls made", "CreateAcls", 3, Creations=[
        {"ResourceType": 2, "ResourceName": "a", "ResourcePatternType": 3, "Principal": "User:x", "Host": "*",
         "Operation": 3, "PermissionType": 3}])
    k.step("admin/acls made: none", "CreateAcls", 3, Creations=[])
    k.step("admin/acls deleted", "DeleteAcls", 3, Filters=[
        {"ResourceTypeFilter": 2, "ResourceNameFilter": "a", "PatternTypeFilter": 3, "PrincipalFilter": None,
         "HostFilter": None, "Operation": 1, "PermissionType": 1}])
    for version in range(1, 6):
        k.step(f"admin/folders, version {version}", "DescribeLogDirs", version,
               Topics=[{"Topic": "a", "Partitions": [0, 1]}])
    k.step("admin/folders: unknown", "DescribeLogDirs", 4, Topics=[{"Topic": "a.none", "Partitions": [0]}])
    k.step("admin/folders: wrong partition", "DescribeLogDirs", 4, Topics=[{"Topic": "a", "Partitions": [9]}])
    k.step("admin/folders: nothing", "DescribeLogDirs", 4, Topics=[])
    for version in range(3):
        k.step(f"admin/leaders, version {version}", "ElectLeaders", version, TimeoutMs=10_000,
               TopicPartitions=[{"Topic": "a", "Partitions": [0, 9]}, {"Topic": "a.none", "Partitions": [0]}])
    k.step("admin/leaders: unclean", "ElectLeaders", 2, TimeoutMs=10_000, ElectionType=1,
           TopicPartitions=[{"Topic": "a", "Partitions": [0]}])
    k.step("admin/leaders: strange", "ElectLeaders", 2, TimeoutMs=10_000, ElectionType=7,
           TopicPartitions=[{"Topic": "a", "Partitions": [0]}])
    k.step("admin/leaders: all", "ElectLeaders", 2, TimeoutMs=10_000, TopicPartitions=None)
    for title, name, partition, replicas in [("to us", "a", 0, [1]), ("elsewhere", "a", 0, [7]), ("nowhere", "a", 0, []),
                                             ("stopped", "a", 0, None), ("unknown", "a.none", 0, [1]),
                                             ("wrong partition", "a", 9, [1]), ("twice", "a", 0, [1, 1])]:
        k.step(f"admin/moved: {title}", "AlterPartitionReassignments", 0, Topics=[
            {"Name": name, "Partitions": [{"PartitionIndex": partition, "Replicas": replicas}]}])
    k.step("admin/moves", "ListPartitionReassignments", 0, Topics=None)
    k.step("admin/moves: of one", "ListPartitionReassignments", 0, Topics=[{"Name": "a", "PartitionIndexes": [0]}])
    k.step("admin/moves: of an unknown one", "ListPartitionReassignments", 0,
           Topics=[{"Name": "a.none", "PartitionIndexes": [0]}])
    for version in range(2):
        k.step(f"admin/quotas, version {version}", "DescribeClientQuotas", version, Components=[])
    k.step("admin/quotas: of users", "DescribeClientQuotas", 1, Components=[
        {"EntityType": "user", "MatchType": 1, "Match": None}])
    k.step("admin/quotas: strange", "DescribeClientQuotas", 1, Components=[
        {"EntityType": "dog", "MatchType": 1, "Match": None}])
    k.step("admin/users", "DescribeUserScramCredentials", 0, Users=None)
    k.step("admin/users: one", "DescribeUserScramCredentials", 0, Users=[{"Name": "x"}])
    k.step("admin/users: twice", "DescribeUserScramCredentials", 0, Users=[{"Name": "x"}, {"Name": "x"}])


def framing(k):
    unknown_key = bytes.fromhex("0000000a" "7fff0000" "00000001" "ffff")
    unknown_version = bytes.fromhex("0000000a" "00030063" "00000001" "ffff")
    strange_versions = bytes.fromhex("0000000a" "00120063" "00000001" "ffff")
    k.raw("framing/unknown api", unknown_key)
    k.raw("framing/unknown version", unknown_version)
    k.raw("framing/negative size", b"\xff\xff\xff\xff")
    k.raw("framing/huge size", b"\x7f\xff\xff\xff")
    k.raw("framing/no body", bytes.fromhex("0000000a" "00030001" "00000001" "ffff"))
    k.raw("framing/cut header", bytes.fromhex("00000002" "0003"))
    k.links.pop("raw", None)
    k.send("Metadata", 12, "pipe", Topics=[])
    k.send("ListGroups", 4, "pipe")
    k.step("framing/second of two answered first", "Metadata", 12, "other", Topics=[])
    assert strange_versions
