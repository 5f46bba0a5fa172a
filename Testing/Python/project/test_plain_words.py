"""Text is plain technical English: the dialect of the first releases is counted, and may not come back.

`DIALECT` has words with which things speak, stand, lie or know, and some that native speakers do not use. A few of them are
right now and then ("a user says"), so that a small number is allowed.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.paths import CORE, LIB, MODULE, ROOT, python_files

DIALECT = {
    "tell, told": r"\b(?:tells?|told|telling)\b",
    "say, said": r"\b(?:says?|said|saying)\b",
    "is no …": r"(?<![Tt]here )\b(?:is|are|was|were) no (?!longer\b|one\b|more\b|other\b|labels\.)",
    "nobody": r"\bnobody\b",
    "stand": r"\b(?:stands?|stood|standing)\b(?! ?-?alone|-ins?\b)",
    "lie": r"\b(?:lies|lie|lying|lay)\b",
    "beside": r"\bbeside\b",
    "the standard wants": r"\b(?<!user )wants\b",
    "anew": r"\banew\b",
    "speak": r"\b(?:speaks?|spoken)\b",
    "nasty": r"\bnasty\b",
    "whose it is": r"\b(?:whose|who) it is\b",
    "honest": r"\bhonest\b",
    "maker": r"\bmakers?\b",
    "carry": r"\bcarr(?:y|ies|ied)\b",
    "so many": r"\bso many\b",
    "for good": r"\bfor good\b",
    "whole or not at all": r"\bwhole or not\b",
    "begun": r"\bbegun\b(?!,)",
    "door": r"\bdoors?\b",
    "gives back": r"\bg[ia]ves? (?:\w+ )?back\b|\bgiven back\b",
    "British spelling": (
        r"\b(?:coloured|colours?|greys?|centres?|licence|\w*metres?|neighbou\w+|centred|quantis\w+|label(?:led|ling)|organis\w+|recognis\w+)\b"
    ),
}
PER_1000_WORDS = 0.1
"""Allowed number of these words in a thousand words."""
QUOTED = re.compile(r"```.*?```|``[^`]*``|`[^`]*`|<!--.*?-->", re.DOTALL)
"""Code is not prose."""


def texts_of_python(path: Path) -> Iterator[str]:
    """Yield the comments, docstrings and messages of a module; a message contains a space."""
    source = path.read_text("utf-8")
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.string
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            yield "\n".join(line for line in node.value.splitlines() if ">>>" not in line)


def text_files() -> list[Path]:
    """Return the pages for people."""
    data = [CORE / "data" / "bids_map.json", CORE / "data" / "sidecar.schema.json"]
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(CORE / "data" / "html_report").iterdir()]
    return [*pages, *data, MODULE / "Resources" / "UI" / "NiftiDicomBridge.ui"]


def counted(texts: Iterator[str] | list[str]) -> tuple[Counter[str], int]:
    """Return how often each pattern occurs, and the number of words."""
    found: Counter[str] = Counter()
    words = 0
    for text in texts:
        prose = QUOTED.sub(" ", text)
        words += len(prose.split())
        for name, pattern in DIALECT.items():
            found[name] += len(re.findall(pattern, prose, re.IGNORECASE))
    return found, words


@pytest.mark.slow
@pytest.mark.parametrize("texts", ["code", "tests", "documentation"])
def test_the_dialect_is_rare(texts: str) -> None:
    if texts == "documentation":
        found, words = counted([path.read_text("utf-8") for path in text_files()])
    else:
        folders = (CORE, LIB) if texts == "code" else (ROOT / "Testing",)
        paths = [path for folder in folders for path in python_files(folder) if path != Path(__file__)]
        found, words = counted([text for path in paths for text in texts_of_python(path)])
    assert words > 10_000
    assert 1000 * found.total() / words <= PER_1000_WORDS, +found


def test_the_dialect_is_recognized() -> None:
    found, _ = counted(["its name says so; nobody tells. It is no image: it lies beside the grey one, and stands there anew."])
    assert found.total() == 9
    assert counted(["There is no image. `says` and the colored ones are allowed."])[0].total() == 0
