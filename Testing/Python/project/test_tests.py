"""Rules for the tests themselves."""

from __future__ import annotations

import re

from places import TESTING, python_files

TESTS = TESTING / "Python"
CLOCK = re.compile(r"\b(perf_counter|monotonic)(_ns)?\(|\btime\.time(_ns)?\(|subprocess\.run\([^#\n]*timeout=")
MAY_READ_IT = {"slicer_helpers.py"}
"""Waits for what another thread does, and gives up after minutes."""


def test_no_test_depends_on_how_fast_the_machine_is():
    found = [path.name for path in python_files(TESTS) if CLOCK.search(path.read_text("utf-8"))]
    assert set(found) <= MAY_READ_IT
