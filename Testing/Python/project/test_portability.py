"""Text files have the same bytes on every system: Windows would end their lines with two characters."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from places import MODULE

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
