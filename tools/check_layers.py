#!/usr/bin/env python3
"""Reads the includes under src/ and fails where a module uses what it may not.

The table is tools/layers.txt. Beside it stand rules that no edit of the table can lift (section "Must never" of the
design); their names below are what tests assert. Tests, fuzz targets and benchmarks beside the code are free to include
what they like: only production code is bound.

  tools/check_layers.py [--root FOLDER]     exit status 0: clean, 1: breaches (one line each), 2: the table itself is wrong
"""
import argparse
import pathlib
import re
import sys

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
TEST_FILE = re.compile(r"_(test|fuzz|bench)\.cc$|_for_tests\.(cc|h)$")

FACES = {"drill", "doctor", "console", "cli"}
MOVERS = {"pipeline", "repair", "audit"}  # and every source and sink
BROKER_SIDE = {"broker", "broker/coordinator", "log", "wire", "record"}
BROKER_SIDE_MAY = BROKER_SIDE | {"base"}
PURE = {"wire", "record", "broker/coordinator"}
PURE_BANNED = re.compile(
    r"^(base/os/.*|base/log_line\.h|thread|mutex|shared_mutex|condition_variable|future|fstream|iostream|"
    r"filesystem|random|unistd\.h|fcntl\.h|time\.h|ctime|sys/(socket|stat|mman|time)\.h|pthread\.h|spdlog/.*|boost/asio.*)$"
)
# Third-party headers and the modules that may include them. A header of ours that another module can see may hold none.
THIRD_PARTY = [
    (re.compile(r"^librdkafka/"), {"kafka"}),
    (re.compile(r"^duckdb\.h(pp)?$"), {"duckdb"}),
    (re.compile(r"^boost/beast"), {"http"}),
    (re.compile(r"^curl/"), {"http"}),
    (re.compile(r"^boost/asio"), {"base", "http"}),
    (re.compile(r"^spdlog/"), {"base"}),
    (re.compile(r"^yaml-cpp/"), {"settings"}),
    (re.compile(r"^CLI/"), {"cli", "app"}),
    (re.compile(r"^(libpq-fe\.h|libpq/.*)$"), {"source/postgres", "sink/postgres"}),
    (re.compile(r"^(mongoc|bson)(\.h|/)"), {"source/mongodb"}),
    (re.compile(r"^(zstd|lz4frame|lz4|snappy|snappy-c|zlib)\.h$"), None),
    (re.compile(r"^(nlohmann/|simdjson)"), None),
]


class Table:
    """tools/layers.txt: module -> (level, modules it may use; None: all)."""

    def __init__(self, text):
        self.level, self.may_use, self.faults = {}, {}, []
        for number, line in enumerate(text.splitlines(), 1):
            words = line.split("#")[0].split()
            if not words:
                continue
            if len(words) < 2 or not words[0].isdigit() or words[1] in self.level:
                self.faults.append(f"tools/layers.txt:{number}: expected a level, a new module and what it may use")
                continue
            level, module, uses = int(words[0]), words[1], words[2:]
            self.level[module] = level
            self.may_use[module] = None if uses == ["*"] else set(uses)
            for used in uses:
                if used != "*" and used not in self.level:
                    self.faults.append(f"tools/layers.txt:{number}: {module} may use {used}, which does not stand above it")
                elif used != "*" and self.level[used] > level:
                    self.faults.append(f"tools/layers.txt:{number}: {module} may use {used} of a higher level")

    def module_of(self, path):
        """The module that owns a path below src/: the longest name that is a folder of it."""
        parts = path.split("/")[:-1]
        for length in range(len(parts), 0, -1):
            name = "/".join(parts[:length])
            if name in self.level:
                return name
        return None


def kind(module):
    """source/file -> source/file, sink/cassandra/cql -> sink/cassandra; the contracts (source/api, sink/api) are no kind."""
    parts = module.split("/")
    return "/".join(parts[:2]) if len(parts) > 1 and parts[0] in ("source", "sink") and parts[1] != "api" else None


def judge_module(table, user, used):
    """The rule that `user` including a header of `used` breaks, with its reason, or None."""
    if user == used:
        return None
    mover = user in MOVERS or kind(user) or user in ("source/api", "sink/api")
    if mover and (used == "wire" or used.split("/")[0] == "broker"):
        return "never-1", f"{user} moves events and must not know the broker's inside ({used})"
    if user in BROKER_SIDE and used not in BROKER_SIDE_MAY:
        return "never-2", f"{user} serves any Kafka client and must not know {used}"
    if (user == "audit" and used in ("pipeline", "repair")) or (used == "audit" and user in ("pipeline", "repair")):
        return "never-3", f"{user} and {used} must not know of each other: findings travel as events"
    if kind(user) and kind(used) and kind(user) != kind(used):
        return "never-5", f"{user} includes {used}: one source or sink must not include another"
    if used in FACES and user != "app":
        return "never-6", f"{used} is a face; only app may include it"
    allowed = table.may_use[user]
    if allowed is not None and used not in allowed:
        return "layer", f"{user} may use {', '.join(sorted(allowed)) or 'nothing'}, not {used} (tools/layers.txt)"
    return None


def is_production(path):
    """Not a test, nor a helper that only tests use: x_test.cc, x_for_tests.h, or a folder named interop."""
    return path.suffix in (".cc", ".h") and not TEST_FILE.search(path.name) and "interop" not in path.parts


def exposed_headers(table, source):
    """Headers below src/ that some other module includes, itself or by way of another header."""
    includes = {}
    for path in source.rglob("*"):
        if is_production(path):
            shown = path.relative_to(source).as_posix()
            includes[shown] = [m[2] for m in map(INCLUDE.match, path.read_text().splitlines()) if m and m[1] == '"']
    seen = set()
    waiting = [name for user, names in includes.items() for name in names if table.module_of(name) != table.module_of(user)]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += includes.get(name, [])
    return seen


def judge_include(table, root, module, path, exposed, mark, name):
    """The breach (rule, reason) of one include line, or None."""
    if name.startswith("testing/"):
        return "never-7", "production code includes testing/"
    if module in PURE and PURE_BANNED.match(name):
        return "never-4", f"{module} must not touch files, sockets, clock, threads or logging ({name})"
    for pattern, modules in THIRD_PARTY:
        if pattern.match(name):
            if modules is not None and module not in modules:
                return "third-party", f"{name} belongs to {', '.join(sorted(modules))} alone"
            if path.relative_to(root / "src").as_posix() in exposed:
                return "third-party", f"{name} in a header that other modules include: put it into the .cc"
            return None
    if mark == "<":
        return None
    used = table.module_of(name)
    if used is None or not (root / "src" / name).exists():
        return "unknown", f'"{name}" is no header of a module'
    return judge_module(table, module, used)


def check_file(table, root, path, exposed):
    shown = path.relative_to(root).as_posix()
    module = table.module_of(path.relative_to(root / "src").as_posix())
    if module is None:
        return [f"{shown}:1: unknown: this folder is no module of tools/layers.txt"]
    breaches = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        found = INCLUDE.match(line)
        breach = found and judge_include(table, root, module, path, exposed, found[1], found[2])
        if breach:
            breaches.append(f"{shown}:{number}: {breach[0]}: {breach[1]}")
    return breaches


def check_uses(table, root, path):
    """What CMake links a module with must be what the table says, or the link test would prove nothing."""
    shown = path.relative_to(root).as_posix()
    breaches = []
    for call in re.finditer(r"holdfast_module\(\s*(\S+)([^)]*)\)", path.read_text()):
        words = call[2].split()
        module = call[1].strip('"')
        if module not in table.level:
            breaches.append(f"{shown}:1: unknown: {module} is no module of tools/layers.txt")
            continue
        uses = []
        if "USES" in words:
            for word in words[words.index("USES") + 1 :]:
                if word.isupper():
                    break
                uses.append(word)
        allowed = table.may_use[module]
        for used in uses:
            if allowed is not None and used not in allowed:
                breaches.append(f"{shown}:1: layer: {module} is linked with {used}, which tools/layers.txt does not allow")
    return breaches


def check(root):
    table = Table((root / "tools" / "layers.txt").read_text())
    if table.faults:
        return 2, table.faults
    breaches = []
    exposed = exposed_headers(table, root / "src")
    for path in sorted((root / "src").rglob("*")):
        if is_production(path):
            breaches += check_file(table, root, path, exposed)
        elif path.name == "CMakeLists.txt":
            breaches += check_uses(table, root, path)
    return (1 if breaches else 0), breaches


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--root", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent.parent)
    status, lines = check(arguments.parse_args().root)
    print("\n".join(lines) if lines else "layers: clean")
    return status


if __name__ == "__main__":
    sys.exit(main())
