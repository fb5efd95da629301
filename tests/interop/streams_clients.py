"""Kafka Streams, exactly_once_v2: a word count whose every step is in the output once, over kill -9 of the program and of the broker."""
import collections
import contextlib
import os
import random
import re
import tempfile

from java_tools import Started, create, java, tool
from serving import expect, main

CONSOLE = "org.apache.kafka.tools.consumer.ConsoleConsumer"
WORDS = [f"word{number}" for number in range(20)]


def counts(served, wanted, seconds):
    """{word: [1, 2, ...]} as a reader of committed records sees them."""
    out = tool(served, CONSOLE, "--topic", "counts", "--from-beginning", "--max-messages", str(wanted), "--timeout-ms",
               str(seconds * 1000), "--command-property", "isolation.level=read_committed", "--formatter-property", "print.key=true",
               "--formatter-property", "value.deserializer=org.apache.kafka.common.serialization.LongDeserializer",
               seconds=seconds + 90)
    found = collections.defaultdict(list)
    for word, count in re.findall(r"^(\w+)\t(\d+)$", out, re.M):
        found[word].append(int(count))
    return found


def every_count_is_written_once_though_all_are_killed(served):
    create(served, "lines", 2)
    create(served, "counts", 2)
    seed = int(os.environ.get("HOLDFAST_SEED") or random.randrange(1 << 32))
    print(f"seed {seed}", flush=True)
    chance = random.Random(seed)
    total = collections.Counter()

    def write(lines):
        text = []
        for _ in range(lines):
            words = chance.choices(WORDS, k=5)
            total.update(words)
            text.append(f"{chance.randrange(1000)}:{' '.join(words)}\n")
        tool(served, "ConsoleProducer", "--topic", "lines", "--reader-property", "parse.key=true", "--reader-property",
             "key.separator=:", text="".join(text))

    with tempfile.TemporaryDirectory(prefix="holdfast-streams-") as state, contextlib.ExitStack() as stack:
        def start():
            program = Started(java("WordCount.java", served.address, state, "lines", "counts"))
            stack.callback(program.kill)
            while program.line(90) != "state RUNNING\n":
                pass
            return program

        write(300)
        program = start()
        write(300)
        program.kill()
        write(300)
        program = start()
        served.kill()
        served.start()
        write(300)
        expect("committed counts", counts(served, sum(total.values()), 90),
               {word: list(range(1, count + 1)) for word, count in total.items()})
        expect("and no more", sum(map(len, counts(served, sum(total.values()) + 1, 5).values())), sum(total.values()))
        expect("it is still running", program.process.poll(), None)
        groups = tool(served, "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand", "--list")
        expect("its group", [name for name in groups.split() if not name.startswith("console")], ["word-count"])


main([every_count_is_written_once_though_all_are_killed])
