"""What `compare` compares: images and RT Structure Sets; it states what it leaves out."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pydicom
import pytest

from nifti_dicom_bridge import compare
from phantoms import PHANTOMS
from phantoms.base import image
from phantoms.base import save as save_dicom
from support.new_objects import made, save, series


@pytest.fixture
def contours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a series and an RT Structure Set drawn on it."""
    monkeypatch.chdir(tmp_path)
    labels = np.zeros((5, 4, 3), np.uint8)
    labels[1:4, 1:3, 1] = 1
    made(save("x_dseg.nii", labels), out="ct/rs", kind="rtstruct", reference=series("ct"))
    shutil.copytree("ct", "copy")
    return tmp_path / "copy" / "rs"


def test_structure_sets_are_compared_with_their_elements(contours: Path) -> None:
    comparison = compare("ct", "copy")

    assert comparison.same
    assert comparison.instances == [4, 4, 4]
    assert comparison.not_compared == 0


def test_a_structure_set_that_was_edited_is_different(contours: Path) -> None:
    (path,) = contours.rglob("*.dcm")
    ds = pydicom.dcmread(path)
    ds.ROIContourSequence[0].ContourSequence[0].ContourData[0] = 99.0
    ds.save_as(path)
    comparison = compare("ct", "copy")

    assert not comparison.same
    assert any("ContourData" in found.what for found in comparison.differences)


def test_a_structure_set_that_is_missing_is_different(contours: Path) -> None:
    shutil.rmtree(contours)

    assert not compare("ct", "copy").same


def test_a_structure_set_that_occurs_twice_is_compared_once(contours: Path) -> None:
    (path,) = contours.rglob("*.dcm")
    shutil.copy(path, contours / "again.dcm")
    comparison = compare("ct", "copy")

    assert comparison.same
    assert comparison.not_compared == 1


def test_the_verdict_states_that_objects_were_not_compared(tmp_path: Path) -> None:
    PHANTOMS["classic_ct"].write(tmp_path / "scans")
    report = pydicom.dcmread(next((tmp_path / "scans").rglob("*.dcm")))
    report.SOPClassUID = report.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.88.11"
    report.SOPInstanceUID = report.file_meta.MediaStorageSOPInstanceUID = "1.2.9"
    del report.PixelData
    report.save_as(tmp_path / "scans" / "report.dcm")

    lines = compare(tmp_path / "scans", tmp_path / "scans").table().splitlines()
    assert lines[-1] == "=> SAME; 2 object(s) were not compared"


@pytest.mark.parametrize(("last", "reason"), [(7.0, ", by 12 at most"), (np.nan, "; 1 are not finite in one of both")])
def test_voxels_without_a_number_in_both_are_not_counted_as_different(last: float, reason: str, tmp_path: Path) -> None:
    values = np.arange(20, dtype="<f4").reshape(4, 5)
    values[0, 0] = np.nan
    for name, value in (("one", 19.0), ("two", last)):
        ds = image(np.zeros((4, 5), "<u2"), "1.2.840.10008.5.1.4.1.1.30")
        del ds.PixelData
        values[-1, -1] = value
        ds.FloatPixelData = values.tobytes()
        save_dicom(tmp_path / name, [ds])

    (difference,) = compare(tmp_path / "one", tmp_path / "two").differences
    assert difference.reason == f"1 of 20 differ{reason}"


def test_numbers_that_differ_are_shown_as_numbers(tmp_path: Path) -> None:
    for name, bits in (("one", 12), ("two", 13)):
        ds = image(np.zeros((4, 5), "<u2"))
        ds.BitsStored, ds.HighBit = bits, bits - 1
        save_dicom(tmp_path / name, [ds])

    lines = compare(tmp_path / "one", tmp_path / "two").table()

    assert "BitsStored (0028,0101): 12 ≠ 13" in lines


def test_images_with_one_uid_are_compared_with_those_of_their_series(tmp_path: Path) -> None:
    for folder, names in (("first", "abc"), ("second", "cab")):
        for number, name in enumerate(names, 1):
            ds = image(np.full((1, 4, 5), number, np.uint16), "1.2.840.10008.5.1.4.1.1.4", 1, 1)
            ds.SeriesNumber = number
            save_dicom(tmp_path / folder / name, [ds])

    comparison = compare(tmp_path / "first", tmp_path / "second")

    assert comparison.same
    assert comparison.instances == [3, 3, 3]


def test_a_file_that_cannot_be_read_is_named_with_its_side_and_the_reason(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        save_dicom(tmp_path / folder, [image(np.zeros((4, 5), "<u2"))])
    (path,) = (tmp_path / "two").iterdir()
    (tmp_path / "two" / "cut.dcm").write_bytes(path.read_bytes()[:-20])

    lines = compare(tmp_path / "one", tmp_path / "two").table()

    (line,) = [line for line in lines.splitlines() if line.startswith("  ")]
    assert "cut.dcm of the second: cannot be read: " in line
    assert "truncated" in line
    assert "≠" not in line


def test_voxels_of_another_shape_are_shown_with_both_shapes(tmp_path: Path) -> None:
    for folder, rows in (("one", 4), ("two", 6)):
        save_dicom(tmp_path / folder, [image(np.zeros((rows, 5), "<u2"))])

    found = [str(difference) for difference in compare(tmp_path / "one", tmp_path / "two").differences]

    assert any("shape of the voxels: (1, 4, 5) ≠ (1, 6, 5)" in text for text in found)


def test_images_without_a_uid_are_compared_by_that_of_their_file(tmp_path: Path) -> None:
    """Their attributes are equal, only their pixels differ."""
    PHANTOMS["classic_ct"].write(tmp_path / "one")
    (tmp_path / "two").mkdir()
    for n, path in enumerate(sorted((tmp_path / "one").rglob("*.dcm"))):
        ds = pydicom.dcmread(path)
        del ds.SOPInstanceUID, ds.ImagePositionPatient, ds.InstanceNumber
        ds.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.{n + 1}"
        ds.save_as(path)
        ds.save_as(tmp_path / "two" / f"{9 - n}.dcm")

    comparison = compare(tmp_path / "one", tmp_path / "two")

    assert comparison.instances == [3, 3, 3]
    assert comparison.same
