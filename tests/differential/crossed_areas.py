"""Transactions that are met in the middle: by plain batches of their own producer, by whoever takes their id, by those who name
another id than theirs, and by requests that name nothing at all.
A step's title is its name in docs/reference/differences.md."""
import time

from asking import make, produced, topic
from batches import batch
from group_areas import completed


class Owner:
    """One transactional id with its producer, on a topic of its own."""

    def __init__(self, k, name, version=2, partitions=3):
        self.k, self.name, self.topic, self.version = k, name, f"{name}.t", version
        make(k, topic(self.topic, partitions))
        k.until(lambda answer: answer["Coordinators"][0]["ErrorCode"] == 0, "FindCoordinator", 4, KeyType=1, CoordinatorKeys=[name])
        k.ask("InitProducerId", 5, TransactionalId=name, TransactionTimeoutMs=60_000)  # so that there is an epoch before
        made = k.until(lambda answer: answer["ErrorCode"] == 0, "InitProducerId", 5, TransactionalId=name, TransactionTimeoutMs=60_000)
        self.id, self.epoch = made["ProducerId"], made["ProducerEpoch"]

    def me(self, **change):
        return {"TransactionalId": self.name, "ProducerId": self.id, "ProducerEpoch": self.epoch} | change

    def add(self, partition=0):
        self.k.until(lambda answer: answer["ResultsByTopicV3AndBelow"][0]["ResultsByPartition"][0]["PartitionErrorCode"] == 0,
                     "AddPartitionsToTxn", 3, V3AndBelowTopics=[{"Name": self.topic, "Partitions": [partition]}],
                     **{f"V3AndBelow{field}": value for field, value in self.me().items()})

    def begin(self):
        """A batch in the open transaction, sequence 0, partition 0."""
        if self.version == 1:
            self.add()
        self.send("begun", 0)

    def send(self, title, sequence, partition=0, version=None, epoch=None, transactional=True, txn=None, values=(b"a",)):
        version = version or (12 if self.version == 2 else 11)
        data = batch(list(values), producer=self.id, epoch=self.epoch if epoch is None else epoch, sequence=sequence,
                     transactional=transactional, timestamp=int(time.time() * 1000))
        self.k.step(f"crossed/{self.name}: {title}", "Produce", version,
                    **produced(self.topic, data, partition, version=version, txn=(txn or self.name) if transactional else txn))

    def end(self, title, committed=True, **change):
        return self.k.step(f"crossed/{self.name}: {title}", "EndTxn", 5 if self.version == 2 else 3, **self.me(**change), Committed=committed)

    def init(self, title, **change):
        return self.k.final(f"crossed/{self.name}: {title}", "InitProducerId", 5, TransactionTimeoutMs=60_000,
                            **({"TransactionalId": self.name} | change))

    def described(self, title):
        self.k.step(f"crossed/{self.name}: described, {title}", "DescribeTransactions", 0, TransactionalIds=[self.name])


def plain_batches(k):
    for name, version in (("plain.1", 1), ("plain.2", 2)):
        owner = Owner(k, name, version)
        owner.begin()
        for produce in (9, 12):
            def plain(title, *arguments, **more):
                owner.send(f"{title}, version {produce}", *arguments, version=produce, transactional=False, **more)
            plain("plain, a gap before it", 7)
            plain("plain, in order", 1)
            plain("plain, in order and named", 1, txn=name)
            plain("plain, again what is in the transaction", 0)
            plain("plain, older epoch", 1, epoch=owner.epoch - 1)
            plain("plain, next epoch from the start", 0, epoch=owner.epoch + 1)
            plain("plain, next epoch", 1, epoch=owner.epoch + 1)
        owner.send("plain elsewhere", 0, 1, transactional=False)
        owner.send("in the transaction behind it", 1, 1)
        owner.send("goes on", 1)
        owner.send("a gap", 7)
        owner.end("committed")


def first_batches(k):
    """Of a partition that knows nothing of the producer."""
    for name, version in (("first.1", 1), ("first.2", 2)):
        owner = Owner(k, name, version)
        if version == 1:
            owner.add()
        owner.send("not from 0", 5)
        owner.send("behind it", 6)
        owner.send("from 0", 0)
        owner.send("behind what was refused", 1)
        owner.end("aborted", False)


def taken_over(k):
    """InitProducerId over an open transaction, as the last answer of a client that asks again while it is told 51."""
    for version in (1, 2):
        for case, change in [("own", lambda owner: owner.me()), ("fresh", lambda owner: {}),
                             ("older", lambda owner: owner.me(ProducerEpoch=owner.epoch - 1)),
                             ("younger", lambda owner: owner.me(ProducerEpoch=owner.epoch + 1)),
                             ("foreign", lambda owner: owner.me(ProducerId=owner.id + 1000))]:
            owner = Owner(k, f"taken.{case}.{version}", version)
            owner.begin()
            owner.init("taken", **change(owner))
            owner.described("after that")
            owner.send("goes on", 1)
            owner.send("again", 0)
            owner.end("ended")
            owner.init("asks for its own again", **owner.me())
            owner.init("anew")


def wrong_ids(k):
    """The batch is of one transactional id, the request names another."""
    for version in (1, 2):
        owner, other = Owner(k, f"named.{version}", version), Owner(k, f"other.{version}", version)
        owner.begin()
        for name, whose in ((other.name, "another's"), ("nobody", "nobody's")):
            owner.send(f"again, {whose} id", 0, txn=name)
            owner.send(f"next, {whose} id", 1, txn=name)
            owner.send(f"elsewhere, {whose} id", 0, 1, txn=name)
        owner.send("elsewhere", 0, 2)
        owner.end("committed")
        completed(k, owner.name)
        owner.send("again, another's id, ended", 0, txn=other.name)
        owner.described("at the end")
        other.described("at the end")


def nothing_added(k):
    for version in range(4):
        owner = Owner(k, f"nothing.{version}", 1)
        asked = {f"V3AndBelow{field}": value for field, value in owner.me().items()}
        k.step(f"crossed/nothing added, version {version}", "AddPartitionsToTxn", version, **asked, V3AndBelowTopics=[])
        owner.described("no topics")
        k.step(f"crossed/no partitions added, version {version}", "AddPartitionsToTxn", version, **asked,
               V3AndBelowTopics=[{"Name": owner.topic, "Partitions": []}])
        k.step(f"crossed/nothing added by another, version {version}", "AddPartitionsToTxn", version,
               **(asked | {"V3AndBelowProducerEpoch": owner.epoch - 1}), V3AndBelowTopics=[])
        owner.end("ended")
    for version in (4, 5):
        owner = Owner(k, f"nothing.{version}")
        for verify in (True, False):
            for title, topics in (("nothing", []), ("no partitions", [{"Name": owner.topic, "Partitions": []}])):
                k.step(f"crossed/{title} {'verified' if verify else 'added'}, version {version}", "AddPartitionsToTxn", version,
                       Transactions=[owner.me(VerifyOnly=verify, Topics=topics)])
        owner.described("no topics")
        owner.end("ended")
        k.silence(f"crossed/no transactions, version {version}", "AddPartitionsToTxn", version, Transactions=[])


AREAS = [plain_batches, first_batches, taken_over, wrong_ids, nothing_added]
