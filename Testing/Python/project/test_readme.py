"""What README.md and the guides describe is what happens."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest

from nifti_dicom_bridge import read
from nifti_dicom_bridge.cli import main
from nifti_dicom_bridge.samples.demo import make_sample
from support import code_blocks
from support.paths import ROOT


@pytest.fixture
def scans(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return make_sample(tmp_path / "scans")


@pytest.fixture
def research(scans):
    """What a researcher made of the scans: a label map, a map of real values, an image without a companion file."""
    volume = read(scans)[0]
    matrix = volume.ijk_to_ras
    real = np.swapaxes(volume.real_values()[0], 0, 2)
    for name, voxels in (
        ("lesions_dseg", (real > np.median(real)).astype(np.uint8)),
        ("T1map", (real / 7).astype(np.float32)),
        ("brain", np.rint(real).astype(np.int16)),
    ):
        nibabel.save(nibabel.Nifti1Image(voxels, matrix), f"{name}.nii.gz")


@pytest.mark.slow
def test_what_a_researcher_made_becomes_what_the_guide_describes(research):
    kinds = {}
    for command in code_blocks.commands("nifti-dicom-bridge", ROOT / "docs" / "new-objects.md")[:3]:
        main(shlex.split(command)[1:])
    for path in Path("new").rglob("*.dcm"):
        kinds[path.parent.name] = pydicom.dcmread(path, stop_before_pixels=True).SOPClassUID.name
    assert kinds == {
        "lesions_dseg": "Segmentation Storage", "T1map": "Parametric Map Storage", "brain": "MR Image Storage",
    }  # fmt: skip


def test_the_python_guide_restores_the_series(scans, capsys):
    exec(compile(code_blocks.blocks("python", ROOT / "docs" / "guide" / "python.md")[0], "python.md", "exec"), {})
    shown = capsys.readouterr().out
    assert "ConversionReport: 1 restored" in shown
    assert "True True" in shown


def test_the_readme_is_short_and_has_a_table_of_contents():
    text = code_blocks.README.read_text("utf-8")
    assert len(text.splitlines()) <= 150
    titles = re.findall(r"^## (.*)$", text, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in titles}
    assert set(re.findall(r"\]\(#([\w-]+)\)", text.split("## ")[0])) == anchors


def test_the_demo_prints_the_proof(capsys):
    assert main(["demo"]) == 0
    assert "identical to the last byte" in capsys.readouterr().out


def test_both_commands_for_newcomers_are_in_the_readme():
    demo, tests = [block.strip() for block in code_blocks.blocks("bash")]
    assert demo == "python3 -m venv .venv && .venv/bin/pip install . && .venv/bin/nifti-dicom-bridge demo"
    assert tests == "python3 -m venv .venv && .venv/bin/pip install '.[test]' && .venv/bin/pytest"
