"""Where clients look in their harder hours: ids, members in every state of their group, transactions from the side, what is refused as a whole.
A step's title is its name in docs/reference/differences.md."""
import struct
import time

from asking import NO_ID, WRONG_ID, fetched, fill, gone, make, produced, topic
from batches import batch


def ids(k):
    make(k, topic("id.t", 3), topic("id.other", 2), topic("id.gone"))
    right = k.ids["id.t"]
    for version in (10, 11, 12, 13):
        for title, each in [("by id", {"Name": None, "TopicId": right}), ("both", {"Name": "id.t", "TopicId": right}),
                            ("both, wrong id", {"Name": "id.t", "TopicId": WRONG_ID}), ("neither", {"Name": None, "TopicId": NO_ID}),
                            ("wrong id", {"Name": None, "TopicId": WRONG_ID})]:
            k.step(f"ids/metadata {title}, version {version}", "Metadata", version, Topics=[each], AllowAutoTopicCreation=False)
    k.step("ids/metadata of an id and a name", "Metadata", 12, AllowAutoTopicCreation=False,
           Topics=[{"Name": None, "TopicId": right}, {"Name": "id.other"}])
    k.step("ids/metadata twice", "Metadata", 12, AllowAutoTopicCreation=False, Topics=[{"Name": "id.t"}, {"Name": "id.t"}])
    k.step("ids/metadata made with a bad name", "Metadata", 12, AllowAutoTopicCreation=True, Topics=[{"Name": "a/b"}])
    k.step("ids/metadata made, internal", "Metadata", 12, AllowAutoTopicCreation=True, Topics=[{"Name": "__cluster_metadata"}])
    named = [{"Name": "id.other"}, {"Name": "id.t"}]
    for title, more in [("in one", {}), ("limit 0", {"ResponsePartitionLimit": 0}), ("limit -1", {"ResponsePartitionLimit": -1}),
                        ("limit 2", {"ResponsePartitionLimit": 2}), ("limit 3", {"ResponsePartitionLimit": 3}),
                        ("from the second", {"Cursor": {"TopicName": "id.t", "PartitionIndex": 0}}),
                        ("from its second part", {"Cursor": {"TopicName": "id.t", "PartitionIndex": 1}}),
                        ("from what is not asked for", {"Cursor": {"TopicName": "id.p", "PartitionIndex": 1}}),
                        ("from behind the end", {"Cursor": {"TopicName": "id.t", "PartitionIndex": 99}}),
                        ("from behind all", {"Cursor": {"TopicName": "zzz", "PartitionIndex": 0}}),
                        ("from before the start", {"Cursor": {"TopicName": "id.other", "PartitionIndex": -1}})]:
        k.step(f"ids/pages: {title}", "DescribeTopicPartitions", 0, Topics=named, **more)
    k.step("ids/pages: twice", "DescribeTopicPartitions", 0, Topics=named + named)
    k.step("ids/pages: empty name", "DescribeTopicPartitions", 0, Topics=[{"Name": ""}])
    gone_id = k.ids["id.gone"]
    fill(k, "id.gone", batch([b"a"]))
    session = k.ask("Fetch", 13, **fetched("", topic_id=gone_id, epoch=0))["SessionId"]
    assert k.ask("DeleteTopics", 6, Topics=[{"Name": "id.gone"}], TimeoutMs=10_000)["Responses"][0]["ErrorCode"] == 0
    gone(k, "id.gone")
    more = {"MaxWaitMs": 0, "MaxBytes": 1 << 20, "SessionId": session}
    k.until(lambda answer: answer["ErrorCode"] or answer["Responses"], "Fetch", 13, **fetched("", topic_id=gone_id))
    k.step("ids/fetch of a deleted topic", "Fetch", 13, **fetched("", topic_id=gone_id))
    k.step("ids/fetch of a deleted topic by name", "Fetch", 12, **fetched("id.gone"))
    k.step("ids/session over a deleted topic", "Fetch", 13, **more, SessionEpoch=1)
    k.step("ids/produce to a deleted topic", "Produce", 13, **produced("id.gone", batch([b"a"]), version=13, ids=k.ids))
    k.step("ids/offset of a deleted topic", "OffsetCommit", 10, GroupId="id.g", GenerationIdOrMemberEpoch=-1, MemberId="", GroupInstanceId=None,
           Topics=[{"TopicId": gone_id, "Partitions": [{"PartitionIndex": 0, "CommittedOffset": 1, "CommittedMetadata": ""}]}])
    make(k, topic("id.gone"))
    k.step("ids/fetch by the id that it had", "Fetch", 13, **fetched("", topic_id=gone_id))
    k.step("ids/produce by the id that it had", "Produce", 13, **produced("id.gone", batch([b"a"]), version=13, ids={"id.gone": gone_id}))
    k.step("ids/fetch by the new one", "Fetch", 13, **fetched("", topic_id=k.ids["id.gone"]))


def special_times(k):
    make(k, topic("st", 2))
    for stamp in (1000, 3000, 2000):
        fill(k, "st", batch([b"a", b"b"], timestamp=stamp))
    for version in range(1, 12):
        for stamp in range(-7, 0):
            for isolation in (0, 1):
                if version < 2 and isolation:
                    continue
                asked = {"IsolationLevel": isolation} if version >= 2 else {}
                if version >= 10:
                    asked["TimeoutMs"] = 1000
                k.step(f"times/{stamp}, version {version}, isolation {isolation}", "ListOffsets", version, ReplicaId=-1, **asked, Topics=[
                    {"Name": "st", "Partitions": [{"PartitionIndex": index, "Timestamp": stamp} for index in (0, 1)]}])
    k.step("times/debug replica", "ListOffsets", 7, ReplicaId=-2, Topics=[{"Name": "st", "Partitions": [{"PartitionIndex": 0, "Timestamp": -1}]}])
    k.step("times/as a replica", "ListOffsets", 7, ReplicaId=5, Topics=[{"Name": "st", "Partitions": [{"PartitionIndex": 0, "Timestamp": -1}]}])
    k.step("times/nothing", "ListOffsets", 7, ReplicaId=-1, Topics=[])
    k.step("times/wrong name", "ListOffsets", 7, ReplicaId=-1, Topics=[{"Name": "a/b", "Partitions": [{"PartitionIndex": 0, "Timestamp": -1}]}])


def subscription(*topics, version=0):
    """What a consumer says of itself when it joins."""
    named = b"".join(struct.pack(">h", len(each)) + each.encode() for each in topics)
    return struct.pack(">hi", version, len(topics)) + named + struct.pack(">i", -1)


def members(k):
    make(k, topic("m.t", 2), topic("m.other"))
    k.until(lambda answer: answer["Coordinators"][0]["ErrorCode"] == 0, "FindCoordinator", 4, KeyType=0, CoordinatorKeys=["m.g"])
    k.until(lambda answer: answer["Groups"][0]["ErrorCode"] in (0, 69), "DescribeGroups", 5, Groups=["m.g"])

    def join(member, group="m.g", protocols=("range", "sticky"), instance=None, kind="consumer", version=7):
        return {"GroupId": group, "SessionTimeoutMs": 20_000, "RebalanceTimeoutMs": 20_000, "MemberId": member, "GroupInstanceId": instance,
                "ProtocolType": kind, "Protocols": [{"Name": each, "Metadata": subscription("m.t")} for each in protocols]}

    def commit(title, member, generation, version=8, group="m.g", instance=None, name="m.t"):
        k.step(f"members/commit: {title}", "OffsetCommit", version, GroupId=group, GenerationIdOrMemberEpoch=generation, MemberId=member,
               GroupInstanceId=instance, Topics=[{"Name": name, "Partitions": [{"PartitionIndex": 0, "CommittedOffset": 1, "CommittedMetadata": ""}]}])

    def beat(title, member, generation, group="m.g", instance=None):
        k.step(f"members/heartbeat: {title}", "Heartbeat", 4, GroupId=group, GenerationId=generation, MemberId=member, GroupInstanceId=instance)

    def sync(member, generation, group="m.g", assignments=(), instance=None):
        return {"GroupId": group, "GenerationId": generation, "MemberId": member, "GroupInstanceId": instance, "ProtocolType": "consumer",
                "ProtocolName": "range", "Assignments": [{"MemberId": each, "Assignment": b"x"} for each in assignments]}

    def described(title, group="m.g"):
        k.step(f"members/described: {title}", "DescribeGroups", 5, Groups=[group])

    a = k.step("members/first asks", "JoinGroup", 7, "a", **join(""))["MemberId"]
    described("nobody yet")
    commit("of one who has not come in", a, 0)
    beat("of one who has not come in", a, 0)
    k.step("members/sync: of one who has not come in", "SyncGroup", 5, **sync(a, 0))
    k.step("members/first is in", "JoinGroup", 7, "a", **join(a))
    described("to be assigned")
    commit("before its assignment", a, 1)
    beat("before its assignment", a, 1)
    k.step("members/first is assigned", "SyncGroup", 5, "a", **sync(a, 1, assignments=[a]))
    described("stable")
    commit("good", a, 1)
    for title, generation in (("older", 0), ("younger", 2), ("none", -1)):
        commit(f"generation {title}", a, generation)
        beat(f"generation {title}", a, generation)
        k.step(f"members/sync: generation {title}", "SyncGroup", 5, **sync(a, generation))
    commit("from outside", "", -1)
    commit("from outside with a generation", "", 1)
    k.step("members/join: again, unchanged, as a leader of one", "JoinGroup", 7, "a", **join(a))
    k.step("members/assigned again", "SyncGroup", 5, "a", **sync(a, 2, assignments=[a]))
    b = k.step("members/second asks", "JoinGroup", 7, "b", **join(""))["MemberId"]
    k.send("JoinGroup", 7, "b", **join(b))
    k.until(lambda answer: answer["ErrorCode"] == 27, "Heartbeat", 4, GroupId="m.g", GenerationId=2, MemberId=a)
    described("preparing")
    beat("while preparing", a, 2)
    commit("while preparing", a, 2)
    commit("while preparing, of the new one", b, 2)
    beat("while preparing, of the new one", b, 2)
    k.step("members/sync: while preparing", "SyncGroup", 5, **sync(a, 2))
    k.step("members/deleted while preparing", "DeleteGroups", 2, GroupsNames=["m.g"])
    k.step("members/join: another protocol", "JoinGroup", 7, "c", **join("", protocols=("other",)))
    k.step("members/join: another type", "JoinGroup", 7, "c", **join("", kind="connect"))
    k.step("members/first is in again", "JoinGroup", 7, "a", **join(a))
    k.collect("members/second is in", "JoinGroup", 7, "b")
    described("completing")
    for title, who in (("the leader", a), ("the other", b)):
        beat(f"completing, of {title}", who, 3)
        commit(f"completing, of {title}", who, 3)
    commit("completing, of the generation before", a, 2)
    k.send("SyncGroup", 5, "b", **sync(b, 3))
    k.step("members/leader assigns", "SyncGroup", 5, "a", **sync(a, 3, assignments=[a, b]))
    k.collect("members/other is assigned", "SyncGroup", 5, "b")
    described("stable again")
    k.step("members/join: again, unchanged, not the leader", "JoinGroup", 7, "b", **join(b))
    k.step("members/offsets deleted: subscribed", "OffsetDelete", 0, GroupId="m.g", Topics=[{"Name": "m.t", "Partitions": [{"PartitionIndex": 0}]}])
    k.step("members/offsets deleted: not subscribed", "OffsetDelete", 0, GroupId="m.g", Topics=[{"Name": "m.other", "Partitions": [{"PartitionIndex": 0}]}])
    k.step("members/offsets fetched: by a member", "OffsetFetch", 9, Groups=[{"GroupId": "m.g", "MemberId": a, "MemberEpoch": 3, "Topics": None}])
    k.step("members/deleted: with members", "DeleteGroups", 2, GroupsNames=["m.g", "m.none"])
    k.step("members/left: some wrong", "LeaveGroup", 5, GroupId="m.g", Members=[{"MemberId": b}, {"MemberId": "x"}, {"MemberId": "", "GroupInstanceId": "i"}])
    k.until(lambda answer: answer["ErrorCode"] == 27, "Heartbeat", 4, GroupId="m.g", GenerationId=3, MemberId=a)
    described("one has left")
    k.step("members/left: the last", "LeaveGroup", 5, GroupId="m.g", Members=[{"MemberId": a, "Reason": "enough"}])
    described("empty")
    commit("of an empty group", "", -1)
    commit("of an empty group, as a member", a, 3)
    k.step("members/offsets deleted: empty", "OffsetDelete", 0, GroupId="m.g", Topics=[{"Name": "m.t", "Partitions": [{"PartitionIndex": 0}]}])
    k.step("members/join: a type that the empty group had not", "JoinGroup", 3, "d", **{key: value for key, value in join(
        "", kind="connect").items() if key != "GroupInstanceId"})
    # Static ones
    one = k.step("members/static one", "JoinGroup", 7, "a", **join("", "m.s", instance="i1"))["MemberId"]
    k.step("members/static one is assigned", "SyncGroup", 5, "a", **sync(one, 1, "m.s", [one], "i1"))
    for title, member, instance in [("good", one, "i1"), ("without its name", one, None), ("another's name", one, "i2"), ("wrong member", "x", "i1"),
                                    ("nobody's name", "x", "i9")]:
        beat(f"static, {title}", member, 1, "m.s", instance)
        commit(f"static, {title}", member, 1, group="m.s", instance=instance)
        k.step(f"members/sync: static, {title}", "SyncGroup", 5, **sync(member, 1, "m.s", instance=instance))
        if title not in ("good", "without its name"):
            k.step(f"members/join: static, {title}", "JoinGroup", 7, "e", **join(member, "m.s", instance=instance))
            k.step(f"members/left: static, {title}", "LeaveGroup", 5, GroupId="m.s", Members=[{"MemberId": member, "GroupInstanceId": instance}])
    again = k.step("members/static one comes again", "JoinGroup", 7, "f", **join("", "m.s", instance="i1"))["MemberId"]
    k.step("members/static one again, its assignment", "SyncGroup", 5, "f", **sync(again, 1, "m.s", instance="i1"))
    beat("static, the one before", one, 1, "m.s", "i1")
    k.step("members/static one comes again, version 9", "JoinGroup", 9, "f", **join("", "m.s", instance="i1"))
    described("static", "m.s")
    k.step("members/static is deleted", "DeleteGroups", 2, GroupsNames=["m.s"])
    k.step("members/static leaves by name", "LeaveGroup", 5, GroupId="m.s", Members=[{"MemberId": "", "GroupInstanceId": "i1"}])
    described("static, left", "m.s")


def sideways(k):
    """Transactions: batched adds as brokers send them, versions from the second way of KIP-890 on, and wrong orders."""
    make(k, topic("sw", 3))
    k.until(lambda answer: answer["Coordinators"][0]["ErrorCode"] == 0, "FindCoordinator", 4, KeyType=1, CoordinatorKeys=["sw.t"])
    k.until(lambda answer: answer["Coordinators"][0]["ErrorCode"] == 0, "FindCoordinator", 4, KeyType=0, CoordinatorKeys=["sw.g"])
    k.until(lambda answer: answer["Groups"][0]["ErrorCode"] in (0, 69), "DescribeGroups", 5, Groups=["sw.g"])
    k.until(lambda answer: answer["ErrorCode"] == 0, "InitProducerId", 4, TransactionalId="sw.warm", TransactionTimeoutMs=60_000)
    k.ask("InitProducerId", 5, TransactionalId="sw.t", TransactionTimeoutMs=60_000)  # so that there is an epoch before
    made = k.step("sideways/init", "InitProducerId", 5, TransactionalId="sw.t", TransactionTimeoutMs=60_000)
    pid, epoch = made["ProducerId"], made["ProducerEpoch"]
    asked = {"TransactionalId": "sw.t", "ProducerId": pid, "ProducerEpoch": epoch}

    def add(title, version=4, verify=False, name="sw", partitions=(0,), **change):
        k.step(f"sideways/add: {title}", "AddPartitionsToTxn", version, Transactions=[
            asked | change | {"VerifyOnly": verify, "Topics": [{"Name": name, "Partitions": list(partitions)}]}])

    for version in (4, 5):
        add(f"verified before, version {version}", version, True)
        add(f"unknown topic, version {version}", version, name="sw.none")
        add(f"wrong partition, version {version}", version, partitions=(0, 9))
        add(f"nobody, version {version}", version, TransactionalId="sw.none")
        add(f"another producer, version {version}", version, ProducerId=777)
        add(f"older epoch, version {version}", version, ProducerEpoch=epoch - 1)
        add(f"younger epoch, version {version}", version, ProducerEpoch=epoch + 1)
        add(f"good, version {version}", version, partitions=(version - 4,))
        add(f"verified after, version {version}", version, True, partitions=(version - 4,))
        add(f"verified, not added, version {version}", version, True, partitions=(2,))
    k.step("sideways/add: two at once", "AddPartitionsToTxn", 4, Transactions=[
        asked | {"VerifyOnly": False, "Topics": [{"Name": "sw", "Partitions": [0]}]},
        {"TransactionalId": "sw.none", "ProducerId": 1, "ProducerEpoch": 0, "VerifyOnly": False, "Topics": [{"Name": "sw", "Partitions": [0]}]}])
    k.step("sideways/described", "DescribeTransactions", 0, TransactionalIds=["sw.t"])
    now = int(time.time() * 1000)

    def send(title, sequence, version, partition=0, producer=pid, at=epoch, txn="sw.t"):
        data = batch([b"a"], producer=producer, epoch=at, sequence=sequence, transactional=True, timestamp=now)
        k.step(f"sideways/produce: {title}", "Produce", version, **produced("sw", data, partition, version=version, txn=txn))

    send("added", 0, 11)
    send("not added, first way", 0, 11, 2)
    send("not added, second way", 0, 12, 2)
    send("wrong sequence", 7, 12)
    send("older epoch", 0, 12, at=epoch - 1)
    send("younger epoch", 0, 12, at=epoch + 1)
    send("another id", 0, 12, producer=pid + 1000)
    k.step("sideways/offsets, first way, group not added", "TxnOffsetCommit", 4, **asked, GroupId="sw.g", Topics=[
        {"Name": "sw", "Partitions": [{"PartitionIndex": 0, "CommittedOffset": 4, "CommittedMetadata": "m"}]}])
    k.step("sideways/offsets, second way", "TxnOffsetCommit", 5, **asked, GroupId="sw.g", Topics=[
        {"Name": "sw", "Partitions": [{"PartitionIndex": 0, "CommittedOffset": 4, "CommittedMetadata": "m"}]}])
    k.step("sideways/offsets, second way, old epoch", "TxnOffsetCommit", 5, **(asked | {"ProducerEpoch": epoch - 1}), GroupId="sw.g", Topics=[
        {"Name": "sw", "Partitions": [{"PartitionIndex": 0, "CommittedOffset": 4, "CommittedMetadata": "m"}]}])
    k.step("sideways/group added, version 4", "AddOffsetsToTxn", 4, **asked, GroupId="sw.g")
    k.step("sideways/end, younger epoch", "EndTxn", 5, **(asked | {"ProducerEpoch": epoch + 1}), Committed=True)
    ended = k.step("sideways/end", "EndTxn", 5, **asked, Committed=True)
    k.until(lambda answer: answer["TransactionStates"][0]["TransactionState"].startswith("Complete"), "DescribeTransactions", 0, TransactionalIds=["sw.t"])
    k.step("sideways/end again, the other way", "EndTxn", 5, **asked, Committed=False)
    later = {"ProducerId": ended.get("ProducerId", 0), "ProducerEpoch": ended.get("ProducerEpoch", 0)}
    k.step("sideways/offsets to nothing", "OffsetFetch", 7, GroupId="sw.g", Topics=None, RequireStable=True)
    send("after its end, old epoch", 1, 12)
    send("after its end", 0, 12, at=later["ProducerEpoch"])
    k.step("sideways/aborted", "EndTxn", 5, TransactionalId="sw.t", **later, Committed=False)
    for version in range(4, 6):
        k.step(f"sideways/init again, version {version}", "InitProducerId", version, TransactionalId="sw.again", TransactionTimeoutMs=60_000)


def refused(k):
    """What a broker without users or other folders says to those who want them."""
    for version in range(2):
        k.step(f"refused/handshake, version {version}", "SaslHandshake", version, f"sasl{version}", Mechanism="PLAIN")
    for version in range(3):
        k.step(f"refused/authenticate, version {version}", "SaslAuthenticate", version, f"auth{version}", AuthBytes=b"\0a\0b")
    make(k, topic("rf"))
    k.until(lambda answer: len(answer["Results"][0]["Topics"]) == 1, "DescribeLogDirs", 4, Topics=[{"Topic": "rf", "Partitions": [0]}])
    for version in range(1, 3):
        for title, name, partition in [("known", "rf", 0), ("wrong partition", "rf", 9), ("unknown", "rf.none", 0)]:
            k.step(f"refused/folder of {title}, version {version}", "AlterReplicaLogDirs", version, Dirs=[
                {"Path": "/nowhere", "Topics": [{"Name": name, "Partitions": [partition]}]}])
