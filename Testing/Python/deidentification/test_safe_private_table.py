"""The script that compares the table of safe private attributes with a second source."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from support.paths import TESTING


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("safe_private_table", TESTING / "safe_private_table.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_rows_are_compared_with_a_list(script: ModuleType, tmp_path: Path) -> None:
    source = tmp_path / "table.tsv"
    source.write_text("Data Element\tPrivate Creator\tVR\n(0019,xx0C)\tSIEMENS MR HEADER\tDS\n(0019,xx99)\tOTHER\tIS\n")
    found = script.theirs(source)
    assert found == {("SIEMENS MR HEADER", "0019", "0C"): "DS", ("OTHER", "0019", "99"): "IS"}
    absent, missing, differing = script.differences({key: vr for key, vr in script.ours().items() if key[1] == "0019"}, found)
    assert ("GEMS_ACQU_01", "0019", "23") in absent
    assert (missing, differing) == ([("OTHER", "0019", "99")], [("SIEMENS MR HEADER", "0019", "0C")])


def test_rows_are_read_from_the_standard(script: ModuleType, tmp_path: Path) -> None:
    source = tmp_path / "part15.xml"
    cells = "".join(f"<td><para>{text}</para></td>" for text in ("(0019,xx0C)", "SIEMENS MR HEADER", "IS", "1", "B Value"))
    source.write_text(
        f'<book xmlns="http://docbook.org/ns/docbook"><table label="E.3.10-1"><tbody><tr>{cells}</tr></tbody></table></book>'
    )
    assert script.theirs(source) == {("SIEMENS MR HEADER", "0019", "0C"): "IS"}
