"""Scripts that no test runs, such as trials and benchmarks, import names that exist."""

from __future__ import annotations

import ast
from importlib import import_module
from pathlib import Path

import pytest

TESTING = Path(__file__).parents[2]
SCRIPTS = sorted(
    path
    for folder in ("trials", "benchmarks", "documentation", ".")
    for path in (TESTING / folder).glob("*.py" if folder == "." else "**/*.py")
)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: str(path.relative_to(TESTING)))
def test_imported_names_exist(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("nifti_dicom_bridge") and not node.level:
            module = import_module(node.module or "")
            for alias in node.names:
                assert hasattr(module, alias.name) or import_module(f"{node.module}.{alias.name}")
