"""Slice timing, phase encoding and multiband of an original come back as BIDS keys from an enhanced object made of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nifti_dicom_bridge import ConversionOptions, Job, Kind, Target, convert
from support.dciodvfy import facts_of_dciodvfy
from support.paths import SHARED

KEYS = ("SliceTiming", "PhaseEncodingDirection", "PhaseEncodingAxis", "MultibandAccelerationFactor", "EffectiveEchoSpacing",
        "TotalReadoutTime", "ParallelReductionFactorInPlane", "MRAcquisitionType", "RepetitionTime", "EchoTime")  # fmt: skip
CASES = ["mr-siemens-mosaic-fmri", "mr-ge-fmri-4d", "mr-philips-fmri-4d"]


def keys_of(source: Path, folder: Path) -> list[dict]:
    convert(Job([source], folder, ConversionOptions(Target.NIFTI)))
    sidecars = [json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.json"))]
    return [{key: top[key] for key in KEYS if key in top} for top in sidecars]


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_keys_of_a_real_series_come_back_from_an_enhanced_object(case, tmp_path):
    source = SHARED / case / "dicom"
    if not source.exists():
        pytest.skip(f"{case} is not here")
    convert(Job([source], tmp_path / "made", ConversionOptions(Target.DICOM, kind=Kind.ENHANCED)))
    before = keys_of(source, tmp_path / "before")
    assert all("RepetitionTime" in keys for keys in before)
    assert keys_of(tmp_path / "made", tmp_path / "after") == before
    assert facts_of_dciodvfy(next((tmp_path / "made").rglob("*.dcm"))) == set()


@pytest.mark.slow
def test_a_value_that_was_set_is_not_hidden_by_one_that_was_kept(tmp_path):
    source = SHARED / "mr-ge-fmri-4d" / "dicom"
    if not source.exists():
        pytest.skip("the series is not here")
    options = ConversionOptions(Target.DICOM, kind=Kind.ENHANCED, set_values={"MRAcquisitionType": "3D"})
    convert(Job([source], tmp_path / "made", options))
    (keys,) = keys_of(tmp_path / "made", tmp_path / "after")
    assert keys["MRAcquisitionType"] == "3D"
