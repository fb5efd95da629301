"""kcat, which is librdkafka, against the broker."""
from serving import expect, main, need, run


def lines(count, word):
    return [f"{word}-{i}-{'x' * (i % 97)}" for i in range(count)]


def produce(served, topic, values, *more):
    text = "".join(value + "\n" for value in values)
    run(["kcat", "-P", "-b", served.address, "-t", topic, *more], text)


def consume(served, topic, partition=0, offset="beginning", *more):
    out = run(["kcat", "-C", "-q", "-e", "-b", served.address, "-t", topic, "-p", str(partition), "-o", str(offset), *more])
    return out.splitlines()


def every_codec_comes_back_as_it_went(served):
    for codec in ["none", "gzip", "snappy", "lz4", "zstd"]:
        values = lines(20_000, codec)
        produce(served, f"t-{codec}", values, "-p", "0", "-z", codec, "-X", "acks=all")
        expect(codec, consume(served, f"t-{codec}"), values)


def acknowledged_records_survive_kill_9(served):
    values = lines(50_000, "kept")
    produce(served, "kept", values, "-p", "0", "-X", "enable.idempotence=true")
    served.kill()
    served.start()
    expect("after kill -9", consume(served, "kept"), values)
    more = lines(1000, "more")
    produce(served, "kept", more, "-p", "0", "-X", "enable.idempotence=true")
    served.stop()
    served.start()
    expect("after a clean stop", consume(served, "kept"), values + more)
    expect("from an offset in the middle", consume(served, "kept", 0, 49_990), (values + more)[49_990:])


def an_empty_value_and_no_value_are_not_the_same(served):
    run(["kcat", "-P", "-b", served.address, "-t", "nulls", "-p", "0", "-K", "|"], "k1|value\nk2|\n")
    run(["kcat", "-P", "-b", served.address, "-t", "nulls", "-p", "0", "-K", "|", "-Z"], "k3|\n")
    expect("sizes", consume(served, "nulls", 0, "beginning", "-f", "%k %S\n"), ["k1 5", "k2 0", "k3 -1"])


def offsets_are_told_by_time(served):
    produce(served, "times", lines(10, "t"), "-p", "0")
    query = lambda time: run(["kcat", "-Q", "-b", served.address, "-t", f"times:0:{time}"]).split()[-1]
    expect("the end", query(-1), "10")
    expect("the beginning", query(-2), "0")
    expect("since 1970", query(1), "0")
    stamps = consume(served, "times", 0, "beginning", "-f", "%T\n")
    expect("its own time", int(query(stamps[-1])), stamps.index(stamps[-1]))


def headers_and_large_messages_pass(served):
    big = "y" * 900_000
    produce(served, "large", [big, "small"], "-p", "0", "-H", "colour=blue", "-X", "message.max.bytes=1000000")
    expect("values", consume(served, "large"), [big, "small"])
    expect("headers", consume(served, "large", 0, "beginning", "-f", "%h\n"), ["colour=blue", "colour=blue"])


need("kcat")
main([every_codec_comes_back_as_it_went, acknowledged_records_survive_kill_9,
      an_empty_value_and_no_value_are_not_the_same, offsets_are_told_by_time, headers_and_large_messages_pass])
