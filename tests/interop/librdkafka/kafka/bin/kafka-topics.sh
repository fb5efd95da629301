#!/bin/sh
# What librdkafka's tests call when they want Kafka's own command.
KAFKA_OPTS="-Xmx128m -XX:TieredStopAtLevel=1 -XX:+UseSerialGC" exec "$(dirname "$0")/../../../../../tools/kafka/tool" TopicCommand "$@"
