"""Every code block of README.md and docs/ runs as it is written, here or in the test that is named here."""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
import tomllib
from pathlib import Path

import nibabel
import numpy as np
import pytest

from nifti_dicom_bridge import create_samples, read
from nifti_dicom_bridge.cli import main
from nifti_dicom_bridge.samples.demo import make_sample
from support import code_blocks
from support.paths import ROOT, TESTING, TOOL_STAND_INS

RUN_HERE = [
    "README.md", "docs/index.md", "docs/new-objects.md", "docs/zarr.md", "docs/deidentification.md", "docs/recipes/README.md",
    "docs/guide/neuroimaging.md", "docs/guide/ai-team.md", "docs/guide/python.md", "docs/reference/sidecar.md",
    "docs/rtstruct.md", "docs/command-line.md",
]  # fmt: skip
RUN_ELSEWHERE = {
    "docs/archive.md": "network/test_archive_guide.py",
    "docs/guide/slicer.md": "slicer_side/test_slicer_readme.py",
    "docs/labels.md": "conversion/inputs/test_ai_results.py",
    "docs/recipes/": "conversion/apply/test_tool_layouts.py",
}
NOT_RUN = {
    "docs/offline.md": "needs the network, or a Slicer",
    "docs/created-objects.md": "a trial of hours",
    "docs/scale.md": "needs several computers; the tests of clusters run the same on one",
    "CONTRIBUTING.md": "the set-up of a clone: .ci/run does the same",
}
TEXT_ONLY = {"text", "sh", "powershell", "bash"}
"""Languages of blocks that are not run here; .ci/run runs the two bash blocks of the README."""


def _page_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return a folder with what the guides assume: DICOM, results of research, tools on the PATH, a key, a table."""
    monkeypatch.chdir(tmp_path)
    make_sample(tmp_path / "scans")
    (tmp_path / "study.key").write_bytes(bytes(range(32)))
    (tmp_path / "study.key").chmod(0o600)
    (tmp_path / "table.csv").write_text("PatientID,Pseudonym\nDEMO-1,P01\n")
    tools = tmp_path / "bin"
    tools.mkdir()
    for name, script in (("denoise", "guide_tools"), ("threshold", "guide_tools"), ("TotalSegmentator", "layouts")):
        source = TOOL_STAND_INS / f"{script}.py"
        tool = tools / name
        tool.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{source}" {name.lower()} "$@"\n')
        tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tools) + os.pathsep + os.environ["PATH"])
    return tmp_path


def make_research(reference: str) -> None:
    """Write what a researcher made of a series: a label map, a map of real values, an image without a sidecar."""
    volume = read(reference)[0]
    real = np.swapaxes(volume.real_values()[0], 0, 2)
    for name, voxels in (
        ("lesions_dseg", (real > np.median(real)).astype(np.uint8)),
        ("T1map", (np.abs(real) / 7).astype(np.float32)),
        ("brain", np.rint(real).astype(np.int16)),
    ):
        nibabel.save(nibabel.Nifti1Image(voxels, volume.ijk_to_ras), f"{name}.nii.gz")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="the stand-ins of tools are shell scripts")
@pytest.mark.parametrize("page", RUN_HERE)
def test_the_blocks_of_a_page_run_one_after_the_other(page, folder, capsys):
    path = ROOT / page
    if page == "README.md":
        create_samples(folder / "samples")
    make_research("samples/CT" if page == "README.md" else "scans")
    if page == "docs/reference/sidecar.md":
        assert main(["convert", "scans", "--to", "nifti", "-o", "nifti"]) == 0
    count, names = 0, {}
    for language, text in code_blocks.all_blocks(path):
        if language == "python":
            exec(compile(text, page, "exec"), names)
            count += 1
        for command in code_blocks.commands_of(text, "nifti-dicom-bridge") if language == "console" else ():
            if "$ARCHIVE" not in text:
                assert main(shlex.split(command)[1:]) == 0, (command, capsys.readouterr())
                count += 1
    assert count > 0
    if page == "README.md":
        assert "=> SAME" in capsys.readouterr().out


def test_every_page_with_code_is_run_or_has_a_reason():
    named = {*RUN_HERE, *NOT_RUN}
    starts = tuple(RUN_ELSEWHERE)
    for path in code_blocks.pages():
        languages = {language for language, _ in code_blocks.all_blocks(path)} & {"console", "python"}
        page = _page_of(path)
        assert not languages or page in named or page.startswith(starts), f"{page}: add it to RUN_HERE"


@pytest.mark.parametrize("path", code_blocks.pages(), ids=_page_of)
def test_commands_are_in_blocks_that_are_run(path):
    """Not in blocks without a language, nor in text that is only indented."""
    prose = re.sub(
        r"^( *)```(?:console|bash|sh|powershell)\n.*?^\1```", "", path.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE
    )
    assert re.findall(r"^ *\$? ?nifti-dicom-bridge [a-z].*", prose, re.MULTILINE) == []


@pytest.mark.parametrize("test", RUN_ELSEWHERE.values())
def test_the_test_that_runs_a_page_elsewhere_exists(test):
    assert (TESTING / "Python" / test).is_file()


@pytest.mark.parametrize("path", code_blocks.pages(), ids=_page_of)
def test_json_and_toml_are_valid(path):
    for text in code_blocks.blocks("json", path):
        json.loads(text)
    for text in code_blocks.blocks("toml", path):
        tomllib.loads(text)


@pytest.mark.parametrize("path", code_blocks.pages(), ids=_page_of)
def test_extras_of_pip_that_a_page_names_exist(path):
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    named = re.findall(r"(?:pip install [^\n]*?|nifti-dicom-bridge)\.?\[([\w,-]+)\]", path.read_text("utf-8"))
    assert {extra for text in named for extra in text.split(",")} <= set(extras)


def test_the_sidecar_reader_gives_the_attributes_of_the_files(folder):
    import pydicom

    (source,) = code_blocks.blocks("python", ROOT / "docs" / "reference" / "sidecar.md")
    assert len([line for line in source.splitlines() if line.strip()]) <= 50
    assert main(["convert", "scans", "--to", "nifti", "-o", "nifti"]) == 0
    names = {}
    exec(compile(source, "sidecar.md", "exec"), names)
    read_sets = [pydicom.Dataset.from_json(data_set) for data_set in names["data_sets"](names["record"])]
    files = [folder / "scans" / name for name in names["record"]["Files"]["Names"]]
    for found, path in zip(read_sets, files, strict=True):
        expected = pydicom.dcmread(path)
        del expected.PixelData
        assert found == expected
