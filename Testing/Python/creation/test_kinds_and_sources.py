"""NIfTI without a record becomes DICOM: which kind of object, and where its attributes are from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nifti_dicom_bridge import (
    ConversionOptions,
    Job,
    Kind,
    Target,
    convert,
)
from nifti_dicom_bridge.samples.demo import make_sample
from support.new_objects import made, refused, save

TO_DICOM = ConversionOptions(target=Target.DICOM)
FRACTIONS = np.linspace(0, 1, 60, dtype=np.float32).reshape(5, 4, 3)


def sources(*inputs: Path, **choices) -> dict[str, tuple[str, str]]:
    """Return attribute → (value, source) of the report."""
    (entry,) = convert(Job(inputs, Path("stated"), replace(TO_DICOM, **choices))).entries
    return {value.attribute: (value.new, value.source) for value in entry.log.values}


BLOCK = np.pad(np.ones((2, 2, 2), np.uint8), ((1, 2), (1, 1), (0, 1)))


@pytest.mark.parametrize(
    ("name", "voxels", "sidecar", "kind"),
    [
        ("sub-01_T1w.nii", None, {}, "MR Image Storage"),
        ("sub-01_bold.nii", FRACTIONS * 900, {}, "MR Image Storage"),
        ("sub-01_pet.nii", FRACTIONS * 900, {}, "Positron Emission Tomography Image Storage"),
        ("x.nii", None, {"Modality": "CT"}, "CT Image Storage"),
        ("x.nii", np.arange(60, dtype=np.int16).reshape(5, 4, 3) - 1000, {}, "CT Image Storage"),
        ("x.nii", FRACTIONS - 0.3, {}, "Parametric Map Storage"),
        ("x.nii", np.arange(60).reshape(5, 4, 3).astype(np.int32) * 9999, {}, "Parametric Map Storage"),
        ("sub-01_dseg.nii", BLOCK, {}, "Segmentation Storage"),
        ("sub-01_probseg.nii", FRACTIONS, {}, "Segmentation Storage"),
        ("x.nii", BLOCK, {}, "Segmentation Storage"),
        ("sub-01_T1w.nii", BLOCK, {}, "MR Image Storage"),
    ],
)
def test_kind_is_chosen_by_what_is_known_and_by_the_values(there, name, voxels, sidecar, kind):
    assert made(save(name, voxels, **sidecar))[0].SOPClassUID.name == kind


def test_what_was_assumed_in_choosing_is_reported(there):
    (entry,) = convert(Job([save("x.nii")], Path("out"), TO_DICOM)).entries
    assert any("kind unknown; written as MR" in warning for warning in entry.log.warnings[:1])


@pytest.mark.parametrize(("asked", "kind"), [(Kind.ENHANCED, "Enhanced CT Image Storage"), (Kind.CLASSIC, "CT Image Storage")])
def test_kind_by_modality(there, asked, kind):
    assert made(save("x.nii", Modality="CT"), kind=asked)[0].SOPClassUID.name == kind


def test_kind_by_modality_needs_one(there):
    assert "of modality unknown" in refused(save("x.nii"), kind=Kind.ENHANCED)


def test_values_come_from_set_metadata_sidecar_reference_and_defaults_in_this_order(there):
    make_sample(Path("scans"))
    Path("m.toml").write_text('InstitutionName = "file"\nStationName = "file"\n')
    image = save("a.nii", StationName="sidecar", DeviceSerialNumber="sidecar")
    found = sources(
        image, set_values={"InstitutionName": "set"}, metadata=Path("m.toml"), reference=Path("scans"), kind=Kind.MR
    )
    assert found["InstitutionName"] == ("set", "set_values=")
    assert found["StationName"] == ("file", 'metadata="m.toml"')
    assert found["DeviceSerialNumber"] == ("sidecar", "a.json")
    assert found["PatientID"][1].startswith("reference")
    assert found["ScanningSequence"] == ("RM", "default")


def test_what_is_not_specified_is_empty_and_named(there):
    (entry,) = convert(Job([save("a.nii")], Path("out"), TO_DICOM)).entries
    assert any("left empty, because it is not specified" in note and "PatientName" in note for note in entry.log.notes)


def test_metadata_may_be_json_with_lists(there):
    Path("m.json").write_text('{"OtherPatientIDs": ["a", "b"], "PatientWeight": 71.5}')
    (first, *_) = made(save("a.nii"), metadata=Path("m.json"))
    assert (list(first.OtherPatientIDs), first.PatientWeight) == (["a", "b"], 71.5)


@pytest.mark.parametrize("kind", [Kind.MR, Kind.ENHANCED_MR])
def test_window_that_is_specified_is_written(there, kind):
    first, *_ = made(save("a.nii"), kind=kind, set_values={"WindowCenter": "40", "WindowWidth": "400"})
    groups = first.get("SharedFunctionalGroupsSequence")
    shown = groups[0].FrameVOILUTSequence[0] if groups else first
    assert (float(shown.WindowCenter), float(shown.WindowWidth)) == (40, 400)


def test_names_beyond_ascii_are_utf_8(there):
    first, *_ = made(save("a.nii"), set_values={"PatientName": "Διονυσιος^Α"})
    assert (first.SpecificCharacterSet, str(first.PatientName)) == ("ISO_IR 192", "Διονυσιος^Α")


def test_derived_is_what_its_attributes_specify(there):
    first, *_ = made(save("a.nii", ImageType=["ORIGINAL", "PRIMARY", "M", "NORM"]))
    assert list(first.ImageType) == ["DERIVED", "SECONDARY", "M", "NORM"]
    assert "NIfTI" in first.DerivationDescription
    assert first.ContributingEquipmentSequence[0].PurposeOfReferenceCodeSequence[0].CodeValue == "109103"
