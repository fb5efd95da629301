"""Groups: consumers of librdkafka and kafka-python that share, die and come back."""
import pathlib
import queue
import subprocess
import sys
import threading
import time

from python_environment import enter_environment

enter_environment()

import confluent_kafka  # noqa: E402
import confluent_kafka.admin  # noqa: E402
import kafka  # noqa: E402

from serving import expect, main  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
PATIENCE = 60


class Member:
    """A consumer in a process of its own."""

    def __init__(self, served, group, topic, name, *settings):
        self.process = subprocess.Popen([sys.executable, str(HERE / "group_members.py"), served.address, group, topic, name, *settings],
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.lines = queue.Queue()
        self.records, self.assignment = [], None
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            self.lines.put(line.split())

    def until(self, what, done):
        """Takes in what it says until `done`."""
        end = time.monotonic() + PATIENCE
        while not done():
            left = end - time.monotonic()
            if left <= 0:
                raise AssertionError(f"{what}: not within {PATIENCE} s; it has {self.assignment}, {len(self.records)} records")
            try:
                self.take(self.lines.get(timeout=min(left, 0.5)))
            except queue.Empty:
                continue

    def take(self, words):
        if words[0] == "assigned":
            self.assignment = [int(w) for w in words[1:]]
        elif words[0] == "revoked":
            self.assignment = None
        else:
            self.records.append((int(words[0]), int(words[1]), words[2]))

    def drain(self):
        while not self.lines.empty():
            self.take(self.lines.get())

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.drain()


def create(served, topic, partitions):
    admin = confluent_kafka.admin.AdminClient({"bootstrap.servers": served.address})
    admin.create_topics([confluent_kafka.admin.NewTopic(topic, partitions, 1)])[topic].result(30)
    return admin


class Writer:
    """Writes numbers, round the partitions, and remembers which were acknowledged."""

    def __init__(self, served, topic, partitions):
        self.producer = confluent_kafka.Producer({"bootstrap.servers": served.address, "linger.ms": 5, "enable.idempotence": True})
        self.topic, self.partitions, self.next, self.written = topic, partitions, 0, []

    def write(self, count):
        for _ in range(count):
            self.producer.produce(self.topic, str(self.next), partition=self.next % self.partitions, callback=self.acknowledged)
            self.next += 1
            self.producer.poll(0)
        expect("unsent", self.producer.flush(PATIENCE), 0)

    def acknowledged(self, error, message):
        expect("error of a write", error, None)
        self.written.append((message.partition(), message.offset(), message.value().decode()))


def all_of(members):
    return sorted(set(r for m in members for r in m.records))


def wait_for_all(writer, members):
    end = time.monotonic() + PATIENCE
    while all_of(members) != sorted(writer.written):
        if time.monotonic() > end:
            expect("records that the group has seen", all_of(members), sorted(writer.written))
        for member in members:
            member.drain()
        time.sleep(0.02)


def two_consumers_share_and_survive_each_other_and_the_broker(served):
    create(served, "shared", 4)
    writer = Writer(served, "shared", 4)
    one, two = Member(served, "sharers", "shared", "one"), Member(served, "sharers", "shared", "two")
    try:
        for member in (one, two):
            member.until("half of the partitions", lambda m=member: m.assignment is not None and len(m.assignment) == 2)
        writer.write(2000)
        wait_for_all(writer, [one, two])
        assert one.records and two.records, "one of them read nothing"
        expect("doubles while nothing happens", len(one.records) + len(two.records), 2000)

        one.kill()
        two.until("everything, after the other's death", lambda: two.assignment == [0, 1, 2, 3])
        writer.write(1000)
        wait_for_all(writer, [one, two])

        served.kill()
        served.start()
        writer.write(1000)
        wait_for_all(writer, [one, two])
        three = Member(served, "sharers", "shared", "three")
        three.until("a part, after the restart", lambda: three.assignment is not None and len(three.assignment) == 2)
        writer.write(1000)
        wait_for_all(writer, [one, two, three])
        three.kill()
        expect("what was written is what was numbered", sorted(int(v) for _, _, v in writer.written), list(range(5000)))
    finally:
        one.kill()
        two.kill()


def a_restart_of_the_broker_is_no_rebalance(served):
    create(served, "steady", 2)
    writer = Writer(served, "steady", 2)
    member = Member(served, "steadies", "steady", "one", "session.timeout.ms=30000")
    try:
        member.until("everything", lambda: member.assignment == [0, 1])
        writer.write(10)
        wait_for_all(writer, [member])
        member.assignment = "unchanged"
        served.kill()
        served.start()
        writer.write(10)
        wait_for_all(writer, [member])
        expect("assignment", member.assignment, "unchanged")
    finally:
        member.kill()


def cooperative_and_static_members(served):
    create(served, "coop", 4)
    writer = Writer(served, "coop", 4)
    cooperative = "partition.assignment.strategy=cooperative-sticky"
    one = Member(served, "coops", "coop", "one", cooperative, "group.instance.id=i1", "session.timeout.ms=45000")
    two = again = None
    try:
        one.until("all", lambda: one.assignment == [0, 1, 2, 3])
        two = Member(served, "coops", "coop", "two", cooperative, "group.instance.id=i2", "session.timeout.ms=45000")
        two.until("half", lambda: two.assignment is not None and len(two.assignment) == 2)
        writer.write(400)
        wait_for_all(writer, [one, two])
        part = two.assignment
        two.kill()
        again = Member(served, "coops", "coop", "again", cooperative, "group.instance.id=i2", "session.timeout.ms=45000")
        again.until("its part again, long before the session is over", lambda: again.assignment == part)
        writer.write(400)
        wait_for_all(writer, [one, two, again])
    finally:
        for member in (one, two, again):
            if member:
                member.kill()


def kafka_python_members_share(served):
    create(served, "pure", 4)
    settings = dict(bootstrap_servers=served.address, group_id="pures", auto_offset_reset="earliest", enable_auto_commit=False,
                    session_timeout_ms=10_000, heartbeat_interval_ms=500, max_poll_interval_ms=10_000)
    one, two = kafka.KafkaConsumer("pure", **settings), kafka.KafkaConsumer("pure", **settings)
    read = {}
    writer = Writer(served, "pure", 4)
    writer.write(400)
    end = time.monotonic() + PATIENCE

    def shared():
        """Each has its half, and has come to its end: one may have read all of it before the other was there."""
        return all(len(consumer.assignment()) == 2 for consumer in (one, two)) and \
            sum(consumer.position(part) for consumer in (one, two) for part in consumer.assignment()) == 400

    while not shared():
        assert time.monotonic() < end, (one.assignment(), two.assignment(), len(read))
        for consumer in (one, two):
            for records in consumer.poll(timeout_ms=100).values():
                read.update({r.value.decode(): (r.partition, r.offset) for r in records})
    expect("values", sorted(map(int, read)), list(range(400)))
    for consumer in (one, two):
        consumer.commit()
    expect("committed", sum(one.committed(kafka.TopicPartition("pure", p)) for p in range(4)), 400)
    one.close()
    two.close()


main([two_consumers_share_and_survive_each_other_and_the_broker, a_restart_of_the_broker_is_no_rebalance,
      cooperative_and_static_members, kafka_python_members_share])
