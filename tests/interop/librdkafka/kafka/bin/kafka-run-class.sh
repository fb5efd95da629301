#!/bin/sh
# A Java helper of librdkafka's tests (its folder is in $CLASSPATH), with the jars of the pinned Kafka.
tools="$(dirname "$0")/../../../../../tools/kafka"
exec java -Xmx128m -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -cp "$CLASSPATH:$tools/conf:$("$tools/fetch")/*" "$@"
