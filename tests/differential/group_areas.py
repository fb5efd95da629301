"""Groups, their offsets, transactions. A step's title is its name in docs/reference/differences.md."""
import time

from asking import fill, WRONG_ID, topic, make, produced, fetched
from batches import batch


def groups(k):
    k.until(lambda answer: answer["Coordinators"][0]["ErrorCode"] == 0, "FindCoordinator", 4, KeyType=0,
            CoordinatorKeys=["g"])
    k.until(lambda answer: answer["ErrorCode"] == 0, "ListGroups", 4)
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
    k.until(lambda answer: answer["ErrorCode"] == 0, "InitProducerId", 4, TransactionalId="x.first",
            TransactionTimeoutMs=60_000)  # Kafka's coordinator reads its topic first
    k.step("txn/coordinator", "FindCoordinator", 4, KeyType=1, CoordinatorKeys=["x.t"])

    fill(k, "x", batch([b"first"], timestamp=int(time.time() * 1000)))

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
                     sequence=sequence, transactional=True, timestamp=int(time.time() * 1000))
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
    stable(k, "x", 4)
    completed(k, "x.t")
    k.step("txn/end: again", "EndTxn", 3, **me, Committed=True)
    k.step("txn/end: the other way", "EndTxn", 3, **me, Committed=False)
    k.step("txn/fetch: committed", "Fetch", 12, **fetched("x", isolation=1))
    k.until(lambda answer: answer["ErrorCode"] == 0 and answer["Topics"] and answer["Topics"][0]["Partitions"][0]["ErrorCode"] == 0,
            "OffsetFetch", 7, GroupId="x.g", Topics=None, RequireStable=True)
    k.step("txn/offsets fetched", "OffsetFetch", 7, GroupId="x.g", Topics=None)
    add("second")
    send("second", 2)
    k.step("txn/aborted", "EndTxn", 3, **me, Committed=False)
    stable(k, "x", 7)
    completed(k, "x.t")
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
    completed(k, "x.two")
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


def completed(k, transactional_id):
    k.until(lambda answer: answer["TransactionStates"][0]["TransactionState"].startswith("Complete"),
            "DescribeTransactions", 0, TransactionalIds=[transactional_id])
