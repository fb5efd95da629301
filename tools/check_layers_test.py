#!/usr/bin/env python3
"""check_layers.py must name each planted breach, and stay silent where all is well."""
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import check_layers

HERE = pathlib.Path(__file__).resolve().parent


class LayersTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.root = pathlib.Path(self.folder.name)
        self.write("tools/layers.txt", (HERE / "layers.txt").read_text())
        for header in ("base/result.h", "base/os/files.h", "record/batch.h", "wire/frame.h", "event/event.h", "log/log.h",
                       "broker/broker.h", "audit/audit.h", "pipeline/pipeline.h", "cli/cli.h", "sink/duckdb/sink.h",
                       "source/file/source.h", "repair/repair.h", "kafka/producer.h"):
            self.write(f"src/{header}", "#pragma once\n")

    def tearDown(self):
        self.folder.cleanup()

    def write(self, path, text):
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)

    def rules_of(self, path, text):
        """Writes one file and returns (line, rule) of every breach found in it."""
        self.write(path, text)
        status, lines = check_layers.check(self.root)
        found = [line.split(":") for line in lines if line.startswith(path)]
        self.assertEqual(len(found), len(lines), lines)
        self.assertEqual(status, 1 if lines else 0)
        return [(int(parts[1]), parts[2].strip()) for parts in found]

    def test_what_the_table_allows_is_clean(self):
        self.assertEqual(self.rules_of("src/log/log.cc", '#include "log/log.h"\n#include "record/batch.h"\n#include <vector>\n'), [])

    def test_a_use_that_the_table_does_not_allow_is_named_with_its_line(self):
        self.assertEqual(self.rules_of("src/kafka/p.cc", '#include <vector>\n#include "log/log.h"\n'), [(2, "layer")])

    def test_each_rule_that_no_table_lifts_is_named(self):
        for path, include, rule in [
            ("src/pipeline/x.cc", '"broker/broker.h"', "never-1"),
            ("src/sink/duckdb/x.h", '"wire/frame.h"', "never-1"),
            ("src/log/x.cc", '"event/event.h"', "never-2"),
            ("src/broker/x.cc", '"kafka/producer.h"', "never-2"),
            ("src/audit/x.cc", '"pipeline/pipeline.h"', "never-3"),
            ("src/repair/x.cc", '"audit/audit.h"', "never-3"),
            ("src/wire/x.cc", '"base/os/files.h"', "never-4"),
            ("src/broker/coordinator/x.cc", "<thread>", "never-4"),
            ("src/source/file/x.cc", '"sink/duckdb/sink.h"', "never-5"),
            ("src/drill/x.cc", '"cli/cli.h"', "never-6"),
            ("src/event/x.cc", '"testing/temporary_folder.h"', "never-7"),
            ("src/pipeline/x.cc", "<duckdb.h>", "third-party"),
            ("src/event/x.cc", '"event/gone.h"', "unknown"),
        ]:
            with self.subTest(path=path, include=include):
                self.assertEqual(self.rules_of(path, f"#include {include}\n"), [(1, rule)])
                (self.root / path).unlink()

    def test_a_heavy_header_is_named_only_where_other_modules_see_it(self):
        heavy = "#include <librdkafka/rdkafka.h>\n"
        self.assertEqual(self.rules_of("src/kafka/handle.h", heavy), [])
        self.write("src/pipeline/user.cc", '#include "kafka/producer.h"\n')
        self.assertEqual(self.rules_of("src/kafka/handle.h", heavy), [])
        self.write("src/kafka/producer.h", '#include "kafka/handle.h"\n')
        self.assertEqual(self.rules_of("src/kafka/handle.h", heavy), [(1, "third-party")])

    def test_a_test_beside_the_code_may_include_anything(self):
        self.assertEqual(self.rules_of("src/wire/x_test.cc", '#include "broker/broker.h"\n#include "testing/a.h"\n'), [])

    def test_a_folder_that_is_no_module_is_named(self):
        self.assertEqual(self.rules_of("src/misc/x.cc", ""), [(1, "unknown")])

    def test_a_link_that_the_table_does_not_allow_is_named(self):
        self.assertEqual(self.rules_of("src/event/CMakeLists.txt", "holdfast_module(event USES base kafka LIBS fmt::fmt)\n"),
                         [(1, "layer")])

    def test_a_table_that_points_upwards_is_refused(self):
        self.write("tools/layers.txt", "0 base event\n1 event base\n")
        self.assertEqual(check_layers.check(self.root)[0], 2)


if __name__ == "__main__":
    unittest.main()
