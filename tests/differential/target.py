"""One of the two brokers: sends requests, keeps what came back in a form in which the two can be compared."""
import json
import socket
import struct
import time
import uuid

import batches

PATIENCE_SECONDS = 20
# Values that no two brokers share.
IDS = {"ProducerId", "MemberId", "ClusterId", "SessionId", "Leader"}
TIMES = {"LogAppendTimeMs", "LastFetchTimestamp", "LastCaughtUpTimestamp", "LastTimestamp", "TransactionStartTimeMs"}
PLACES = {"Host", "Port", "LogDir", "TotalBytes", "UsableBytes", "Rack"}
WORDS = {"ErrorMessage", "BatchIndexErrorMessage", "Documentation"}  # said in other words: only whether something is said
SETS = {"Topics", "Responses", "Results", "Configs", "ApiKeys", "Groups", "Brokers", "SupportedFeatures",
        "FinalizedFeatures", "Members", "ConfigResources", "ResultsByTransaction", "Partitions", "TransactionStates"}


class Target:
    def __init__(self, schemas, address, name):
        host, port = address.rsplit(":", 1)
        self.schemas, self.name, self.address, self.bootstrap = schemas, name, (host, int(port)), address
        self.answers, self.correlation, self.links = [], 0, {}
        self.ids = {}  # what the script wants to remember

    # Steps

    def step(self, title, api, version, link="main", **fields):
        """Sends one request and keeps its answer. Answers the raw answer, {} when the connection has ended."""
        answer = self.ask(api, version, link, **fields)
        assert title not in dict(self.answers), f"two steps are called {title}"
        self.answers.append((title, "the connection ends" if answer is None else self.comparable(answer)))
        return answer or {}

    def collect(self, title, api, version, link):
        """The answer to what was sent on this link and not answered at once."""
        answer = self.receive(api, version, link)
        self.answers.append((title, "the connection ends" if answer is None else self.comparable(answer)))
        return answer or {}

    def final(self, title, api, version, **fields):
        """Asks as a client does: again as long as it is told CONCURRENT_TRANSACTIONS. The last answer is kept."""
        answer = self.until(lambda answer: answer["ErrorCode"] != 51, api, version, **fields)
        self.answers.append((title, self.comparable(answer)))
        return answer

    def silence(self, title, api, version, **fields):
        """For requests that one of the two never answers."""
        self.send(api, version, "silence", **fields)
        self.links["silence"].settimeout(2)
        try:
            answer = self.comparable(self.receive(api, version, "silence"))
        except TimeoutError:
            answer = "no answer"
        self.answers.append((title, answer))
        self.links.pop("silence", None)

    def raw(self, title, data, link="raw"):
        """Sends bytes as they are; what counts is whether the connection ends, or what comes back."""
        self.links.pop(link, None)
        self._socket(link).sendall(data)
        frame = self._receive(link)
        self.answers.append((title, "the connection ends" if frame is None else frame[4:].hex()))
        self.links.pop(link, None)

    def until(self, good, api, version, **fields):
        """Asks until the answer is good: for what a broker does a little later. Nothing is kept."""
        end = time.monotonic() + PATIENCE_SECONDS
        while True:
            answer = self.ask(api, version, "until", **fields)
            if answer is not None and good(answer):
                return answer
            assert time.monotonic() < end, f"{self.name}: {api} does not become good: {answer}"
            time.sleep(0.02)

    # The wire

    def ask(self, api, version, link="main", **fields):
        self.send(api, version, link, **fields)
        if api == "Produce" and fields.get("Acks", 0) == 0:
            return {}
        return self.receive(api, version, link)

    def send(self, api, version, link="main", **fields):
        message = self.schemas.message(f"{api}Request")
        self.correlation += 1
        header = struct.pack(">hhih4s", self.schemas.keys[api], version, self.correlation, 4, b"diff")
        if version in message.flexible:
            header += b"\0"
        body = message.encode(fields, version)
        try:
            self._socket(link).sendall(struct.pack(">i", len(header) + len(body)) + header + body)
        except OSError:
            pass  # seen by who receives

    def receive(self, api, version, link="main"):
        frame = self._receive(link)
        if frame is None:
            self.links.pop(link, None)
            return None
        message = self.schemas.message(f"{api}Response")
        head = 5 if version in message.flexible and api != "ApiVersions" else 4
        if api == "ApiVersions" and frame[4:6] == b"\0\x23":
            version = 0
        return message.decode(frame[head:], version)

    def _socket(self, link):
        if link not in self.links:
            self.links[link] = socket.create_connection(self.address, timeout=PATIENCE_SECONDS)
        return self.links[link]

    def _receive(self, link):
        size = self._exactly(link, 4)
        return size and self._exactly(link, struct.unpack(">i", size)[0])

    def _exactly(self, link, size):
        data = b""
        while len(data) < size:
            try:
                more = self._socket(link).recv(size - len(data))
            except ConnectionError:
                return None
            if not more:
                return None
            data += more
        return data

    # Comparing

    def comparable(self, value, field=""):
        if isinstance(value, dict):
            return {name: self.comparable(each, name) for name, each in value.items()}
        if isinstance(value, list):
            each = [self.comparable(one, field) for one in value]
            return sorted(each, key=lambda one: json.dumps(one, sort_keys=True)) if field in SETS else each
        if field in WORDS:
            return "words" if value else None
        if field in PLACES and value not in (None, "", -1):
            return "place"
        if field in TIMES and isinstance(value, int) and value > 10**12:
            return "a time"
        if isinstance(value, bytes):
            if field == "Records":
                return self.comparable(batches.describe(value))
            return value.hex()
        if isinstance(value, uuid.UUID):
            return "an id" if value.int else "none"
        if field in IDS and value not in (-1, 0, "", None):
            return "an id"
        return value
