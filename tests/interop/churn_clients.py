"""Many members that come and go while records are written: no partition ever has two owners, every record is read once.

Fifty members live in threads of this process, so that one table can say who owns what at any moment. Nobody dies here (see
group_clients.py for that): who leaves commits what it has read, so that no record is read twice."""
import random
import threading
import time

from python_environment import enter_environment
from serving import expect, main

enter_environment()
import confluent_kafka  # noqa: E402
import confluent_kafka.admin  # noqa: E402

MEMBERS, PARTITIONS, LEAVERS, WAVES = 50, 60, 15, 3
PATIENCE = 120
IN_A_REBALANCE = {confluent_kafka.KafkaError.ILLEGAL_GENERATION, confluent_kafka.KafkaError.REBALANCE_IN_PROGRESS}


class Table:
    """Who owns which partition, and who has read what. What must not be is kept for the end: callbacks swallow exceptions."""

    def __init__(self, cooperative):
        self.cooperative = cooperative
        self.lock, self.owners, self.read, self.faults, self.changes = threading.Lock(), {}, {}, [], 0
        self.uncommitted = set()  # partitions that changed hands without a commit

    def take(self, name, partitions):
        with self.lock:
            self.changes += 1
            for partition in partitions:
                if partition in self.owners:
                    self.faults.append(f"{name} gets {partition}, which {self.owners[partition]} still has")
                self.owners[partition] = name

    def not_committed(self, name, partitions, error):
        """A cooperative member gives up partitions in the middle of a rebalance, when another may have begun already: Kafka too
        refuses its commit then. An eager one gives them up before it joins."""
        with self.lock:
            if error.code() not in IN_A_REBALANCE or not self.cooperative:
                self.faults.append(f"{name} cannot commit: {error}")
            self.uncommitted.update(partitions)

    def give(self, name, partitions):
        with self.lock:
            for partition in partitions:
                if self.owners.get(partition) == name:
                    del self.owners[partition]

    def saw(self, name, message):
        with self.lock:
            place = (message.partition(), message.offset())
            if self.owners.get(message.partition()) != name:
                self.faults.append(f"{name} reads {place}, which it does not own")
            if place in self.read and message.partition() not in self.uncommitted:
                self.faults.append(f"{name} reads {place} again, after {self.read[place][0]}")
            self.read[place] = (name, int(message.value()))

    def fault(self, text):
        with self.lock:
            self.faults.append(text)

    def check(self):
        with self.lock:
            expect("faults", self.faults[:3], [])


class Member:
    def __init__(self, served, table, name, strategy):
        self.table, self.name, self.leave = table, name, threading.Event()
        self.consumer = confluent_kafka.Consumer({
            "bootstrap.servers": served.address, "group.id": strategy, "client.id": name, "auto.offset.reset": "earliest",
            "enable.auto.commit": False, "enable.auto.offset.store": False, "session.timeout.ms": 60_000,
            "heartbeat.interval.ms": 300, "fetch.wait.max.ms": 100, "partition.assignment.strategy": strategy})
        self.consumer.subscribe([strategy], on_assign=self.assigned, on_revoke=self.revoked, on_lost=self.lost)
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def assigned(self, _, partitions):
        self.table.take(self.name, [p.partition for p in partitions])

    def revoked(self, consumer, partitions):
        try:
            consumer.commit(asynchronous=False)
        except confluent_kafka.KafkaException as error:
            if error.args[0].code() != confluent_kafka.KafkaError._NO_OFFSET:
                self.table.not_committed(self.name, [p.partition for p in partitions], error.args[0])
        self.table.give(self.name, [p.partition for p in partitions])

    def lost(self, _, partitions):
        self.table.fault(f"{self.name} has lost {len(partitions)} partitions")
        self.table.give(self.name, [p.partition for p in partitions])

    def run(self):
        while not self.leave.is_set():
            message = self.consumer.poll(0.1)
            if message is None:
                continue
            if message.error():
                self.table.fault(f"{self.name}: {message.error()}")
                continue
            self.table.saw(self.name, message)
            self.consumer.store_offsets(message)
        self.consumer.close()


class Writer:
    """Writes numbers round the partitions until it is told to stop."""

    def __init__(self, served, topic):
        self.producer = confluent_kafka.Producer({"bootstrap.servers": served.address, "linger.ms": 5})
        self.topic, self.next, self.enough = topic, 0, threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while not self.enough.is_set():
            for _ in range(PARTITIONS):
                self.producer.produce(self.topic, str(self.next), partition=self.next % PARTITIONS)
                self.next += 1
            self.producer.poll(0)
            self.enough.wait(0.02)
        expect("unsent", self.producer.flush(PATIENCE), 0)


def wait(what, table, done):
    end = time.monotonic() + PATIENCE
    while not done():
        table.check()
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not in {PATIENCE} s; {len(table.owners)} partitions have owners, {len(table.read)} records are read")
        time.sleep(0.02)


def churn(served, strategy):
    admin = confluent_kafka.admin.AdminClient({"bootstrap.servers": served.address})
    admin.create_topics([confluent_kafka.admin.NewTopic(strategy, PARTITIONS, 1)])[strategy].result(30)
    table, chance, count = Table(strategy.startswith("cooperative")), random.Random(7), 0
    members, leaving = [], []
    writer = Writer(served, strategy)

    def settled():
        with table.lock:
            return len(table.owners) == PARTITIONS and set(table.owners.values()) == {m.name for m in members}

    try:
        for wave in range(WAVES + 1):
            gone = chance.sample(members, LEAVERS) if members else []
            leaving += gone
            members = [m for m in members if m not in gone]
            while gone or len(members) < MEMBERS:  # one by one, so that they meet rebalances at every stage
                if gone:
                    gone.pop().leave.set()
                if len(members) < MEMBERS:
                    members.append(Member(served, table, f"member-{count}", strategy))
                    count += 1
                writer.enough.wait(chance.random() * 0.1 if wave else 0)
            wait(f"wave {wave} has settled", table, settled)
        writer.enough.set()
        writer.thread.join()
        wait("everything is read", table, lambda: len(table.read) == writer.next)
        expect("values", sorted(value for _, value in table.read.values()), list(range(writer.next)))
    finally:
        writer.enough.set()
        for member in members + leaving:
            member.leave.set()
        for member in members + leaving:
            member.thread.join()
    table.check()
    print(f"  {strategy}: {count} members in {WAVES + 1} waves, {table.changes} assignments, {writer.next} records, {len(table.uncommitted)} partitions "
          "given up without a commit", flush=True)


def eager_members_come_and_go(served):
    churn(served, "range")


def cooperative_members_come_and_go(served):
    churn(served, "cooperative-sticky")


main([eager_members_come_and_go, cooperative_members_come_and_go])
