"""Files that make no series are named, and the series that lacks them is reported."""

from __future__ import annotations

from pathlib import Path

import pytest

from nifti_dicom_bridge import Outcome
from nifti_dicom_bridge.formats.dicom.reading.grouping.series import find_series
from nifti_dicom_bridge.formats.dicom.reading.read import read
from phantoms.base import MR, put_raw, ramp, save, slices
from support.round_trip import RoundTrip
from support.series_files import failures, read_whatever, renamed, series


@pytest.mark.parametrize("name", ["x.dcm", "X.DCM", "x.IMA", "x.dicom"])
@pytest.mark.parametrize("content", [b"", b"\0" * 128 + b"DICX" + b"\0" * 64, b"text"])
def test_a_file_that_is_dicom_by_name_only_is_a_problem(name: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)

    assert failures(tmp_path) == [name]


def test_a_damaged_file_among_those_of_a_series_is_a_problem(tmp_path: Path) -> None:
    save(tmp_path, series(), "IM-{:04d}")
    (tmp_path / "IM-0003").write_bytes(b"")

    assert failures(tmp_path) == ["IM-0003"]
    (volume,) = read_whatever(tmp_path)
    assert any("1 file(s) next to it could not be read" in warning for warning in volume.warnings)


@pytest.mark.parametrize("name", ["README", "LICENSE", "notes.txt", "1.json", "report.pdf", "a.nii.gz"])
def test_other_files_among_those_of_a_series_are_not(name: str, tmp_path: Path) -> None:
    save(tmp_path, series(), "IM-{:04d}")
    (tmp_path / name).write_bytes(b"something else")

    assert failures(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "reasons"),
    [("data.dic", []), ("page.dcm", ["it contains text, not DICOM"]), ("page.ima", ["it contains text, not DICOM"])],
)
def test_text_is_named_where_its_name_promises_dicom_only(name: str, reasons: list[str], tmp_path: Path) -> None:
    save(tmp_path, series())
    (tmp_path / name).write_text("(0008,0005)\tCS\tSpecificCharacterSet\n" * 9)

    leftovers = find_series([tmp_path]).leftovers

    assert [leftover.reason.split(": ")[1].split(". ")[0] for leftover in leftovers] == reasons


def test_images_without_pixel_data_are_named_and_their_series_is_incomplete(tmp_path: Path) -> None:
    found = series()
    del found[3].PixelData
    save(tmp_path, found)

    (volume,) = read([tmp_path])

    assert list(volume.warnings) == ["1 image(s) of the series have no pixel data: it is incomplete"]
    assert [leftover.reason for leftover in find_series([tmp_path]).leftovers] == [
        "MR Image Storage without PixelData (7FE0,0010)"
    ]


def test_image_that_is_cut_before_its_rows_is_named_and_its_series_is_incomplete(tmp_path: Path) -> None:
    found = series()
    for keyword in ("Rows", "Columns", "BitsAllocated", "PixelData"):
        delattr(found[3], keyword)
    save(tmp_path, found)

    (volume,) = read([tmp_path])

    assert list(volume.warnings) == ["1 image(s) of the series have no pixel data: it is incomplete"]
    assert [leftover.reason for leftover in find_series([tmp_path]).leftovers] == [
        "MR Image Storage without Rows (0028,0010) and PixelData (7FE0,0010): the file may be cut off"
    ]


def test_pixels_in_a_private_element_are_a_failure(tmp_path: Path) -> None:
    found = series()
    for ds in found:
        put_raw(ds, 0x07A10010, "LO", b"ELSCINT1")
        put_raw(ds, 0x07A1100A, "OB", b"\xa5\x01\0\x5a")
        put_raw(ds, 0x07A11011, "CS", b"PMSCT_RLE1")
    del found[3].PixelData
    save(tmp_path, found)

    assert failures(tmp_path) == ["004.dcm"]
    (volume,) = read_whatever(tmp_path)
    assert any("1 file(s) of the series could not be read: it is incomplete" in warning for warning in volume.warnings)


@pytest.mark.parametrize("name", ["003.dcm", "another name"])
def test_a_truncated_file_is_one_failure_and_its_series_is_incomplete(name: str, round_trip: RoundTrip) -> None:
    save(round_trip.dicom, series())
    save(round_trip.dicom, slices(ramp(3, 4, 5), MR, series=2), "other-{:d}.dcm")
    path = round_trip.dicom / "003.dcm"
    content = path.read_bytes()
    path.unlink()
    (round_trip.dicom / name).write_bytes(content[:-10])

    report = round_trip.forth()

    assert sorted(entry.outcome.value for entry in report.entries) == ["converted", "converted", "failed"]
    (failed,) = (entry for entry in report.entries if entry.outcome is Outcome.FAILED)
    assert "truncated" in failed.error
    first, second = (entry.log.warnings for entry in report.entries if entry.outcome is Outcome.CONVERTED)
    assert any("1 file(s) of the series could not be read: it is incomplete" in warning for warning in first)
    assert not any("could not be read" in warning for warning in second)
    assert not report.ok


def test_hidden_files_with_dicom_are_named_and_others_are_not(tmp_path: Path) -> None:
    save(tmp_path / "in", series())
    save(tmp_path / "in" / ".trash" / "old", renamed(series(2), 7))
    (tmp_path / "in" / ".one").write_bytes(next((tmp_path / "in" / ".trash" / "old").iterdir()).read_bytes())
    (tmp_path / "in" / "._000001.dcm").write_bytes(b"AppleDouble")
    (tmp_path / "in" / ".git").mkdir()
    (tmp_path / "in" / ".git" / "config").write_bytes(b"[core]")

    found = find_series([tmp_path / "in"])

    assert [len(one.instances) for one in found.series] == [4]
    assert sorted(Path(leftover.path).name for leftover in found.leftovers) == [".one", ".trash"]
    assert all("Name it as an input" in leftover.reason and not leftover.failed for leftover in found.leftovers)
    assert sum(len(one.instances) for one in find_series([tmp_path / "in" / ".trash"]).series) == 2
