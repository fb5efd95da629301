#!/usr/bin/env python3
"""The house rules that no compiler checks: names each breach as file:line: rule: what to do instead.

  tools/tidy.py [--root FOLDER] [--build FOLDER]
        --build: a configured build folder; then every *_test.cc must be compiled in it

A line may end with `// tidy: RULE, because ...` to be let through; the reason is for the reader.
Exit status 0: clean, 1: breaches.
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys

CODE = {".cc", ".h"}
SCRIPTS = {".py", ".sh", ".java", ".ts", ".svelte"}
SKIPPED = {".git", ".cache", "node_modules", "__pycache__", "demo-data", "target", "corpus", "golden"}
FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 70
README_LINES_MAX = 60

# Put together from pieces, so that this file may stand under its own rule.
HOSTS = ["debian" + ".org", "npmjs" + ".org", "pypi" + ".org", "pythonhosted" + ".org", "maven" + ".org",
         "proxy.golang" + ".org", "crates" + ".io"]
MACHINE_PATHS = ["work", "farm", "root", "tmp"]
UNFINISHED = ["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"]


class Rule:
    def __init__(self, name, pattern, advice, applies):
        self.name, self.pattern, self.advice, self.applies = name, re.compile(pattern), advice, applies


def in_source(path):
    return path.startswith("src/") and path.endswith((".cc", ".h"))


def is_test(path):
    return bool(re.search(r"_(test|fuzz|bench)\.cc$|_for_tests\.(cc|h)$|^src/.*/interop/", path)) or path.startswith(("testing/", "tests/", "bench/"))


def product(path):
    return in_source(path) and not is_test(path)


def outside_os(path):
    return product(path) and not path.startswith("src/base/os/")


def any_code(path):
    return path.endswith((".cc", ".h"))


def any_text(path):
    return path != "LICENSE"


RULES = [
    Rule("unfinished", r"\b(" + "|".join(UNFINISHED) + r")\b", "finish it, or write an issue", any_text),
    Rule("host", "|".join(re.escape(host) for host in HOSTS), "name packages, never a registry's host", any_text),
    Rule("path", r"[\"'`= (](/(" + "|".join(MACHINE_PATHS) + r"))/", "a path of one machine; take a folder from outside", any_text),
    Rule("sleep", r"\b(sleep_for|sleep_until|usleep|nanosleep)\s*\(", "wait for the condition, with a bound", any_code),
    Rule("file", r"(?<![\w.>])::(open|openat|fdatasync|fsync|pwrite|pwritev|mmap|unlink|rename)\s*\(|\bf(open|dopen)\s*\(|\bstd::[io]?fstream\b",
         "go through base/os/files.h, so that a simulated disk can stand behind it", outside_os),
    Rule("socket", r"(?<![\w.>])::(socket|connect|bind|listen|accept4?)\s*\(", "go through base/os/net.h", outside_os),
    Rule("clock", r"\b(system_clock|steady_clock|high_resolution_clock)::now\b|\b(clock_gettime|gettimeofday)\s*\(",
         "go through base/os/clock.h, so that tests own the time", outside_os),
    Rule("random", r"\bstd::(random_device|mt19937\w*)\b|(?<![\w.:])(rand|srand)\s*\(", "go through base/os", outside_os),
    Rule("coroutine", r"\bco_(await|yield|return)\b", "g++ 12 miscompiles coroutines", any_code),
    Rule("header", r"#include <(regex|format|print|iostream|bits/stdc\+\+\.h)>", "too heavy, or not in g++ 12", product),
    Rule("using", r"^\s*using namespace std;", "name what is used", any_code),
    Rule("assert", r"(?<![\w_])assert\s*\(", "HOLDFAST_CHECK, which also stands in a release", product),
    Rule("disabled", r"\bDISABLED_\w+", "a test that does not run proves nothing", any_code),
]


def files_of(root):
    """Every committed or new file that is not ignored; the whole tree where there is no git."""
    listed = subprocess.run(["git", "-C", str(root), "ls-files", "-co", "--exclude-standard"], capture_output=True, text=True)
    if listed.returncode == 0 and listed.stdout:
        names = sorted(set(listed.stdout.splitlines()))
    else:
        names = sorted(p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file())
    return [n for n in names if not SKIPPED & set(n.split("/")[:-1]) and (root / n).is_file()]


def long_functions(lines):
    """(line, length) of functions longer than the bound: a line that ends with an opening brace to its closing one, by layout."""
    for start, line in enumerate(lines):
        if not line.endswith("{") or re.match(r"\s*(namespace|class|struct|union|enum|extern|template|//|#)", line):
            continue
        indent = len(line) - len(line.lstrip())
        if indent > 2 or ")" not in "".join(lines[max(0, start - 3) : start + 1]):
            continue
        for end in range(start + 1, len(lines)):
            if lines[end].startswith(" " * indent + "}"):
                if end - start + 1 > FUNCTION_LINES_MAX:
                    yield start + 1, end - start + 1
                break


def check_text(name, text):
    lines = text.splitlines()
    suffix = pathlib.PurePosixPath(name).suffix
    if suffix in CODE | SCRIPTS and len(lines) > FILE_LINES_MAX:
        yield f"{name}:{len(lines)}: file-length: {len(lines)} lines; one concept each, at most {FILE_LINES_MAX}"
    if suffix == ".h" and "#pragma once" not in text:
        yield f"{name}:1: pragma: a header begins with #pragma once"
    if suffix == ".cc" and not name.endswith("_test.cc"):
        for line, length in long_functions(lines):
            yield f"{name}:{line}: function-length: {length} lines; at most {FUNCTION_LINES_MAX}"
    rules = [rule for rule in RULES if rule.applies(name)]
    for number, line in enumerate(lines, 1):
        for rule in rules:
            if rule.pattern.search(line) and f"tidy: {rule.name}," not in line:
                yield f"{name}:{number}: {rule.name}: {rule.advice}"


def check_readmes(root, names):
    modules = [line.split()[1] for line in (root / "tools/layers.txt").read_text().splitlines()
               if line.split("#")[0].split()]
    for module in modules:
        readme = f"src/{module}/README.md"
        if not any(n.startswith(f"src/{module}/") for n in names):
            continue
        if readme not in names:
            yield f"{readme}:1: readme: a module says what it is, what it is not, its invariants and where to begin"
        elif len((root / readme).read_text().splitlines()) > README_LINES_MAX:
            yield f"{readme}:{README_LINES_MAX}: readme: at most {README_LINES_MAX} lines"


def check_registered(root, build, names):
    compiled = {entry["file"] for entry in json.loads((build / "compile_commands.json").read_text())}
    for name in names:
        if name.endswith("_test.cc") and str((root / name).resolve()) not in compiled:
            yield f"{name}:1: registered: this test is compiled by no target"


def check(root, build=None):
    names = files_of(root)
    breaches = []
    for name in names:
        try:
            text = (root / name).read_text()
        except UnicodeDecodeError:
            continue
        breaches += check_text(name, text)
    breaches += check_readmes(root, names)
    if build:
        breaches += check_registered(root, build, names)
    return breaches


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--root", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent.parent)
    arguments.add_argument("--build", type=pathlib.Path)
    options = arguments.parse_args()
    breaches = check(options.root.resolve(), options.build)
    print("\n".join(breaches) if breaches else "tidy: clean")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
