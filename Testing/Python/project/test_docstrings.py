"""Docstrings state the errors that functions raise: who calls them must know what to expect."""

from __future__ import annotations

import ast
from pathlib import Path

from places import CORE, python_files


def silent_functions(path: Path) -> list[str]:
    """Return the functions of a module that raise an error of their own, and whose docstrings do not state that."""
    functions = [node for node in ast.parse(path.read_text("utf-8")).body if isinstance(node, ast.FunctionDef)]
    return [
        f"{path.relative_to(CORE)}: {node.name}"
        for node in functions
        if not node.name.startswith("_")
        and any(isinstance(inner, ast.Raise) and inner.exc is not None for inner in ast.walk(node))
        and not any(word in (ast.get_docstring(node) or "").lower() for word in ("raise", "refuse"))
    ]


def test_a_function_that_raises_an_error_states_it() -> None:
    assert [line for path in python_files(CORE) for line in silent_functions(path)] == []
