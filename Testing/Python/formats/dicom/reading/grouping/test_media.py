"""Copies of media: names of files as a DICOMDIR lists them and as a file system shows them, archives next to a series."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from nifti_dicom_bridge import ConversionOptions, Job, Outcome, Target, convert
from phantoms import image, ramp, save, slices, write
from phantoms.multiframe import group

NIFTI = ConversionOptions(Target.NIFTI)
NAMES = ("IM000001", "IM000002", "IM000003")


def medium(folder: Path, name: Callable[[str], str]) -> Path:
    """Write a DICOMDIR and its files, as a file system shows their names; return the DICOMDIR."""
    save(folder / name("DICOM"), slices(ramp(3, 4, 5)), "{}")
    for n, path in enumerate(sorted((folder / name("DICOM")).iterdir())):
        path.rename(path.with_name(name(NAMES[n])))
    directory = image(ramp(4, 5), "1.2.840.10008.1.3.10")
    del directory.PixelData
    directory.DirectoryRecordSequence = [group(ReferencedFileID=["DICOM", each]) for each in NAMES]
    write(folder / name("DICOMDIR"), directory)
    return folder / name("DICOMDIR")


@pytest.mark.parametrize(
    "name", [str, str.lower, lambda name: f"{name};1", lambda name: f"{name}.;1".lower()], ids=["as listed", "a", "b", "c"]
)
def test_files_are_found_by_other_letters_and_versions_of_their_names(name: Callable[[str], str], tmp_path: Path) -> None:
    """File systems of CDs show names in small letters or with a version: all files counted as missing."""
    (entry,) = convert(Job([medium(tmp_path / "cd", name)], tmp_path / "out", NIFTI)).entries

    assert len(entry.inputs) == 3
    assert not entry.error


def test_a_file_whose_name_two_files_have_is_the_one_with_the_letters_listed(tmp_path: Path) -> None:
    directory = medium(tmp_path / "cd", str)
    (tmp_path / "cd" / "DICOM" / "im000001").write_text("not DICOM")

    (entry,) = convert(Job([directory], tmp_path / "out", NIFTI)).entries

    assert len(entry.inputs) == 3


@pytest.mark.parametrize("name", ["scans.zip", "MORE.TAR.GZ", "001.dcm.gz"])
def test_an_archive_next_to_a_series_is_named(name: str, tmp_path: Path) -> None:
    """It was passed over in silence."""
    save(tmp_path / "in", slices(ramp(3, 4, 5)))
    (tmp_path / "in" / name).write_bytes(b"PK")

    entries = {entry.outcome: entry for entry in convert(Job([tmp_path / "in"], tmp_path / "out", NIFTI)).entries}

    assert entries.keys() == {Outcome.CONVERTED, Outcome.SKIPPED}
    assert entries[Outcome.SKIPPED].title == name
    assert "an archive, whose files are not read" in entries[Outcome.SKIPPED].error
