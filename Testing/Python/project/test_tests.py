"""Rules for the tests themselves."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.paths import TESTING, python_files

TESTS = TESTING / "Python"
CLOCK = re.compile(r"\b(perf_counter|monotonic)(_ns)?\(|\btime\.time(_ns)?\(|subprocess\.run\([^#\n]*timeout=")
MAY_READ_IT = {"slicer_helpers.py"}
"""Waits for what another thread does, and gives up after minutes."""
MAY_BE_EMPTY = re.compile(r"glob\(|iterdir\(|\.entries|\.returned\(|\bread\(|find_series|check_files\(")
"""What is found or was written: without `nonempty.some`, assertions about each of them hold if there is nothing."""


def test_no_test_depends_on_how_fast_the_machine_is():
    found = [path.name for path in python_files(TESTS) if CLOCK.search(path.read_text("utf-8"))]
    assert set(found) <= MAY_READ_IT


def _only_assertions(test: ast.FunctionDef) -> Iterator[ast.expr]:
    """Yield what a test loops over, if all its assertions are in loops, or its only one is about all of something."""
    assertions = [node for node in ast.walk(test) if isinstance(node, ast.Assert)]
    loops = [node for node in ast.walk(test) if isinstance(node, ast.For)]
    asserting = [loop for loop in loops if any(isinstance(node, ast.Assert) for node in ast.walk(loop))]
    inside = {id(node) for loop in asserting for node in ast.walk(loop)}
    if assertions and all(id(node) in inside for node in assertions):
        yield from (loop.iter for loop in asserting)
    if len(assertions) == 1 and isinstance(call := assertions[0].test, ast.Call) and ast.unparse(call.func) == "all":
        yield from (part.generators[0].iter for part in call.args if isinstance(part, ast.GeneratorExp))


@pytest.mark.parametrize(
    "path", [path for path in python_files(TESTS) if "slicer_side" not in path.parts], ids=lambda path: path.stem
)
def test_assertions_about_each_of_some_things_need_a_thing(path: Path):
    tests = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.FunctionDef)]
    loops = [
        (test.name, ast.unparse(loop)) for test in tests if test.name.startswith("test_") for loop in _only_assertions(test)
    ]
    assert [loop for loop in loops if MAY_BE_EMPTY.search(loop[1]) and not re.search("some\\(|strict=True", loop[1])] == []
