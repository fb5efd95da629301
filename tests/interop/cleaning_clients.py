"""Retention and compaction as clients see them, and that a restart changes nothing of it."""
import time

from python_environment import enter_environment

enter_environment()

import confluent_kafka  # noqa: E402
import confluent_kafka.admin  # noqa: E402

from serving import expect, main  # noqa: E402


def create(served, topic, config):
    admin = confluent_kafka.admin.AdminClient({"bootstrap.servers": served.address})
    for future in admin.create_topics([confluent_kafka.admin.NewTopic(topic, 1, 1, config=config)]).values():
        future.result(20)


def produce(served, topic, records):
    """Pairs of key and value, one batch each."""
    producer = confluent_kafka.Producer({"bootstrap.servers": served.address})
    for key, value in records:
        producer.produce(topic, key=key, value=value, partition=0)
        expect("left unsent", producer.flush(30), 0)


def consumer_of(served, **settings):
    return confluent_kafka.Consumer({"bootstrap.servers": served.address, "group.id": "cleaning",
                                     "enable.auto.commit": False, **settings})


def ends(served, topic):
    consumer = consumer_of(served)
    try:
        return consumer.get_watermark_offsets(confluent_kafka.TopicPartition(topic, 0), 10)
    finally:
        consumer.close()


def read(served, topic, offset=0):
    """All (offset, key, value) from there to the end."""
    end = ends(served, topic)[1]
    consumer = consumer_of(served, **{"enable.partition.eof": True})
    consumer.assign([confluent_kafka.TopicPartition(topic, 0, offset)])
    found = []
    while True:
        message = consumer.poll(20)
        if message is None:
            raise AssertionError(f"{topic}: the end {end} was never reached")
        if message.error() and message.error().code() == confluent_kafka.KafkaError._PARTITION_EOF:
            break
        if message.error():
            raise AssertionError(message.error())
        found.append((message.offset(), message.key(), message.value()))
    consumer.close()
    return found


def wait_until(what, found, wanted, seconds=30):
    """Kafka's own timers would take minutes; ours act within 15 s of being due."""
    deadline = time.monotonic() + seconds
    while found() != wanted:
        if time.monotonic() > deadline:
            expect(what, found(), wanted)
        time.sleep(0.2)


def what_is_too_old_goes_and_stays_gone(served):
    create(served, "aged", {"retention.ms": "1000", "segment.ms": "100"})
    produce(served, "aged", [(None, b"old %d" % i) for i in range(5)])
    wait_until("start and end", lambda: ends(served, "aged"), (5, 5))
    served.kill()
    served.start()
    expect("after a restart", ends(served, "aged"), (5, 5))
    consumer = consumer_of(served, **{"auto.offset.reset": "error"})
    consumer.assign([confluent_kafka.TopicPartition("aged", 0, 2)])
    message = consumer.poll(20)
    expect("a read of what is gone", message.error().code(), confluent_kafka.KafkaError._AUTO_OFFSET_RESET)
    consumer.close()
    produce(served, "aged", [(None, b"young")])
    expect("what came since", read(served, "aged", 5), [(5, None, b"young")])


def what_is_too_much_goes_from_the_front(served):
    create(served, "bounded", {"retention.bytes": "100000", "segment.bytes": "20000"})
    produce(served, "bounded", [(None, b"%05d" % i + bytes(9995)) for i in range(30)])
    wait_until("end", lambda: ends(served, "bounded")[0] > 15, True)
    start, end = ends(served, "bounded")
    expect("kept at least what was asked for", (end, (end - start) * 10_000 >= 90_000), (30, True))
    expect("what is left", [value[:5] for _, _, value in read(served, "bounded", start)],
           [b"%05d" % i for i in range(start, 30)])
    served.stop()
    served.start()
    expect("after a restart", ends(served, "bounded"), (start, end))


def a_lowered_retention_empties_a_topic(served):
    create(served, "purged", {})
    produce(served, "purged", [(None, b"%d" % i) for i in range(3)])
    admin = confluent_kafka.admin.AdminClient({"bootstrap.servers": served.address})
    resource = confluent_kafka.admin.ConfigResource("topic", "purged", incremental_configs=[
        confluent_kafka.admin.ConfigEntry("retention.ms", "100",
                                          incremental_operation=confluent_kafka.admin.AlterConfigOpType.SET)])
    for future in admin.incremental_alter_configs([resource]).values():
        future.result(20)
    wait_until("start and end", lambda: ends(served, "purged"), (3, 3))


def compaction_leaves_the_last_values(served):
    create(served, "compacted", {"cleanup.policy": "compact", "segment.ms": "100", "min.cleanable.dirty.ratio": "0.01",
                                 "delete.retention.ms": "100"})
    produce(served, "compacted", [(b"k%d" % (i % 4), b"v%d" % i) for i in range(40)] + [(b"k0", None)])
    last = [(b"k1", b"v37"), (b"k2", b"v38"), (b"k3", b"v39")]
    wait_until("what is left", lambda: [(key, value) for _, key, value in read(served, "compacted")], last, 60)
    expect("offsets are as they were", [offset for offset, _, _ in read(served, "compacted")], [37, 38, 39])
    expect("ends", ends(served, "compacted"), (0, 41))
    served.kill()
    served.start()
    expect("after a restart", [(key, value) for _, key, value in read(served, "compacted")], last)
    produce(served, "compacted", [(b"k1", b"newer")])
    expect("what came since", read(served, "compacted", 41), [(41, b"k1", b"newer")])
    wait_until("what is left then", lambda: [(key, value) for _, key, value in read(served, "compacted")],
               last[1:] + [(b"k1", b"newer")], 60)
    served.stop()
    served.start()
    expect("after a clean stop", read(served, "compacted"),
           [(38, b"k2", b"v38"), (39, b"k3", b"v39"), (41, b"k1", b"newer")])


main([compaction_leaves_the_last_values, what_is_too_old_goes_and_stays_gone, what_is_too_much_goes_from_the_front, a_lowered_retention_empties_a_topic])
