"""Docstrings state the errors that functions raise, and name parameters and classes as the code does."""

from __future__ import annotations

import ast
import builtins
import re
from functools import lru_cache
from pathlib import Path

import pytest

from support.paths import CORE, python_files


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


ROW = re.compile(r"^ *([\w*]+(?:, [\w*]+)*) : (.+)$", re.MULTILINE)
"""Names and type of a row of the sections Parameters and Attributes."""
FOREIGN = {"Any", "Connection", "Dask", "Dataset", "Path", "PurePosixPath"}
"""Names of other packages in them."""


@lru_cache(maxsize=1)
def trees() -> list[tuple[Path, ast.Module]]:
    """Return the modules of the core."""
    return [(path, ast.parse(path.read_text("utf-8"))) for path in python_files(CORE)]


def _documented(node: ast.FunctionDef) -> set[str]:
    section = re.search(r"Parameters\n-+\n(.*?)(?:\n\n\w+\n-+|\Z)", ast.get_docstring(node) or "", re.DOTALL)
    rows = ROW.findall(section[1]) if section else []
    return {name.strip().lstrip("*") for names, _ in rows for name in names.split(",")}


def _names_of_classes(tree: ast.Module) -> set[str]:
    """Return the classes and aliases of types that a module defines."""
    targets = [target for node in ast.walk(tree) if isinstance(node, ast.Assign) for target in node.targets]
    names = {target.id for target in targets if isinstance(target, ast.Name)}
    return names | {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}


@pytest.mark.slow
def test_documented_parameters_are_those_of_the_function() -> None:
    functions = [(path, node) for path, tree in trees() for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    wrong = [
        f"{path.relative_to(CORE)}: {node.name}"
        for path, node in functions
        if _documented(node) - {argument.arg for argument in ast.walk(node.args) if isinstance(argument, ast.arg)}
    ]
    assert wrong == []


@pytest.mark.slow
def test_classes_that_docstrings_name_as_types_exist() -> None:
    known = set(dir(builtins)) | FOREIGN | set().union(*(_names_of_classes(tree) for _, tree in trees()))
    documented = [
        (path, kind)
        for path, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.ClassDef))
        for _, kind in ROW.findall(ast.get_docstring(node) or "")
    ]
    unknown = [
        f"{path.relative_to(CORE)}: {kind}"
        for path, kind in documented
        if set(re.findall(r"(?<![\w.`])[A-Z]\w+", kind)) - known
    ]
    assert unknown == []
