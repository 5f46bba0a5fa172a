"""Names of the patient and of others: texts that a de-identification keeps do not contain them."""

from __future__ import annotations

from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset

from nifti_dicom_bridge import to_dicom
from nifti_dicom_bridge.deidentification.descriptors import without_names
from phantoms.base import MR, ramp, slices, write

PRIVATE = (0x0019, "GEMS_ACQU_01", 0x9C)
"""Name of the pulse sequence, which is safe (PS3.15 E.3.10)."""


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("fl3d smith", "fl3d "), ("SMITH_fl3d", "_fl3d"), ("Smithers", "Smithers"),  # other words begin so
        ("fl3d May", "fl3d May"), ("HEAD", "HEAD"),  # short, or anatomy
        ("fl3d 小东", "fl3d "), ("fl3d 王小东扫描", "fl3d "), ("fl3d 王", "fl3d "), ("fl3d ÖZ", "fl3d "),
    ],
)  # fmt: skip
def test_names_are_left_out(text: str, kept: str) -> None:
    assert without_names(text, {"smith", "may", "head", "王", "小东", "öz"}) == kept


def deidentified(folder: Path, patient: str, physician: str, **attributes: str) -> Dataset:
    (ds,) = slices(ramp(1, 4, 5), MR)
    ds.PatientName, ds.ReferringPhysicianName = patient, physician
    group, creator, number = PRIVATE
    ds.private_block(group, creator, create=True).add_new(number, "LO", "smith_efgre3d")
    for keyword, value in attributes.items():
        setattr(ds, keyword, value)
    write(folder / "in" / "0.dcm", ds)
    report = to_dicom([folder / "in"], folder / "out", deidentify=True, retain="safe-private")
    assert report.ok, report
    return pydicom.dcmread(report.outputs[0])


def test_texts_that_are_kept_have_no_names(tmp_path: Path) -> None:
    ds = deidentified(
        tmp_path, "Smith^Jane", "Müller^Jörg", SpecificCharacterSet="ISO_IR 192",
        SequenceName="smith_fl3d", ReceiveCoilName="Head_32 Müller", BodyPartExamined="SMITH", Manufacturer="Smith Ltd",
    )  # fmt: skip

    assert (ds.SequenceName, ds.ReceiveCoilName, ds.BodyPartExamined) == ("_fl3d", "Head_32", "")
    assert ds.Manufacturer == "Smith Ltd"  # what many have, and readers need
    assert not any(element.tag.is_private for element in ds)


def test_names_without_a_character_set_are_left_out_as_with_it(tmp_path: Path) -> None:
    texts = {"SpecificCharacterSet": "ISO_IR 192", "SequenceName": "fl3d", "ReceiveCoilName": "Head_32 Zoéna"}
    deidentified(tmp_path, "Zoéna^Jane", "", **texts)
    (file,) = (tmp_path / "in").iterdir()
    file.write_bytes(file.read_bytes().replace(b"ISO_IR 192", b" " * 10))

    report = to_dicom([file], tmp_path / "again", deidentify=True, retain="safe-private")

    assert pydicom.dcmread(report.outputs[0]).ReceiveCoilName == "Head_32"


@pytest.mark.parametrize("written", ["LiWei", "WEILI"])
def test_names_are_left_out_that_are_written_as_one_word(written: str, tmp_path: Path) -> None:
    ds = deidentified(tmp_path, "Li^Wei", "", SequenceName=f"{written}_fl3d")

    assert ds.SequenceName == "_fl3d"


def test_terms_that_readers_need_stay(tmp_path: Path) -> None:
    terms = {"PhotometricInterpretation": "MONOCHROME2", "PresentationLUTShape": "IDENTITY", "ContentQualification": "RESEARCH"}

    ds = deidentified(tmp_path, "Research^Monochrome2^Identity", "", **terms)

    assert {keyword: ds[keyword].value for keyword in terms} == terms


def test_texts_of_others_stay(tmp_path: Path) -> None:
    ds = deidentified(tmp_path, "Doe^Jane", "", SequenceName="smith_fl3d")

    assert ds.SequenceName == "smith_fl3d"
    assert ds[0x0019109C].value == "smith_efgre3d"
