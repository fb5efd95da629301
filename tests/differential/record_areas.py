"""Records: produce, fetch, offsets. A step's title is its name in docs/reference/differences.md."""
from asking import fill, NO_ID, WRONG_ID, topic, make, produced, fetched
from batches import batch


def produce(k):
    make(k, topic("p", 2), topic("p.twice"), topic("p.compact", configs=[("cleanup.policy", "compact")]),
         topic("p.small", configs=[("max.message.bytes", "200")]),
         topic("p.plain", configs=[("compression.type", "uncompressed"), ("max.message.bytes", "400")]),
         topic("p.stamped", configs=[("message.timestamp.type", "LogAppendTime")]),
         topic("p.recent", configs=[("message.timestamp.before.max.ms", "1000")]))
    for name in ("p", "p.compact", "p.small", "p.plain", "p.stamped"):
        fill(k, name, batch([b"first"]))
    for version in range(14):
        k.step(f"produce/version {version}", "Produce", version, f"v{version}",
               **produced("p", batch([b"a", b"b"]), version=version, ids=k.ids))
    good = batch([b"a", b"b"])
    cases = {
        "crc": batch([b"a"], bad_crc=True), "magic 0": batch([b"a"], magic=0), "magic 1": batch([b"a"], magic=1),
        "magic 3": batch([b"a"], magic=3), "magic -1": batch([b"a"], magic=-1), "empty": b"", "two batches": good + good,
        "cut short": good[:-3], "header cut short": good[:40], "ten bytes": good[:10],
        "base offset": batch([b"a"], base_offset=5), "count low": batch([b"a", b"b"], count=1, last_delta=0),
        "count high": batch([b"a", b"b"], count=3, last_delta=2), "count without delta": batch([b"a"], last_delta=4),
        "no records": batch([]), "control": batch([b"a"], attributes=32),
        "count zero": batch([b"a"], count=0),
        "no sequence": batch([b"a"], producer=5, epoch=0),
       
        "compressed": batch([b"a", b"b"], compress=True),
        "no time": batch([b"a"], timestamp=-1),
        "in 100 years": batch([b"a"], timestamp=4_800_000_000_000),
        "null key": batch([b"a"], keys=[None]), "null value": batch([None]),
    }
    # What only one of the two takes goes to topics of its own, so that offsets stay comparable.
    strange = {
        "left over": good + b"abc", "gaps in deltas": batch([b"a", b"b"], deltas=[0, 3]),
        "codec 5": batch([b"a"], attributes=5), "no epoch": batch([b"a"], producer=5, sequence=0),
        "stamped by the client": batch([b"a"], attributes=8), "negative time": batch([b"a"], timestamp=-5),
        "transactional without id": batch([b"a"], attributes=16), "compressed badly": batch([b"a"], attributes=1),
    }
    for title, data in strange.items():
        name = "p.strange." + title.replace(" ", "-")
        make(k, topic(name))
        k.step(f"produce/{title}", "Produce", 9, **produced(name, data))
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
        {"Name": "p.twice", "PartitionData": [{"Index": 0, "Records": good}, {"Index": 0, "Records": good}]}])
    k.step("produce/one good, one bad", "Produce", 9, Acks=-1, TimeoutMs=10_000, TopicData=[
        {"Name": "p", "PartitionData": [{"Index": 1, "Records": good}, {"Index": 5, "Records": good}]},
        {"Name": "p.none", "PartitionData": [{"Index": 0, "Records": good}]}])
    k.send("Produce", 9, "acks0", **produced("p", good, acks=0))
    k.step("produce/behind acks 0", "Metadata", 12, "acks0", Topics=[])
    k.send("Produce", 9, "acks0", **produced("p.none", good, acks=0))
    k.step("produce/behind a failed acks 0", "Metadata", 12, "acks0", Topics=[])
    k.step("produce/after all that", "Produce", 9, **produced("p", good))  # is on disk after the one with acks 0
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
    fill(k, "i", batch([b"first"]))
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
        fill(k, "f", batch([f"{i}a".encode(), f"{i}b".encode()]))
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
    fill(k, "s", batch([b"a"]))
    session = k.step("sessions/begun", "Fetch", 12, **fetched("s", epoch=0)).get("SessionId")
    more = {"MaxWaitMs": 0, "MaxBytes": 1 << 20, "SessionId": session}
    k.step("sessions/nothing new", "Fetch", 12, **more, SessionEpoch=1)
    fill(k, "s", batch([b"b"]))
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
        fill(k, "o", batch([b"a"], timestamp=time))
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
        fill(k, "d", batch([b"a", b"b"]))

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
