"""Older Java clients: from 2.1, the oldest that Kafka 4 speaks with (KIP-896), to the last before 4."""
import subprocess
import sys

from java_tools import HERE, TOOLS
from serving import SKIPPED, expect, main

VERSIONS = ["2.1.1", "2.8.2", "3.3.2", "3.9.1"]


def java(version, served):
    fetched = subprocess.run([TOOLS / "kafka" / "fetch", "clients", version], stdout=subprocess.PIPE, text=True, check=False)
    if fetched.returncode != 0:
        print(f"skipped: the Java client {version} cannot be had here")
        sys.exit(SKIPPED)
    return subprocess.run(["java", "-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", f"{fetched.stdout.strip()}/*",
                           str(HERE / "java" / "OldClient.java"), served.address], capture_output=True, text=True, timeout=150, check=False)


def of(version):
    def scenario(served):
        done = java(version, served)
        expect(f"{version}: {done.stderr[-3000:]}", done.stdout.split(), ["administration", "codecs", "groups", "transactions", "done"])
    scenario.__name__ = f"java_client_{version.replace('.', '_')}"
    return scenario


main([of(version) for version in VERSIONS])
