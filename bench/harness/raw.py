"""A few requests as bytes, for what a client library would make slow or large: thousands of connections and of topics."""
import socket
import struct


def text(value):
    return struct.pack(">h", len(value)) + value.encode()


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def record_batch(value):
    """One record, magic 2, without a key."""
    def varint(number):
        number = number << 1
        out = b""
        while number > 127:
            out += bytes([number & 127 | 128])
            number >>= 7
        return out + bytes([number])
    record = b"\0" + varint(0) + varint(0) + b"\1" + varint(len(value)) + value + varint(0)
    body = struct.pack(">hiqqqhii", 0, 0, 1_700_000_000_000, 1_700_000_000_000, -1, -1, -1, 1) + varint(len(record)) + record
    return struct.pack(">qiibI", 0, len(body) + 9, -1, 2, crc32c(body)) + body


class Connection:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)

    def call(self, key, version, body):
        request = struct.pack(">hhi", key, version, 7) + text("bench") + body
        self.socket.sendall(struct.pack(">i", len(request)) + request)
        answer = b""
        while len(answer) < 4 or len(answer) < 4 + struct.unpack(">i", answer[:4])[0]:
            more = self.socket.recv(1 << 16)
            if not more:
                raise ConnectionError("the broker ended the connection")
            answer += more
        return answer[8:]

    def api_versions(self):
        return self.call(18, 0, b"")

    def create_topics(self, names, partitions):
        topics = b"".join(text(name) + struct.pack(">ihii", partitions, 1, 0, 0) for name in names)
        return self.call(19, 2, struct.pack(">i", len(names)) + topics + struct.pack(">ib", 60_000, 0))

    def produce(self, topic, partitions, batch):
        data = b"".join(struct.pack(">ii", p, len(batch)) + batch for p in range(partitions))
        return self.call(0, 3, struct.pack(">hhii", -1, -1, 60_000, 1) + text(topic) + struct.pack(">i", partitions) + data)

    def close(self):
        self.socket.close()
