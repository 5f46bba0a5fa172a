"""Names that files of the Slicer module take from each other exist; most imports there run only when a button is clicked."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.paths import LIB, MODULE, python_files


def defined_in(path: Path) -> set[str]:
    """Return the names at file scope of a module; of a package also its modules."""
    file = path.with_suffix(".py") if path.with_suffix(".py").is_file() else path / "__init__.py"
    names = {entry.stem for entry in path.iterdir()} if path.is_dir() else set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names |= {alias.asname or alias.name for alias in node.names}
    return names


def taken_names(path: Path) -> Iterator[tuple[Path, str]]:
    """Yield the module and the name of everything that a file takes from the files of its package."""
    modules: dict[str, Path] = {}
    tree = ast.parse(path.read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level:
            home = path.parents[node.level - 1].joinpath(*(node.module or "").split("."))
            for alias in node.names:
                yield home, alias.name
                if (home / f"{alias.name}.py").is_file():
                    modules[alias.asname or alias.name] = home / alias.name
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
            yield modules[node.value.id], node.attr


@pytest.mark.parametrize("path", python_files(LIB), ids=lambda path: path.relative_to(MODULE).as_posix())
def test_names_that_are_taken_from_other_files_exist(path: Path) -> None:
    for home, name in taken_names(path):
        assert name in defined_in(home), f"{home.relative_to(MODULE)} has no {name}"


def test_a_name_that_does_not_exist_is_found(tmp_path: Path) -> None:
    (tmp_path / "__init__.py").touch()
    (tmp_path / "home.py").write_text("import os\nONE = 1\n")
    (tmp_path / "user.py").write_text("from . import home\nfrom .home import ONE, other\nhome.another()\nhome.os.getpid()\n")
    missing = [name for home, name in taken_names(tmp_path / "user.py") if name not in defined_in(home)]
    assert missing == ["other", "another"]
