"""Sidecars and stores that version 0.1.0 wrote (records of schema 1.0 and 1.1) are still read.

The folders below ``fixtures/version_0_1_0`` were written by that version from the phantoms after which they are named; their
``digests.json`` has the SHA-256 of every file that it restored from them.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from nifti_dicom_bridge import ConversionOptions, Job, Outcome, Target, convert
from nifti_dicom_bridge.sidecar import SCHEMA_VERSION
from support.oracles import module
from support.paths import TESTING
from support.round_trip import KEEP, KEY, listing

OLD = TESTING / "Python" / "fixtures" / "version_0_1_0"
DIGESTS = json.loads((OLD / "digests.json").read_text("utf-8"))


@pytest.mark.parametrize("name", DIGESTS)
def test_it_restores_the_very_files(name: str, tmp_path: Path) -> None:
    if name.startswith("zarr/"):
        module("zarr")

    report = convert(Job([OLD / name], tmp_path / "back", KEEP))

    assert {entry.outcome for entry in report.entries} == {Outcome.RESTORED}
    found = {path: hashlib.sha256(raw).hexdigest() for path, raw in listing(tmp_path / "back").items()}
    assert found == DIGESTS[name]


def test_an_edited_key_is_recognized(tmp_path: Path) -> None:
    for path in (OLD / "nifti" / "japanese").iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (sidecar,) = tmp_path.glob("*.json")
    top = json.loads(sidecar.read_text("utf-8"))
    sidecar.write_text(json.dumps({**top, "SliceThickness": 7}), "utf-8")

    report = convert(Job([tmp_path], tmp_path / "back", ConversionOptions(Target.DICOM)))

    assert {change.attribute for entry in report.entries for change in entry.log.changes} == {"SliceThickness"}


@pytest.mark.parametrize("tag", ["00100010", "00100020", "0020000D"])
def test_a_changed_identity_in_a_record_without_digest_is_refused(tag: str, tmp_path: Path) -> None:
    for path in (OLD / "nifti" / "shifted_bits").iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (sidecar,) = tmp_path.glob("*.json")
    content = json.loads(sidecar.read_text("utf-8"))
    element = content[KEY]["Instances"]["Shared"][tag]
    element["Value"] = [{"Alphabetic": "Other^Person"}] if element["vr"] == "PN" else ["1.2.3.4"]
    sidecar.write_text(json.dumps(content), "utf-8")

    (entry,) = convert(Job([tmp_path], tmp_path / "back", KEEP)).entries

    assert entry.outcome is Outcome.FAILED
    assert "changed or damaged" in entry.error


def test_the_keys_that_de_identification_preserved_are_preserved_again(tmp_path: Path) -> None:
    folder = OLD / "nifti" / "deidentified"
    (written,) = folder.glob("*.json")
    old = json.loads(written.read_text("utf-8"))
    preserved = json.loads(old[KEY]["Remembered"])["keys"]

    convert(Job([folder], tmp_path, ConversionOptions(Target.ZARR)))

    new = json.loads(next(tmp_path.glob("*.json")).read_text("utf-8"))
    assert preserved
    assert {key: new[key] for key in preserved} == {key: old[key] for key in preserved}


def test_a_resampled_image_becomes_a_derived_series(tmp_path: Path) -> None:
    (image,) = (OLD / "nifti" / "resampled").glob("*_Tilt.nii.gz")

    report = convert(Job([image], tmp_path, ConversionOptions(Target.DICOM)))

    assert [entry.outcome for entry in report.entries] == [Outcome.DERIVED]


@pytest.mark.slow
def test_the_record_is_written_anew_with_the_keys_of_now(tmp_path: Path) -> None:
    module("zarr")
    convert(Job([OLD / "nifti" / "shifted_bits"], tmp_path, ConversionOptions(Target.ZARR)))

    own = json.loads(next(tmp_path.glob("*.zarr/zarr.json")).read_text("utf-8"))["attributes"][KEY]
    assert {"SchemaVersion": SCHEMA_VERSION}.items() <= own.items()
    assert "WrittenBidsKeys" in own
    assert "Top" not in own
