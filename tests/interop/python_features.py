"""What clients promise their users, by three Python clients: codecs, headers, nulls, large records, time, pauses, idempotence, transactions."""
import asyncio
import contextlib
import os
import random

from python_environment import enter_environment

enter_environment()

import aiokafka  # noqa: E402
import aiokafka.admin  # noqa: E402
import confluent_kafka  # noqa: E402
import confluent_kafka.admin  # noqa: E402
import kafka  # noqa: E402
import kafka.admin  # noqa: E402

from serving import expect, main  # noqa: E402

CODECS = [None, "gzip", "snappy", "lz4", "zstd"]
BEGIN_MS = 1_700_000_000_000  # the n-th record is n seconds younger
LARGE = 4 << 20
# (key, value, headers): nothing, the empty and the null are three things; a header's name may come twice.
RECORDS = [(b"k", b"v", [("a", b"1"), ("a", b"2"), ("empty", b"")]), (None, b"no key", []), (b"tombstone", None, []), (b"", b"", []),
           (b"large", random.Random(1).randbytes(LARGE), [("h", b"x" * 1000)]), *((b"k%d" % n, b"v" * n, []) for n in range(5, 200))]
KILLS, MANY = 3, 6000


def create(served, *topics, partitions=1):
    admin = confluent_kafka.admin.AdminClient({"bootstrap.servers": served.address})
    wanted = [confluent_kafka.admin.NewTopic(topic, partitions, 1, config={"max.message.bytes": str(2 * LARGE)}) for topic in topics]
    for future in admin.create_topics(wanted).values():
        future.result(30)


def moments():
    """The numbers of the records in front of which the broker is killed."""
    seed = int(os.environ.get("HOLDFAST_SEED") or random.randrange(1 << 32))
    print(f"seed {seed}", flush=True)
    return set(random.Random(seed).sample(range(100, MANY - 100), KILLS))


def restart(served):
    served.kill()
    served.start()


# ---- kafka-python

def pure_reader(served, topic, **settings):
    consumer = kafka.KafkaConsumer(bootstrap_servers=served.address, auto_offset_reset="earliest", enable_auto_commit=False,
                                   max_partition_fetch_bytes=LARGE // 4, **settings)
    parts = [kafka.TopicPartition(topic, number) for number in sorted(consumer.partitions_for_topic(topic))]
    consumer.assign(parts)
    consumer.seek_to_beginning(*parts)
    return consumer, parts


def pure_read(consumer, count):
    read = []
    while len(read) < count:
        for records in consumer.poll(timeout_ms=10_000).values():
            read += records
    return read


def kafka_python_every_codec_time_pause_and_deletion(served):
    create(served, *(f"f-{codec}" for codec in CODECS))
    for codec in CODECS:
        topic = f"f-{codec}"
        # One request at a time: with several, this client at times does not read the answer that follows a large request.
        producer = kafka.KafkaProducer(bootstrap_servers=served.address, compression_type=codec, max_request_size=2 * LARGE, linger_ms=20,
                                       max_in_flight_requests_per_connection=1)
        sent = [producer.send(topic, key=key, value=value, headers=headers, timestamp_ms=BEGIN_MS + n * 1000)
                for n, (key, value, headers) in enumerate(RECORDS)]
        expect("offsets", [one.get(60).offset for one in sent], list(range(len(RECORDS))))
        producer.close()
        consumer, parts = pure_reader(served, topic)
        read = pure_read(consumer, len(RECORDS))
        expect(topic, [(one.key, one.value, one.headers) for one in read], RECORDS)
        expect("times", [one.timestamp for one in read], [BEGIN_MS + n * 1000 for n in range(len(RECORDS))])
        found = consumer.offsets_for_times({parts[0]: BEGIN_MS + 7500})[parts[0]]
        expect("seek by time", (found.offset, found.timestamp), (8, BEGIN_MS + 8000))
        consumer.close()
    create(served, "pure-halves", partitions=2)
    producer = kafka.KafkaProducer(bootstrap_servers=served.address)
    for number in range(400):
        producer.send("pure-halves", value=b"%d" % number, partition=number % 2)
    producer.flush(60)
    producer.close()
    consumer, halves = pure_reader(served, "pure-halves")
    consumer.pause(halves[1])
    expect("one is paused", ({one.partition for one in pure_read(consumer, 200)}, consumer.paused()), ({0}, {halves[1]}))
    consumer.resume(halves[1])
    expect("the other goes on", [int(one.value) for one in pure_read(consumer, 200)], list(range(1, 400, 2)))
    consumer.close()
    admin = kafka.KafkaAdminClient(bootstrap_servers=served.address)
    admin.delete_records({parts[0]: 9})
    consumer, parts = pure_reader(served, topic)
    expect("first after deletion", pure_read(consumer, 1)[0].offset, 9)
    consumer.close()
    admin.close()


def kafka_python_is_idempotent_over_kill_9(served):
    create(served, "many")
    kills = moments()
    producer = kafka.KafkaProducer(bootstrap_servers=served.address, enable_idempotence=True, acks="all", retries=1000,
                                   retry_backoff_ms=50, delivery_timeout_ms=120_000, batch_size=2000)
    sent = []
    for number in range(MANY):
        sent.append(producer.send("many", value=b"%d" % number))
        if number in kills:
            restart(served)
    expect("offsets", [one.get(60).offset for one in sent], list(range(MANY)))
    producer.close()
    consumer, _ = pure_reader(served, "many")
    expect("values", [int(one.value) for one in pure_read(consumer, MANY)], list(range(MANY)))
    consumer.close()


def kafka_python_transactions(served):
    create(served, "tx")
    producer = kafka.KafkaProducer(bootstrap_servers=served.address, transactional_id="pure", acks="all", transaction_timeout_ms=20_000)
    producer.init_transactions()
    for begin, commit in ((0, True), (10, False), (20, True)):
        producer.begin_transaction()
        for number in range(begin, begin + 10):
            producer.send("tx", value=b"%d" % number)
        producer.flush(30)  # or an abort would have nothing to undo
        at = {kafka.TopicPartition("tx", 0): kafka.OffsetAndMetadata(begin + 10, "", -1)}
        producer.send_offsets_to_transaction(at, "readers")
        producer.commit_transaction() if commit else producer.abort_transaction()
    consumer, parts = pure_reader(served, "tx", isolation_level="read_committed", group_id="readers")
    expect("committed", [int(one.value) for one in pure_read(consumer, 20)], [*range(10), *range(20, 30)])
    expect("offset", consumer.committed(parts[0]), 30)
    producer.close()
    consumer.close()


# ---- aiokafka

def with_loop(coroutine):
    return lambda served: asyncio.run(asyncio.wait_for(coroutine(served), 180))


def named(name):
    def give(function):
        function.__name__ = name
        return function
    return give


@contextlib.asynccontextmanager
async def aio_reader(served, topic, **settings):
    async with aiokafka.AIOKafkaConsumer(bootstrap_servers=served.address, auto_offset_reset="earliest", enable_auto_commit=False,
                                         **settings) as consumer:
        consumer.assign([aiokafka.TopicPartition(topic, 0)])
        await consumer.seek_to_beginning()
        yield consumer


async def aio_codecs(served):
    create(served, *(f"a-{codec}" for codec in CODECS))
    for codec in CODECS:
        topic = f"a-{codec}"
        async with aiokafka.AIOKafkaProducer(bootstrap_servers=served.address, compression_type=codec, max_request_size=2 * LARGE) as producer:
            sent = [await producer.send(topic, key=key, value=value, headers=headers, timestamp_ms=BEGIN_MS + n * 1000)
                    for n, (key, value, headers) in enumerate(RECORDS)]
            expect("offsets", [(await one).offset for one in sent], list(range(len(RECORDS))))
        async with aio_reader(served, topic) as consumer:
            read = [await consumer.getone() for _ in RECORDS]
            expect(topic, [(one.key, one.value, list(one.headers)) for one in read], RECORDS)
            part = aiokafka.TopicPartition(topic, 0)
            found = (await consumer.offsets_for_times({part: BEGIN_MS + 7500}))[part]
            expect("seek by time", (found.offset, found.timestamp), (8, BEGIN_MS + 8000))
            consumer.seek(part, 8)
            expect("record there", (await consumer.getone()).value, RECORDS[8][1])
    admin = aiokafka.admin.AIOKafkaAdminClient(bootstrap_servers=served.address)
    await admin.start()
    await admin.delete_records({part: aiokafka.admin.RecordsToDelete(before_offset=9)})
    await admin.close()
    async with aio_reader(served, topic) as consumer:
        expect("first after deletion", (await consumer.getone()).offset, 9)


async def aio_group(served):
    """Two members share, one leaves, the other has all; nothing is read twice once it was committed."""
    create(served, "aio-shared", partitions=4)
    settings = {"bootstrap_servers": served.address, "group_id": "aio-group", "auto_offset_reset": "earliest", "enable_auto_commit": False,
                "session_timeout_ms": 6000, "heartbeat_interval_ms": 500, "max_poll_interval_ms": 30_000}
    values = []

    async def read_until(members, good):
        while not good():
            for member in members:
                for records in (await member.getmany(timeout_ms=100)).values():
                    values.extend(int(one.value) for one in records)

    async with aiokafka.AIOKafkaProducer(bootstrap_servers=served.address) as producer:
        one, two = (aiokafka.AIOKafkaConsumer("aio-shared", **settings) for _ in range(2))
        await asyncio.gather(one.start(), two.start())
        await read_until([one, two], lambda: len(one.assignment()) == len(two.assignment()) == 2)
        for number in range(400):
            await producer.send_and_wait("aio-shared", value=b"%d" % number, partition=number % 4)
        await read_until([one, two], lambda: len(values) >= 400)
        await asyncio.gather(one.commit(), two.commit())
        await two.stop()
        await read_until([one], lambda: len(one.assignment()) == 4)
        for number in range(400, 800):
            await producer.send_and_wait("aio-shared", value=b"%d" % number, partition=number % 4)
        await read_until([one], lambda: len(values) >= 800)
        one.pause(aiokafka.TopicPartition("aio-shared", 0))
        expect("paused", one.paused(), {aiokafka.TopicPartition("aio-shared", 0)})
        await one.commit()
        await one.stop()
    expect("each once", sorted(values), list(range(800)))


async def aio_idempotence(served):
    create(served, "many")
    kills = moments()
    async with aiokafka.AIOKafkaProducer(bootstrap_servers=served.address, enable_idempotence=True, request_timeout_ms=60_000,
                                         retry_backoff_ms=50, max_batch_size=2000) as producer:
        sent = []
        for number in range(MANY):
            sent.append(await producer.send("many", value=b"%d" % number))
            if number in kills:
                restart(served)
        expect("offsets", [(await one).offset for one in sent], list(range(MANY)))
    async with aio_reader(served, "many") as consumer:
        expect("values", [int((await consumer.getone()).value) for _ in range(MANY)], list(range(MANY)))


async def aio_transactions(served):
    create(served, "tx")
    part = aiokafka.TopicPartition("tx", 0)
    async with aiokafka.AIOKafkaProducer(bootstrap_servers=served.address, transactional_id="aio", transaction_timeout_ms=20_000) as producer:
        for begin, commit in ((0, True), (10, False), (20, True)):
            await producer.begin_transaction()
            for number in range(begin, begin + 10):
                await producer.send("tx", value=b"%d" % number)
            await producer.send_offsets_to_transaction({part: begin + 10}, "readers")
            await (producer.commit_transaction() if commit else producer.abort_transaction())
    async with aio_reader(served, "tx", isolation_level="read_committed", group_id="readers") as consumer:
        expect("committed", [int((await consumer.getone()).value) for _ in range(20)], [*range(10), *range(20, 30)])
        expect("offset", await consumer.committed(part), 30)


# ---- confluent-kafka

def confluent_read(consumer, count):
    read = []
    while len(read) < count:
        for one in consumer.consume(min(500, count - len(read)), 10):
            expect("error of a record", one.error(), None)
            read.append(one)
    return read


def confluent_reader(served, topic, partitions=1, **settings):
    consumer = confluent_kafka.Consumer({"bootstrap.servers": served.address, "group.id": "confluent", "auto.offset.reset": "earliest",
                                         "enable.auto.commit": False, "isolation.level": "read_uncommitted", **settings})
    consumer.assign([confluent_kafka.TopicPartition(topic, number, 0) for number in range(partitions)])
    return consumer


def confluent_every_codec_time_pause_and_deletion(served):
    create(served, *(f"c-{codec}" for codec in CODECS))
    create(served, "halves", partitions=2)
    for codec in CODECS:
        topic = f"c-{codec}"
        producer = confluent_kafka.Producer({"bootstrap.servers": served.address, "compression.type": codec or "none", "linger.ms": 20,
                                             "message.max.bytes": 2 * LARGE})
        for number, (key, value, headers) in enumerate(RECORDS):
            producer.produce(topic, key=key, value=value, headers=[*headers, ("null", None)], timestamp=BEGIN_MS + number * 1000)
        expect("unsent", producer.flush(60), 0)
        consumer = confluent_reader(served, topic)
        read = confluent_read(consumer, len(RECORDS))
        expect(topic, [(one.key(), one.value(), one.headers()) for one in read],
               [(key, value, [*headers, ("null", None)]) for key, value, headers in RECORDS])
        part = confluent_kafka.TopicPartition(topic, 0, BEGIN_MS + 7500)
        expect("seek by time", consumer.offsets_for_times([part], 20)[0].offset, 8)
        consumer.close()
    for number in range(400):
        producer.produce("halves", b"%d" % number, partition=number % 2)
    producer.flush(60)
    consumer = confluent_reader(served, "halves", 2)
    consumer.pause([confluent_kafka.TopicPartition("halves", 1)])
    expect("one is paused", {one.partition() for one in confluent_read(consumer, 200)}, {0})
    consumer.resume([confluent_kafka.TopicPartition("halves", 1)])
    expect("the other goes on", [int(one.value()) for one in confluent_read(consumer, 200)], list(range(1, 400, 2)))
    consumer.close()
    admin = confluent_kafka.admin.AdminClient({"bootstrap.servers": served.address})
    (deleted,) = admin.delete_records([confluent_kafka.TopicPartition("halves", 0, 150)]).values()
    expect("low watermark", deleted.result(20).low_watermark, 150)


def confluent_transactions(served):
    create(served, "tx")
    settings = {"bootstrap.servers": served.address, "transactional.id": "confluent", "transaction.timeout.ms": 20_000}
    producer = confluent_kafka.Producer(settings)
    producer.init_transactions(30)
    reader = confluent_reader(served, "tx")
    for begin, commit in ((0, True), (10, False), (20, True)):
        producer.begin_transaction()
        for number in range(begin, begin + 10):
            producer.produce("tx", b"%d" % number)
        producer.flush(30)  # or an abort would drop them unsent
        at = [confluent_kafka.TopicPartition("tx", 0, begin + 10)]
        producer.send_offsets_to_transaction(at, reader.consumer_group_metadata(), 30)
        producer.commit_transaction(30) if commit else producer.abort_transaction(30)
    committed = confluent_reader(served, "tx", **{"isolation.level": "read_committed"})
    expect("committed", [int(one.value()) for one in confluent_read(committed, 20)], [*range(10), *range(20, 30)])
    expect("all", [int(one.value()) for one in confluent_read(reader, 30)], list(range(30)))
    expect("offset", reader.committed([confluent_kafka.TopicPartition("tx", 0)], 20)[0].offset, 30)
    # An open transaction outlives the broker; the next owner of the name aborts it.
    producer.begin_transaction()
    producer.produce("tx", b"100")
    producer.flush(30)
    restart(served)
    successor = confluent_kafka.Producer(settings)
    successor.init_transactions(30)
    successor.begin_transaction()
    successor.produce("tx", b"200")
    successor.commit_transaction(30)
    expect("the successor's only", int(confluent_read(committed, 1)[0].value()), 200)
    try:
        producer.commit_transaction(30)
        raise AssertionError("the zombie has committed")
    except confluent_kafka.KafkaException as refusal:
        expect("fenced", refusal.args[0].code() in (confluent_kafka.KafkaError._FENCED, confluent_kafka.KafkaError.INVALID_PRODUCER_EPOCH), True)
    reader.close()
    committed.close()


def confluent_hears_that_groups_are_classic(served):
    create(served, "classic")
    consumer = confluent_kafka.Consumer({"bootstrap.servers": served.address, "group.id": "new", "group.protocol": "consumer"})
    consumer.subscribe(["classic"])
    message = consumer.poll(60)
    expect("it is told at once and for good", message and message.error().code(), confluent_kafka.KafkaError._FATAL)
    consumer.close()


main([kafka_python_every_codec_time_pause_and_deletion, kafka_python_is_idempotent_over_kill_9, kafka_python_transactions,
      *(named(f"aiokafka_{coroutine.__name__.removeprefix('aio_')}")(with_loop(coroutine))
        for coroutine in (aio_codecs, aio_group, aio_idempotence, aio_transactions)),
      confluent_every_codec_time_pause_and_deletion, confluent_transactions, confluent_hears_that_groups_are_classic])
