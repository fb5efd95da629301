"""Apache Kafka's commands against a real Apache Kafka and our broker: each prints the same and ends the same, but for ids, times,
and what docs/reference/differences.md lists (steps `tools/*`, field `printed`, `complained` or `status`).

  tools.py HOLDFAST [--only WORD]... [--show]      exit status 77: there is no Kafka here"""
import argparse
import fnmatch
import json
import pathlib
import re
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT / "tests/interop"))
import java_tools  # noqa: E402
import serving  # noqa: E402
from tool_steps import STEPS  # noqa: E402

KAFKA_LIKE = ["log.retention.ms=-1", "group.initial.rebalance.delay.ms=0"]
OURS_ONLY = ["holdfast.replication.factor.clamp=false"]
# What no two brokers share, in the order in which it is looked for.
ALIKE = [(re.escape(tempfile.gettempdir()) + r"/\S+", "PATH"), (r"127\.0\.0\.1:\d+|localhost:\d+", "BROKER"), (r"port: \d+|127\.0\.0\.1", "PLACE"),
         (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UUID"),
         (r"(?<![\w-])(?=[\w-]*[A-Z])(?=[\w-]*[0-9_a-z])[\w-]{22}(?![\w-])", "ID"), (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[\d.,:]*", "TIME"),
         (r"\b1[678]\d{11}\b", "TIME"), (r"[ \t]+", " "), (r"(?m)^ | $", "")]


def alike(text, address):
    text = text.replace(address, "BROKER")
    for pattern, word in ALIKE:
        text = re.sub(pattern, word, text)
    return "\n".join(line for line in text.splitlines() if line.strip() and not re.match(r"\[?TIME.* (WARN|INFO|DEBUG)", line))


class Told:
    """One broker and what its tools said."""

    def __init__(self, served, name, folder):
        self.served, self.name, self.folder, self.answers = served, name, folder, {}

    def file(self, name, content):
        path = self.folder / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return str(path)

    def quietly(self, name, *arguments, **more):
        """Prepares something; must succeed."""
        return java_tools.tool(self.served, name, *arguments, **more)

    def step(self, title, name, *arguments, flag="--bootstrap-server", ordered=False, text=None, only=None, seconds=60):
        """One command; `only` keeps the lines that match. What it complains of is judged by the names of errors alone."""
        assert title not in self.answers, title
        try:
            status, printed, complained = java_tools.called(self.served, name, *arguments, flag=flag, text=text, seconds=seconds)
        except AssertionError as error:
            java_tools.resident = None
            status, printed, complained = "hangs", str(error), ""
        lines = alike(printed, self.served.address).splitlines()
        lines = [line for line in lines if not only or re.search(only, line)]
        errors = sorted(set(re.findall(r"\b\w+(?:Exception|Error)\b", printed + complained)))
        self.answers[f"tools/{title}"] = {
            "status": status, "complained": errors,
            # Of a command that fails, words may differ; its errors are compared.
            "printed": [] if errors else lines if ordered else sorted(lines)}


def ask(program, names):
    answers = {}
    with tempfile.TemporaryDirectory(prefix="holdfast-tools-") as folder, \
            serving.broker(program, KAFKA_LIKE + ([] if program == "kafka" else OURS_ONLY)) as served:
        for step in STEPS:
            if names and not any(name in step.__name__ for name in names):
                continue
            told = Told(served, program, pathlib.Path(folder))
            try:
                step(told)
            except Exception as error:  # one area's end is a difference, and the others go on
                told.answers[f"tools/{step.__name__} broke off"] = {"status": repr(error)[:500]}
            answers |= told.answers
            print(f"{program}: {step.__name__}, {len(told.answers)} commands", file=sys.stderr, flush=True)
    return answers


def allowed_rows():
    text = (ROOT / "docs/reference/differences.md").read_text()
    return [(step, field) for step, field in re.findall(r"^\| `([^`]+)` \| `([^`]+)` \|", text, re.M) if step.startswith("tools/")]


def kept(options):
    return json.loads(options.kept.read_text()) if options.kept and options.kept.exists() else None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--show", action="store_true", help="print every answer of both")
    parser.add_argument("--kept", type=pathlib.Path, help="Kafka's answers: read from there if it exists, else written")
    options = parser.parse_args()
    kafka = kept(options) or ask("kafka", options.only)
    if options.kept:
        options.kept.write_text(json.dumps(kafka))
    ours = ask(str(options.program.resolve()), options.only)
    rows, used, bad = allowed_rows(), set(), 0
    for title in dict.fromkeys([*kafka, *ours]):
        theirs, mine = kafka.get(title, {}), ours.get(title, {})
        if options.show:
            print(title, "\n  Kafka", json.dumps(theirs), "\n  ours ", json.dumps(mine))
        for field in dict.fromkeys([*theirs, *mine]):
            if theirs.get(field) == mine.get(field):
                continue
            found = {row for row in rows if fnmatch.fnmatchcase(title, row[0]) and fnmatch.fnmatchcase(field, row[1])}
            used |= found
            if not found:
                bad += 1
                only_theirs, only_mine = theirs.get(field), mine.get(field)
                if isinstance(only_theirs, list) and isinstance(only_mine, list):
                    only_theirs, only_mine = ([line for line in a if line not in b] for a, b in
                                              ((only_theirs, only_mine), (only_mine, only_theirs)))
                print(f"{title}: {field}:\n    Kafka {str(only_theirs)[:1500]}\n    ours  {str(only_mine)[:1500]}")
    idle = [] if options.only else [row for row in rows if row not in used]
    for row in idle:
        print(f"not needed any more: {row[0]} {row[1]}")
    print(f"{len(kafka)} commands, {bad} differences that are not allowed, {len(rows)} that are")
    sys.exit(1 if bad or idle else 0)


if __name__ == "__main__":
    main()
