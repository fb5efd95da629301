#!/bin/sh
# What librdkafka's tests call when they want Kafka's own command.
here="$(dirname "$0")"
tools="$here/../../../../../tools/kafka"
machine="-Xmx128m -XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
case "$*" in
  *segment.bytes=*) # which the command of Kafka 4 refuses by itself when they are small, unlike the one that the suite was written for
    # shellcheck disable=SC2086
    exec java $machine -cp "$tools/conf:$("$tools/fetch")/*" "$here/../../../java/CreateTopic.java" "$@" ;;
  *) KAFKA_OPTS="$machine" exec "$tools/tool" TopicCommand "$@" ;;
esac
