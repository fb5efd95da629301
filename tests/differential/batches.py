"""Record batches (magic 2) made by hand, also wrong ones."""
import gzip
import struct

FIXED_TIME = 1_600_000_000_000


def _crc_table():
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return table


_TABLE = _crc_table()


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ _TABLE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def _zigzag(value):
    value = value << 1 ^ value >> 63
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _sized(data):
    return _zigzag(-1) if data is None else _zigzag(len(data)) + data


def record(delta, key, value, timestamp_delta=0):
    body = b"\0" + _zigzag(timestamp_delta) + _zigzag(delta) + _sized(key) + _sized(value) + _zigzag(0)
    return _zigzag(len(body)) + body


def batch(values, *, keys=None, timestamp=FIXED_TIME, producer=-1, epoch=-1, sequence=-1, base_offset=0,
          attributes=0, magic=2, last_delta=None, count=None, compress=False, transactional=False, bad_crc=False,
          deltas=None):
    """One batch; keys are b"k" if not given. Whatever a keyword overrides is told wrong in the header alone."""
    keys = keys or [b"k"] * len(values)
    deltas = deltas or range(len(values))
    records = b"".join(record(delta, key, value) for delta, key, value in zip(deltas, keys, values))
    if compress:
        attributes, records = attributes | 1, gzip.compress(records, mtime=0)
    if transactional:
        attributes |= 16
    behind_crc = struct.pack(">hiqqqhii", attributes, len(values) - 1 if last_delta is None else last_delta, timestamp,
                             timestamp, producer, epoch, sequence, len(values) if count is None else count) + records
    crc = crc32c(behind_crc) ^ (1 if bad_crc else 0)
    behind_length = struct.pack(">ibI", -1, magic, crc) + behind_crc
    return struct.pack(">qi", base_offset, len(behind_length)) + behind_length


def describe(data):
    """The batches in a fetch's answer, without what must differ; the CRC is checked."""
    found = []
    while data:
        if len(data) < 61:
            found.append(f"{len(data)} bytes of a batch")
            break
        base, length, epoch, magic, crc = struct.unpack(">qiibI", data[:21])
        if len(data) < 12 + length:
            found.append("a batch that is cut short")
            break
        whole, data = data[:12 + length], data[12 + length:]
        attributes, last, first_time, last_time, producer, producer_epoch, sequence, count = struct.unpack(
            ">hiqqqhii", whole[21:61])
        found.append({"base": base, "leader epoch": epoch, "magic": magic, "crc": crc == crc32c(whole[21:]),
                      "attributes": attributes, "last": last, "count": count, "ProducerId": producer,
                      "epoch": producer_epoch, "sequence": sequence, "control": control(whole) if attributes & 32 else None,
                      "times": "now" if attributes & 8 or first_time > FIXED_TIME else [first_time, last_time],
                      "records": None if attributes & (7 | 32 | 8) else whole[61:].hex()})
    return found


def control(whole):
    """The type in a control batch's key."""
    return struct.unpack(">h", whole[68:70])[0] if len(whole) >= 70 else None
