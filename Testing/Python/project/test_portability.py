"""Text files have the same bytes on every system, and Slicer gets paths as it writes them, on Windows too."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from support.paths import MODULE

SOURCES = sorted(path for path in MODULE.rglob("*.py") if not {"Testing", "Resources"} & set(path.relative_to(MODULE).parts))


def text_writers(tree: ast.AST) -> Iterator[ast.Call]:
    """Yield the calls that write text: ``write_text``, and ``open`` for writing without ``b``."""
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call):
            continue
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        modes = [a.value for a in call.args[:2] if isinstance(a, ast.Constant) and isinstance(a.value, str)]
        writes = any(mode.strip("+t") in ("w", "a", "x") for mode in modes)
        if name == "write_text" or (name == "open" and writes and any(word.arg == "encoding" for word in call.keywords)):
            yield call


def test_text_is_written_with_the_line_ends_of_all_systems() -> None:
    found = {path: list(text_writers(ast.parse(path.read_text("utf-8")))) for path in SOURCES}
    without = [
        f"{path.relative_to(MODULE)}:{call.lineno}"
        for path, calls in found.items()
        for call in calls
        if not any(word.arg == "newline" for word in call.keywords)
    ]

    assert len([call for calls in found.values() for call in calls]) > 10
    assert without == []


def test_calls_that_write_text_are_found() -> None:
    tree = ast.parse('p.write_text("a")\nopen(p, "a", encoding="utf-8")\nopen(p, "wb")\nopen(p)\np.open("w", encoding="utf-8")')

    assert [call.lineno for call in text_writers(tree)] == [1, 2, 5]


TAKE_PATHS = {"fileValue", "fileValueExists", "openDatabase", "addListOfFiles", "SetFileName"}
"""Functions of CTK and VTK that compare paths as text or make them relative, and expect slashes on Windows."""


def paths_with_separators_of_the_system(tree: ast.AST) -> Iterator[int]:
    """Yield the lines of calls of `TAKE_PATHS`, and of ``fileName`` in properties, with ``str(path)``."""
    for node in ast.walk(tree):
        values: list[ast.expr] = []
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in TAKE_PATHS:
            values = node.args
        elif isinstance(node, ast.Dict):
            values = [
                value for key, value in zip(node.keys, node.values, strict=True) if ast.unparse(key or value) == "'fileName'"
            ]
        inner = (part for value in values for part in ast.walk(value))
        yield from (part.lineno for part in inner if isinstance(part, ast.Call) and getattr(part.func, "id", "") == "str")


def test_slicer_gets_paths_with_slashes() -> None:
    library = [path for path in SOURCES if "NiftiDicomBridgeLib" in path.parts]
    wrong = [
        f"{path.name}:{line}"
        for path in library
        for line in paths_with_separators_of_the_system(ast.parse(path.read_text("utf-8")))
    ]

    assert len(library) > 10
    assert wrong == []


def test_paths_with_separators_of_the_system_are_found() -> None:
    tree = ast.parse(
        "a.fileValue(str(p), t)\na.SetFileName(p.as_posix())\nx = {'fileName': str(p)}\nb.addListOfFiles(d, [str(p)])"
    )

    assert sorted(paths_with_separators_of_the_system(tree)) == [1, 3, 4]
