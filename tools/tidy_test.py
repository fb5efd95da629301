#!/usr/bin/env python3
"""tidy.py must name each planted breach, and stay silent where all is well."""
import json
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import tidy


class TidyTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.root = pathlib.Path(self.folder.name)
        self.write("tools/layers.txt", "0 base\n1 log base\n")

    def tearDown(self):
        self.folder.cleanup()

    def write(self, path, text):
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)

    def rules_of(self, path, text):
        self.write(path, text)
        return [line.split(": ")[1] for line in tidy.check(self.root) if line.startswith(path + ":")]

    def test_each_planted_breach_is_named(self):
        for path, text, rule in [
            ("src/log/a.cc", "int fd = ::open(path, 0);\n", "file"),
            ("src/log/a.cc", "std::ofstream out(path);\n", "file"),
            ("src/log/a.cc", "int s = ::socket(1, 2, 3);\n", "socket"),
            ("src/log/a.cc", "auto now = std::chrono::steady_clock::now();\n", "clock"),
            ("src/log/a.cc", "std::mt19937 generator;\n", "random"),
            ("src/log/a_test.cc", "std::this_thread::sleep_for(1ms);\n", "sleep"),
            ("src/log/a.cc", "co_await next();\n", "coroutine"),
            ("src/log/a.cc", "#include <regex>\n", "header"),
            ("src/log/a.cc", "assert(x);\n", "assert"),
            ("src/log/a_test.cc", "TEST(Log, DISABLED_Works) {}\n", "disabled"),
            ("src/log/a.h", "int x;\n", "pragma"),
            ("docs/a.md", "see TO" + "DO\n", "unfinished"),
            ("docs/a.md", "open '" + "/ro" + "ot/x'\n", "path"),
            ("docs/a.md", "from reg" + "istry.npmjs" + ".org\n", "host"),
            ("src/log/a.cc", "// line\n" * 501, "file-length"),
            ("src/log/a.cc", "void f() {\n" + "  g();\n" * 70 + "}\n", "function-length"),
        ]:
            with self.subTest(rule=rule, text=text[:60]):
                self.assertEqual(self.rules_of(path, text), [rule])
                (self.root / path).unlink()

    def test_what_the_door_to_the_system_may_do_is_clean(self):
        self.assertEqual(self.rules_of("src/base/os/files.cc", "int fd = ::open(path, 0);\n"), [])

    def test_a_line_with_a_reason_is_let_through(self):
        self.assertEqual(self.rules_of("src/log/a.cc", "int fd = ::open(p, 0);  // tidy: file, because the test says so\n"), [])

    def test_a_module_without_a_readme_or_with_a_long_one_is_named(self):
        self.write("src/log/a.cc", "")
        self.assertEqual(self.rules_of("src/base/a.cc", ""), [])
        self.assertTrue(any(line.startswith("src/log/README.md:") for line in tidy.check(self.root)))
        self.assertEqual(self.rules_of("src/log/README.md", "line\n" * 61), ["readme"])
        self.assertEqual(self.rules_of("src/log/README.md", "line\n" * 60), [])

    def test_a_test_that_nothing_compiles_is_named(self):
        for name in ("a_test.cc", "b_test.cc"):
            self.write(f"src/log/{name}", "")
        self.write("build/compile_commands.json", json.dumps([{"file": str((self.root / "src/log/a_test.cc").resolve())}]))
        lines = [line for line in tidy.check(self.root.resolve(), self.root / "build") if ": registered: " in line]
        self.assertEqual([line.split(":")[0] for line in lines], ["src/log/b_test.cc"])


if __name__ == "__main__":
    unittest.main()
