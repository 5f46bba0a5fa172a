"""Texts that one slice of a volume lacks, or has of its own, do not make an image of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset

from nifti_dicom_bridge.formats.dicom.reading.read import read
from phantoms.base import MR, ramp, save, slices, uid

SLICES = 6


def volumes(count: int) -> list[list[Dataset]]:
    """Return the files of volumes that only InstanceNumber distinguishes."""
    found = [slices(ramp(SLICES, 4, 5, start=1000 * n), MR) for n in range(count)]
    for n, ds in enumerate(ds for volume in found for ds in volume):
        ds.InstanceNumber = n + 1
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = uid(1, n + 1)
    return found


def images(folder: Path, found: list[list[Dataset]]) -> list[np.ndarray]:
    """Return the voxels of the images that files become, those of the first volume first."""
    save(folder, [ds for volume in found for ds in volume])
    return sorted((volume.voxels for volume in read([folder])), key=lambda voxels: int(voxels.min()))


@pytest.mark.parametrize("empties", [False, True])
@pytest.mark.parametrize("keyword", ["CorrectedImage", "ReconstructionMethod", "SeriesDescription", "ProtocolName"])
def test_a_slice_that_lacks_a_text_is_a_slice_of_its_time(keyword: str, empties: bool, tmp_path: Path) -> None:
    found = volumes(3)
    for ds in (ds for volume in found for ds in volume):
        setattr(ds, keyword, "a text")
    if empties:
        setattr(found[1][2], keyword, "")
    else:
        delattr(found[1][2], keyword)

    (voxels,) = images(tmp_path, found)

    assert np.array_equal(voxels, [ramp(SLICES, 4, 5, start=1000 * n) for n in range(3)])


@pytest.mark.parametrize(
    ("keyword", "texts", "other"),
    [
        ("CorrectedImage", ["DECY", "NONE"], ""),
        ("ImageComments", ["magnitude", "phase"], ""),
        ("ImageComments", ["magnitude", "phase"], "magnitude, lesion"),
        ("ImageComments", ["magnitude", ""], "lesion"),
    ],
)
@pytest.mark.parametrize("k", [0, 2])
def test_a_slice_with_another_text_is_a_slice_of_its_image(
    keyword: str, texts: list[str], other: str, k: int, tmp_path: Path
) -> None:
    found = volumes(2)
    for text, volume in zip(texts, found, strict=True):
        for ds in volume:
            setattr(ds, keyword, text)
    setattr(found[0][k], keyword, other)

    first, second = images(tmp_path, found)

    assert np.array_equal(first[0], ramp(SLICES, 4, 5))
    assert np.array_equal(second[0], ramp(SLICES, 4, 5, start=1000))


@pytest.mark.parametrize("k", [0, 2])
def test_a_slice_that_has_a_text_is_a_slice_of_its_time(k: int, tmp_path: Path) -> None:
    found = volumes(3)
    found[1][k].CorrectedImage = ["DECY", "ATTN"]

    (voxels,) = images(tmp_path, found)

    assert voxels.shape[:2] == (3, SLICES)


def test_a_slice_that_is_there_twice_is_an_image_of_its_own(tmp_path: Path) -> None:
    """A slice of another description among those of a whole volume, as a scout."""
    whole, other = volumes(2)
    other[2].SeriesDescription = "scout"

    first, second = images(tmp_path, [whole, other[2:3]])

    assert (len(first[0]), len(second[0])) == (SLICES, 1)


@pytest.mark.parametrize(("lacks_it", "count"), [(True, 1), (False, 0)])
def test_that_an_image_lacks_a_text_is_reported(lacks_it: bool, count: int, tmp_path: Path) -> None:
    found = volumes(2)
    for text, volume in zip(["corrected", "not corrected"], found, strict=True):
        for ds in volume:
            ds.SeriesDescription = text
    if lacks_it:
        del found[0][2].SeriesDescription
    save(tmp_path, [ds for volume in found for ds in volume])

    notes = [text for volume in read([tmp_path]) for text in volume.warnings if "lack SeriesDescription" in text]

    assert len(set(notes)) == count
    assert all("1 image(s) lack SeriesDescription or another text, or have one of their own" in text for text in notes)


@pytest.mark.parametrize(("lacking", "count"), [(3, 1), (4, 3)])
def test_slices_that_are_more_than_a_fifth_of_an_image_are_no_strays(lacking: int, count: int, tmp_path: Path) -> None:
    """Of 18 slices, 3 lack the text of 15 and are their slices; 4 lack that of 14 and are an image."""
    found = volumes(3)
    for n, ds in enumerate(ds for volume in found for ds in volume):
        if n >= lacking:
            ds.ProtocolName = "a text"

    assert len(images(tmp_path, found)) == count


def test_texts_that_differ_in_one_value_are_of_other_images(tmp_path: Path) -> None:
    """CorrectedImage does not change within an image: a slice that states another correction is not one of it."""
    found = volumes(2)
    for text, volume in zip(["DECY", "NONE"], found, strict=True):
        for ds in volume:
            ds.CorrectedImage = ["UNIF", text]
    found[0][2].CorrectedImage = ["FLOD", "DECY"]

    assert len(images(tmp_path, found)) == 3
