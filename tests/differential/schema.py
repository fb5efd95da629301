"""Kafka's messages, encoded and decoded by the schemas that lie in Kafka's own jar: independent of our wire module.

A message is a dict of its fields; what is not given has its default. Fields that a version does not have are left out."""
import functools
import glob
import json
import re
import struct
import uuid
import zipfile


class Versions:
    """"0+", "3-7", "4", "none"."""

    def __init__(self, text):
        self.low, self.high = 1, 0
        if not text or text == "none":
            return
        low, dash, high = text.rstrip("+").partition("-")
        self.low = int(low)
        self.high = 32767 if text.endswith("+") else int(high) if dash else self.low

    def __contains__(self, version):
        return self.low <= version <= self.high


class Schemas:
    def __init__(self, libs):
        jar = zipfile.ZipFile(glob.glob(f"{libs}/kafka-clients-*.jar")[0])
        self.by_name, self.keys = {}, {}
        for path in jar.namelist():
            if not path.startswith("common/message/") or not path.endswith(".json"):
                continue
            text = re.sub(r"^\s*//.*$", "", jar.read(path).decode(), flags=re.M)
            described = json.loads(text)
            self.by_name[described["name"]] = described
            if described["type"] == "request":
                self.keys[described["name"].removesuffix("Request")] = described["apiKey"]

    @functools.cache
    def message(self, name):
        return Message(self.by_name[name])


PRIMITIVE = {"bool": ">?", "int8": ">b", "int16": ">h", "uint16": ">H", "int32": ">i", "uint32": ">I", "int64": ">q",
             "float64": ">d"}


class Message:
    def __init__(self, described):
        self.valid = Versions(described["validVersions"])
        self.flexible = Versions(described.get("flexibleVersions", "none"))
        self.structs = {each["name"]: each["fields"] for each in described.get("commonStructs", [])}
        self.fields = described["fields"]

    def encode(self, value, version):
        out = bytearray()
        self._write_struct(out, self.fields, value, version)
        return bytes(out)

    def decode(self, data, version):
        reader = Reader(data)
        value = self._read_struct(reader, self.fields, version)
        if reader.left():
            raise ValueError(f"{reader.left()} bytes are left over")
        return value

    # Writing

    def _write_struct(self, out, fields, value, version):
        unknown = set(value) - {field["name"] for field in fields}
        if unknown:
            raise KeyError(f"no such field: {unknown}")
        tagged = []
        for field in fields:
            if version not in Versions(field["versions"]):
                continue
            given = value.get(field["name"], default_of(field, version))
            if version in Versions(field.get("taggedVersions", "none")):
                if given != default_of(field, version):
                    tagged.append((field["tag"], field, given))
                continue
            self._write(out, field, field["type"], given, version)
        if version in self.flexible:
            write_varint(out, len(tagged))
            for tag, field, given in sorted(tagged, key=lambda each: each[0]):
                body = bytearray()
                self._write(body, field, field["type"], given, version)
                write_varint(out, tag)
                write_varint(out, len(body))
                out += body

    def _write(self, out, field, kind, value, version):
        flexible = version in self.flexible and field.get("flexibleVersions") != "none"
        if kind in PRIMITIVE:
            out += struct.pack(PRIMITIVE[kind], value)
        elif kind == "uuid":
            out += value.bytes
        elif kind.startswith("[]"):
            write_length(out, value, flexible, ">i")
            for each in value or []:
                self._write(out, field, kind[2:], each, version)
        elif kind in ("string", "bytes", "records"):
            raw = value.encode() if isinstance(value, str) else value
            write_length(out, raw, flexible, ">h" if kind == "string" else ">i")
            out += raw or b""
        else:
            if "nullableVersions" in field and not field["type"].startswith("[]"):
                out += b"\xff" if value is None else b"\x01"
            if value is not None:
                self._write_struct(out, self._fields_of(field, kind), value, version)

    # Reading

    def _read_struct(self, reader, fields, version):
        value, tagged = {}, {}
        for field in fields:
            if version not in Versions(field["versions"]):
                continue
            if version in Versions(field.get("taggedVersions", "none")):
                tagged[field["tag"]] = field
                value[field["name"]] = default_of(field, version)
            else:
                value[field["name"]] = self._read(reader, field, field["type"], version)
        if version in self.flexible:
            for _ in range(reader.varint()):
                tag, size = reader.varint(), reader.varint()
                field, body = tagged[tag], Reader(reader.take(size))
                value[field["name"]] = self._read(body, field, field["type"], version)
        return value

    def _read(self, reader, field, kind, version):
        flexible = version in self.flexible and field.get("flexibleVersions") != "none"
        if kind in PRIMITIVE:
            return struct.unpack(PRIMITIVE[kind], reader.take(struct.calcsize(PRIMITIVE[kind])))[0]
        if kind == "uuid":
            return uuid.UUID(bytes=reader.take(16))
        if kind.startswith("[]"):
            count = reader.length(flexible, ">i")
            return None if count < 0 else [self._read(reader, field, kind[2:], version) for _ in range(count)]
        if kind in ("string", "bytes", "records"):
            size = reader.length(flexible, ">h" if kind == "string" else ">i")
            raw = None if size < 0 else reader.take(size)
            return raw.decode() if kind == "string" and raw is not None else raw
        if "nullableVersions" in field and not field["type"].startswith("[]") and reader.take(1) == b"\xff":
            return None
        return self._read_struct(reader, self._fields_of(field, kind), version)

    def _fields_of(self, field, kind):
        return field["fields"] if "fields" in field else self.structs[kind]


def default_of(field, version):
    kind, given = field["type"], field.get("default")
    if given == "null":
        return None
    if kind.startswith("[]"):
        return []
    if kind == "uuid":
        return uuid.UUID(int=0)
    if kind == "bool":
        return str(given).lower() == "true"
    if kind == "float64":
        return float(given or 0)
    if kind in PRIMITIVE:
        return int(str(given), 0) if given is not None else 0
    if kind == "string":
        return given or ""
    if kind in ("bytes", "records"):
        return None if version in Versions(field.get("nullableVersions", "none")) else b""
    return {each["name"]: default_of(each, version) for each in field.get("fields", [])
            if version in Versions(each["versions"])}


def write_varint(out, value):
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)


def write_length(out, value, flexible, form):
    if flexible:
        write_varint(out, 0 if value is None else len(value) + 1)
    else:
        out += struct.pack(form, -1 if value is None else len(value))


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def left(self):
        return len(self.data) - self.at

    def take(self, size):
        if size > self.left():
            raise ValueError("cut short")
        self.at += size
        return self.data[self.at - size:self.at]

    def varint(self):
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7

    def length(self, flexible, form):
        return self.varint() - 1 if flexible else struct.unpack(form, self.take(struct.calcsize(form)))[0]
