"""Classes, functions and modules have the names of docs/glossary.md, not those of the first releases."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from places import CORE, python_files

# names of the first releases, and words that say nothing without their file
OLD_NAMES = {
    "Told", "told_by", "attributes_told", "Carried", "carried", "gather", "gathered", "Whole", "Piece", "Described",
    "described", "parts_of", "suited", "legal", "written_well", "with_known_words", "Made", "made_of", "write_made",
    "Making", "Work", "Public", "failures_in", "NiftiFile", "Beside", "beside", "beside_words", "unheard", "turned",
    "same_bits", "tidy", "Heap", "Card", "Checklist", "Form", "FORMS", "Known", "Choices", "Return", "RETURNS",
    "pet_returns", "remembered", "look_at", "Looked", "sight_of", "sight", "verdict", "retold", "as_shown", "Stored",
    "Rules", "telling_apart", "deciding", "completing", "placing", "Spoken", "spoken", "see_the_rest",
}  # fmt: skip


def names_defined_in(path: Path) -> list[tuple[str, int]]:
    """Return the names of a module, its classes, functions and methods, with their lines."""
    tree = ast.parse(path.read_text("utf-8"))
    kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return [(path.stem, 1), *((node.name, node.lineno) for node in ast.walk(tree) if isinstance(node, kinds))]


@pytest.mark.parametrize("path", python_files(CORE), ids=lambda path: path.name)
def test_no_name_of_the_first_releases_is_used(path: Path) -> None:
    assert [(name, line) for name, line in names_defined_in(path) if name.lstrip("_") in OLD_NAMES] == []
