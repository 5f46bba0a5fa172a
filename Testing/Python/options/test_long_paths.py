"""Paths that are too long for Windows are named as such; it calls the files missing."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from nifti_dicom_bridge import DicomReadError, Job, convert, errors
from nifti_dicom_bridge.errors import system_sentence
from nifti_dicom_bridge.formats.dicom.reading.data_sets.files import read_instance
from nifti_dicom_bridge.model.files import input_files
from nifti_dicom_bridge.model.files.input_files import walk
from nifti_dicom_bridge.output import Staging
from phantoms import PHANTOMS

TOO_LONG = r"path of \d{3} characters: Windows opens at most 259"


@pytest.fixture
def deep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder whose path is too long; Windows refuses to make it, so it is missing."""
    monkeypatch.setattr(errors, "IS_WINDOWS", True)
    return tmp_path / ("1.2.840.113619.2.55.3." * 4) / ("9" * 64) / ("8" * 64)


def test_a_file_that_is_too_deep_cannot_be_read(deep: Path) -> None:
    with pytest.raises(DicomReadError, match=TOO_LONG):
        read_instance(deep / "1.dcm", "1.dcm")


def test_an_output_that_is_too_deep_has_a_remedy(deep: Path) -> None:
    sentence = system_sentence(FileNotFoundError(errno.ENOENT, "No such file or directory", str(deep / "a.nii")))

    assert sentence.endswith("unless LongPathsEnabled is set. Choose a folder with a shorter path.")


def test_a_temporary_file_that_is_too_deep_is_named_by_the_folder_of_the_outputs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(errors, "IS_WINDOWS", True)
    with pytest.raises(OSError, match=TOO_LONG) as caught, Staging(tmp_path / "out") as staging:
        raise FileNotFoundError(errno.ENOENT, "No such file or directory", str(staging.staged("a" * 200)))
    assert caught.value.filename == str(tmp_path / "out")


def test_a_missing_file_with_a_short_path_is_called_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(errors, "IS_WINDOWS", True)

    assert "No such file" in system_sentence(FileNotFoundError(errno.ENOENT, "No such file or directory", "a.nii"))


def test_a_folder_is_read_where_links_cannot_be_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows fails on some network drives, drives of other programs, and long paths."""

    def refuse(path: object, **options: object) -> str:
        raise OSError(errno.EINVAL, "More data is available", str(path))

    PHANTOMS["classic_ct"].write(tmp_path / "in" / "1")
    monkeypatch.setattr(input_files.os.path, "realpath", refuse)

    assert [len(names) > 0 for _, _, names in walk(tmp_path / "in", False, [])] == [False, True]


def test_long_paths_are_read_where_they_can_be(deep: Path, tmp_path: Path) -> None:
    """As on Windows with LongPathsEnabled."""
    PHANTOMS["classic_ct"].write(deep)

    assert convert(Job([tmp_path], tmp_path / "out")).ok
