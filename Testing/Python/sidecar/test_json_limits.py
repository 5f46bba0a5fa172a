"""JSON of sidecars: how deep it may nest, how large it may be, and numbers that JSON does not have."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel
import numpy as np
import pytest

from nifti_dicom_bridge import ConversionOptions, Job, Outcome, SidecarError, Target, convert, read_sidecar
from nifti_dicom_bridge.model.files import json_files
from nifti_dicom_bridge.model.processes import limits
from support.oracles import module
from support.round_trip import RoundTrip


def nested(depth: int) -> str:
    return "[" * depth + "]" * depth


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_text_that_nests_too_deeply_is_refused_in_every_encoding(encoding: str) -> None:
    with pytest.raises(ValueError, match="nest 501 levels deep, 500 are possible"):
        json_files.parse_json(nested(501).encode(encoding))

    assert json_files.parse_json(nested(499).encode(encoding)) == json.loads(nested(499))


@pytest.mark.parametrize("text", ['"[[[["', r'"\"[[[["', r'"\\"', r'"\\\"[["', '{"[[{{": ["}}"]}'])
def test_brackets_in_strings_do_not_nest(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_files, "DEEPEST", 2)

    assert json_files.parse_json(text) == json.loads(text)


def test_a_sidecar_that_nests_too_deeply_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"a": ' + nested(100_000) + "}", "utf-8")

    with pytest.raises(SidecarError, match=r"a\.json: is not valid JSON \(its objects and lists nest 100001 levels deep"):
        read_sidecar(tmp_path / "a.json")


def test_an_option_allows_a_sidecar_that_is_too_large(round_trip: RoundTrip, monkeypatch: pytest.MonkeyPatch) -> None:
    round_trip.make("classic_ct").forth()
    monkeypatch.setattr(limits, "MOST_UNCHECKED", 1000)
    monkeypatch.setattr(limits, "PARSED_RATIO", 1 << 40)

    assert "allow it with size_limit=1." in round_trip.home().entries[0].error
    assert round_trip.home(size_limit=1.0).ok


def test_the_memory_of_this_computer_is_known() -> None:
    with pytest.raises(limits.SizeLimitError, match="GB are available"):
        limits.check_memory("an image", 1 << 60)


@pytest.mark.parametrize("value", ["NaN", "-Infinity", "1e999", "[1, [NaN]]", '{"a": Infinity}'])
def test_a_number_that_is_not_finite_is_left_out_of_a_store(value: str, tmp_path: Path) -> None:
    module("zarr")
    nibabel.save(nibabel.Nifti1Image(np.ones((4, 5, 6), "i2"), np.eye(4)), tmp_path / "a.nii")
    (tmp_path / "a.json").write_text(f'{{"EchoTime": {value}, "FlipAngle": 9}}', "utf-8")

    report = convert(Job([tmp_path / "a.nii"], tmp_path / "out", ConversionOptions(Target.ZARR)))

    assert report.entries[0].outcome is Outcome.CONVERTED
    assert '"EchoTime" has a number that is not finite (NaN or Infinity): it was left out' in report.entries[0].log.warnings
    top = read_sidecar(tmp_path / "out" / "a.json")
    assert (top["FlipAngle"], "EchoTime" in top) == (9, False)
