"""Classes, functions and modules have the names of docs/glossary.md, not those of the first releases; locals, too."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from support.paths import CORE, LIB, python_files

# names of the first releases, and words without a meaning outside of their file
OLD_NAMES = {
    "Told", "told_by", "attributes_told", "Carried", "carried", "gather", "gathered", "Whole", "Piece", "Described",
    "described", "parts_of", "suited", "legal", "written_well", "with_known_words", "Made", "made_of", "write_made",
    "Making", "Work", "Public", "failures_in", "NiftiFile", "Beside", "beside", "beside_words", "unheard", "turned",
    "same_bits", "tidy", "Heap", "Card", "Checklist", "Form", "FORMS", "Known", "Choices", "Return", "RETURNS",
    "pet_returns", "remembered", "look_at", "Looked", "sight_of", "sight", "verdict", "retold", "as_shown", "Stored",
    "Rules", "telling_apart", "deciding", "completing", "placing", "Spoken", "spoken", "see_the_rest", "AsLoaded",
    "AsMeant", "ControlWords", "KindWords", "NewNodes", "Originals", "Own", "Proposing", "Running", "SegmentOriginals",
    "Staged", "StagedNodes", "Tasks", "TurnedImages", "Where", "Words", "dress", "turned_like", "what_it_is",
}  # fmt: skip


def names_defined_in(path: Path) -> list[tuple[str, int]]:
    """Return the names of a module, its classes, functions and methods, with their lines."""
    tree = ast.parse(path.read_text("utf-8"))
    kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return [(path.stem, 1), *((node.name, node.lineno) for node in ast.walk(tree) if isinstance(node, kinds))]


# local names without a relation to their content
EMPTY_NAMES = {"found", "told", "said", "heap", "card", "cards", "lying"}


def local_names_in(path: Path) -> list[tuple[str, int]]:
    """Return the variables that a module assigns and the parameters of its functions, with their lines."""
    tree = ast.parse(path.read_text("utf-8"))
    stored = [
        (node.id, node.lineno) for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    ]
    return stored + [(node.arg, node.lineno) for node in ast.walk(tree) if isinstance(node, ast.arg)]


@pytest.mark.parametrize("path", [*python_files(CORE), *python_files(LIB)], ids=lambda path: path.name)
def test_no_name_of_the_first_releases_is_used(path: Path) -> None:
    assert [(name, line) for name, line in names_defined_in(path) if name.lstrip("_") in OLD_NAMES] == []


@pytest.mark.parametrize("path", [*python_files(CORE), *python_files(LIB)], ids=lambda path: path.name)
def test_local_names_are_words_for_their_content(path: Path) -> None:
    """The ``found`` of an `OptionError` is the value that was found: the placeholder of its message."""
    public = path.name in ("errors.py", "wording.py", "rule.py")
    assert [(name, line) for name, line in local_names_in(path) if name in EMPTY_NAMES and not public] == []
