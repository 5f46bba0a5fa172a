"""The examples in the docstrings of all public names run, and there is one for each."""

from __future__ import annotations

import doctest
import inspect
import re
from pathlib import Path

import pytest

import nifti_dicom_bridge
from nifti_dicom_bridge import make_sample

OPTIONS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL


def documented() -> list[tuple[str, object]]:
    """Return the public classes and functions, and the public methods that are written here."""
    found = []
    for name in nifti_dicom_bridge.__all__:
        public = getattr(nifti_dicom_bridge, name)
        if inspect.isfunction(public) or inspect.isclass(public):
            found.append((name, public))
    return found


@pytest.fixture
def scans(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A series in the folder ``scans``, as the examples expect."""
    make_sample(tmp_path / "scans")
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(("name", "public"), documented(), ids=[name for name, _ in documented()])
def test_the_examples_of_a_public_name_run(name: str, public: object, scans: None) -> None:
    module = inspect.getmodule(public)
    tests = doctest.DocTestFinder(recurse=True).find(public, name, module=module, globs={})
    assert any(test.examples for test in tests), f"{name} has no example"
    runner = doctest.DocTestRunner(optionflags=OPTIONS)
    reports: list[str] = []
    for test in tests:
        runner.run(test, out=reports.append)
    assert not runner.failures, "".join(reports)


def documented_parameters(text: str) -> set[str]:
    """Return the names in the section Parameters of a docstring."""
    section = re.search(r"^Parameters\n-+\n(.*?)(?=\n\n|\Z)", text, re.MULTILINE | re.DOTALL)
    lines = section[1].splitlines() if section else []
    return {name.strip(" *") for line in lines if line[:1] != " " for name in line.split(" :")[0].split(",")}


FUNCTIONS = [(name, public) for name, public in documented() if inspect.isfunction(public)]


@pytest.mark.parametrize(("name", "function"), FUNCTIONS, ids=[name for name, _ in FUNCTIONS])
def test_a_public_function_documents_its_parameters_and_its_result(name: str, function: object) -> None:
    signature, text = inspect.signature(function), inspect.getdoc(function) or ""  # type: ignore[arg-type]
    assert [parameter for parameter in signature.parameters if parameter not in documented_parameters(text)] == []
    assert signature.return_annotation in ("None", None) or re.search(r"^(Returns|Yields)\n---", text, re.MULTILINE)
