"""Group members in processes of their own, so that they can be killed: `python group_members.py ADDRESS GROUP TOPIC NAME [setting=value...]`
prints one line `PARTITION OFFSET VALUE` for every record and `assigned ...` for every assignment."""
import sys

import confluent_kafka


def main():
    address, group, topic, name, *more = sys.argv[1:]
    settings = {"bootstrap.servers": address, "group.id": group, "client.id": name, "auto.offset.reset": "earliest",
                "enable.auto.commit": False, "session.timeout.ms": 6000, "heartbeat.interval.ms": 500}
    settings.update(setting.split("=", 1) for setting in more)
    consumer = confluent_kafka.Consumer(settings)

    def say(*words):
        print(*words, flush=True)

    def assigned(_, partitions):
        say("assigned", *sorted(p.partition for p in partitions))

    def lost(_, partitions):
        say("revoked", *sorted(p.partition for p in partitions))

    consumer.subscribe([topic], on_assign=assigned, on_revoke=lost, on_lost=lost)
    while True:
        message = consumer.poll(1)
        if message is None or message.error():
            continue
        say(message.partition(), message.offset(), message.value().decode())
        consumer.commit(message, asynchronous=True)


if __name__ == "__main__":
    main()
