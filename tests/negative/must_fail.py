#!/usr/bin/env python3
"""Runs one gtest of a binary that was built with a planted bug, and passes only if exactly that test fails: not if it
passes, and not if the binary crashes or does not know the test."""
import subprocess
import sys

binary, test = sys.argv[1:]
run = subprocess.run([binary, f"--gtest_filter={test}"], capture_output=True, text=True, timeout=300)
failed = f"[  FAILED  ] {test}" in run.stdout
print("\n".join(run.stdout.splitlines()[-15:]))
print(f"exit code {run.returncode}; {test} {'failed, as it must' if failed else 'did NOT fail: the bug went unseen'}")
sys.exit(0 if failed and run.returncode == 1 else 1)
