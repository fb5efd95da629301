"""kafka-python (pure Python) and confluent-kafka (librdkafka, newer than Debian's) against the broker."""
import os
import random

from python_environment import enter_environment

enter_environment()

import confluent_kafka  # noqa: E402
import confluent_kafka.admin  # noqa: E402
import kafka  # noqa: E402
import kafka.admin  # noqa: E402

from serving import expect, main  # noqa: E402


def kafka_python_writes_reads_and_stores_offsets(served):
    producer = kafka.KafkaProducer(bootstrap_servers=served.address, acks="all", compression_type="gzip")
    sent = [producer.send("kp", key=b"k%d" % i, value=b"v%d" % i, partition=0, headers=[("h", b"%d" % i)]) for i in range(5000)]
    expect("offsets", [future.get(30).offset for future in sent], list(range(5000)))
    producer.close()
    partition = kafka.TopicPartition("kp", 0)
    consumer = kafka.KafkaConsumer(bootstrap_servers=served.address, group_id="kp-group", enable_auto_commit=False)
    consumer.assign([partition])
    consumer.seek_to_beginning(partition)
    read = []
    while len(read) < 5000:
        for records in consumer.poll(timeout_ms=5000).values():
            read += [(r.offset, r.key, r.value, r.headers) for r in records]
    expect("records", read, [(i, b"k%d" % i, b"v%d" % i, [("h", b"%d" % i)]) for i in range(5000)])
    consumer.commit({partition: kafka.OffsetAndMetadata(1234, "half way", -1)})
    expect("stored", consumer.committed(partition), 1234)
    expect("ends", (consumer.beginning_offsets([partition]), consumer.end_offsets([partition])),
           ({partition: 0}, {partition: 5000}))
    consumer.close()


def kafka_python_administers(served):
    admin = kafka.KafkaAdminClient(bootstrap_servers=served.address)
    admin.create_topics([kafka.admin.NewTopic("made", 3, 1)])
    expect("topics", sorted(admin.list_topics()), ["made"])
    admin.create_partitions({"made": kafka.admin.NewPartitions(4)})
    expect("partitions", len(admin.describe_topics(["made"])[0]["partitions"]), 4)
    admin.delete_topics(["made"])
    expect("topics after deletion", admin.list_topics(), [])
    admin.close()


def confluent_idempotent_producer_survives_five_kills(served):
    failures, acknowledged = [], []

    def delivered(error, message):
        (failures.append(error) if error else acknowledged.append((message.offset(), message.value())))

    producer = confluent_kafka.Producer({"bootstrap.servers": served.address, "enable.idempotence": True, "linger.ms": 1})
    values = [b"value %d" % i for i in range(20_000)]
    seed = int(os.environ.get("HOLDFAST_SEED") or random.randrange(1 << 32))
    kills = set(random.Random(seed).sample(range(100, 19_900), 5))
    print(f"seed {seed}", flush=True)
    for i, value in enumerate(values):
        producer.produce("cf", value, partition=0, on_delivery=delivered)
        if i in kills:
            producer.poll(0.05)
            served.kill()
            served.start()
    expect("left unsent", producer.flush(60), 0)
    expect("failures", failures, [])
    consumer = confluent_kafka.Consumer({"bootstrap.servers": served.address, "group.id": "cf", "enable.auto.commit": False})
    consumer.assign([confluent_kafka.TopicPartition("cf", 0, 0)])
    read = []
    while len(read) < len(values):
        for message in consumer.consume(1000, 10):
            if message.error():
                raise AssertionError(message.error())
            read.append((message.offset(), message.value()))
    expect("values, once each and in order", [value for _, value in read], values)
    expect("offsets as acknowledged", sorted(acknowledged), read)
    consumer.commit(offsets=[confluent_kafka.TopicPartition("cf", 0, 77)], asynchronous=False)
    expect("stored", consumer.committed([confluent_kafka.TopicPartition("cf", 0)], 10)[0].offset, 77)
    expect("ends", consumer.get_watermark_offsets(confluent_kafka.TopicPartition("cf", 0), 10), (0, len(values)))
    consumer.close()


def confluent_administers(served):
    admin = confluent_kafka.admin.AdminClient({"bootstrap.servers": served.address})
    for future in admin.create_topics([confluent_kafka.admin.NewTopic("cfa", 2, 1, config={"retention.ms": "1000"})]).values():
        future.result(20)
    expect("partitions", len(admin.list_topics("cfa", 10).topics["cfa"].partitions), 2)
    resource = confluent_kafka.admin.ConfigResource("topic", "cfa")
    configs = next(iter(admin.describe_configs([resource]).values())).result(20)
    expect("setting", configs["retention.ms"].value, "1000")
    for future in admin.delete_topics(["cfa"]).values():
        future.result(20)
    expect("cluster", next(iter(admin.list_topics(timeout=10).brokers)), 1)


main([kafka_python_writes_reads_and_stores_offsets, kafka_python_administers,
      confluent_idempotent_producer_survives_five_kills, confluent_administers])
